using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Kernels.Gpu.OpenCl;

namespace SiamIlgpu.Tests.Gpu;

/// <summary>On a real device, with kernels that take their parameters as ILGPU's do.</summary>
internal sealed unsafe class OpenClDriverTests
{
    private const string View = "struct range { int field_0; long field_1; };\n";

    // y = factor x, for the elements of y's view.
    private static readonly CompiledKernel Scale = new("Scale", 64, [4, 4], sizeof(ScaleArguments), "Kernel_Scale", View + """
        struct arguments { int field_0; float field_1; };
        kernel void Kernel_Scale(global float* view_0, global float* view_1,
            struct range var0, struct range var1, struct arguments var2)
        {
            int i = get_group_id(0) * get_local_size(0) + get_local_id(0);
            if (i < var2.field_0 && i < var1.field_1)
                view_1[var1.field_0 + i] = var2.field_1 * view_0[var0.field_0 + i];
        }
        """);

    // Every group writes its number, which comes out of shared memory, 256 threads later.
    private static readonly CompiledKernel Number = new("Number", 256, [4], sizeof(int), "Kernel_Number", View + """
        #pragma OPENCL EXTENSION cl_khr_fp16 : enable
        kernel void Kernel_Number(global int* view_0, struct range var0, int var1)
        {
            local int shared[256];
            int group = (get_group_id(2) * get_num_groups(1) + get_group_id(1)) * get_num_groups(0) + get_group_id(0);
            shared[get_local_id(0)] = group + var1;
            work_group_barrier ( CLK_GLOBAL_MEM_FENCE );
            view_0[var0.field_0 + group * 256 + get_local_id(0)] = shared[255 - get_local_id(0)];
        }
        """);

    private OpenClDriver driver = null!;

    [SetUp]
    public void Open() => driver = OpenClHere.Open();

    [TearDown]
    public void Close() => driver?.Dispose();

    [Test]
    public void Launch_ViewsWithOffsets_ReadsAndWritesThereOnly()
    {
        GpuKernel scale = driver.Load(Scale);
        nint x = driver.Allocate(1000 * sizeof(float)), y = driver.Allocate(1000 * sizeof(float));
        using PinnedMemory pinned = driver.AllocatePinned(1000 * sizeof(float));
        float* floats = (float*)pinned.Pointer;
        for (int i = 0; i < 1000; i++)
            floats[i] = i;
        driver.Upload(floats, x, 0, 1000 * sizeof(float));
        driver.Clear(y, 0, 1000 * sizeof(float));
        scale.Launch(new GridSize(3), [new GpuView(x, 100, 900), new GpuView(y, 7, 150)], new ScaleArguments(170, 2));
        driver.Download(y, 0, floats, 1000 * sizeof(float));
        driver.Synchronize();
        Assert.That(Enumerable.Range(0, 1000).Select(i => pinned.Float(i)),
            Is.EqualTo(Enumerable.Range(0, 1000).Select(i => i is >= 7 and < 157 ? 2f * (100 + i - 7) : 0f)));
    }

    [Test]
    public void Launch_ThreeDimensionsAndSharedMemory_RunsEveryGroupOnce()
    {
        var grid = new GridSize(3, 5, 2);
        const int Groups = 30;
        nint numbers = driver.Allocate((Groups * 256 + 1) * sizeof(int));
        int[] result = new int[Groups * 256];
        driver.Load(Number).Launch(grid, [new GpuView(numbers, 1, Groups * 256)], 1000);
        fixed (int* to = result)
        {
            driver.Download(numbers, sizeof(int), to, result.Length * sizeof(int));
            driver.Synchronize();
        }
        Assert.That(result, Is.EqualTo(Enumerable.Range(0, Groups * 256).Select(i => 1000 + i / 256)));
    }

    [Test]
    public void Launch_FromEightThreads_NeverMixesTheirArguments()
    {
        GpuKernel scale = driver.Load(Scale);
        int wrong = 0;
        void Run(int number)
        {
            nint x = driver.Allocate(64 * sizeof(float)), y = driver.Allocate(64 * sizeof(float));
            using PinnedMemory pinned = driver.AllocatePinned(128 * sizeof(float));
            using GpuFence fence = driver.CreateFence();
            var floats = (float*)pinned.Pointer;
            for (int launch = 0; launch < 200; launch++)
            {
                new Span<float>(floats, 64).Fill(launch);
                driver.Upload(floats, x, 0, 64 * sizeof(float));
                scale.Launch(new GridSize(1), [new GpuView(x, 0, 64), new GpuView(y, 0, 64)], new ScaleArguments(64, number));
                driver.Download(y, 0, floats + 64, 64 * sizeof(float));
                fence.Set();
                fence.Wait();
                if (new Span<float>(floats + 64, 64).ContainsAnyExcept(launch * number))
                    Interlocked.Increment(ref wrong);
            }
        }
        Task.WaitAll([.. Enumerable.Range(1, 8).Select(n => Task.Factory.StartNew(() => Run(n), TaskCreationOptions.LongRunning))]);
        Assert.That(wrong, Is.Zero);
    }

    [Test]
    public void Launch_WrongViewsOrArguments_SaysWhatItTakes()
    {
        GpuKernel scale = driver.Load(Scale);
        nint x = driver.Allocate(4);
        Assert.That(() => scale.Launch(new GridSize(1), [new GpuView(x, 0, 1)], new ScaleArguments(1, 1)),
            Throws.ArgumentException.With.Message.EqualTo("kernel Scale takes 2 views and 8 bytes of arguments, got 1 and 8"));
        Assert.That(() => scale.Launch(new GridSize(1), [new GpuView(x, 1L << 31, 1), new GpuView(x, 0, 1)], new ScaleArguments(1, 1)),
            Throws.ArgumentException.With.Message.Contains("2147483648"));
    }

    [Test]
    public void Clear_PartOfAnyAlignment_LeavesTheRest([Values(0, 3, 4)] int offset, [Values(0, 1, 8, 10)] int bytes)
    {
        nint memory = driver.Allocate(20);
        byte[] ones = Enumerable.Repeat((byte)1, 20).ToArray(), result = new byte[20];
        fixed (byte* from = ones, to = result)
        {
            driver.Upload(from, memory, 0, 20);
            driver.Clear(memory, offset, bytes);
            driver.Download(memory, 0, to, 20);
            driver.Synchronize();
        }
        Assert.That(result, Is.EqualTo(Enumerable.Range(0, 20).Select(i => i >= offset && i < offset + bytes ? 0 : 1)));
    }

    [Test]
    public void Load_CodeThatDoesNotCompile_ThrowsWithTheCompilersLog()
    {
        CompiledKernel broken = Scale with { Name = "Broken", Code = "kernel void Kernel_Scale(int var0)\n{\n  missing_name = var0;\n}\n" };
        Assert.That(() => driver.Load(broken), Throws.InstanceOf<DeviceException>()
            .With.Message.StartsWith("OpenCL: clBuildProgram failed: CL_BUILD_PROGRAM_FAILURE (-11): kernel Broken does not build\n")
            .And.Message.Contains("missing_name"));
        Assert.That(driver.Load(Scale), Is.Not.Null, "a kernel that does not build must not harm others");
    }

    [Test]
    public void Load_EntryPointThatIsNotThere_NamesIt() =>
        Assert.That(() => driver.Load(Scale with { Name = "Renamed", EntryPoint = "Kernel_Renamed" }), Throws.InstanceOf<DeviceException>()
            .With.Message.EqualTo(
                "OpenCL: clCreateKernel failed: CL_INVALID_KERNEL_NAME (-46): kernel Renamed, function Kernel_Renamed"));

    [Test]
    public void Load_GroupsLargerThanTheDeviceRuns_SaysSo() =>
        Assert.That(() => driver.Load(Scale with { Name = "Large", GroupSize = 1 << 20 }), Throws.InstanceOf<DeviceException>()
            .With.Message.StartsWith("OpenCL: kernel Large needs groups of 1048576, the device runs it with"));

    [Test]
    public void Load_SameNameTwice_BuildsOnce()
    {
        GpuKernel first = driver.Load(Scale);
        Assert.That(driver.Load(Scale), Is.SameAs(first));
    }

    [Test]
    public void Allocate_Terabyte_ThrowsAndTheDeviceGoesOn()
    {
        Assert.That(() => driver.Allocate(1L << 40), Throws.InstanceOf<DeviceMemoryException>()
            .With.Message.StartsWith("OpenCL: 1,099,511,627,776 bytes were asked for, ").And.Message.Contains("at most in one piece"));
        Assert.That(() => driver.AllocatePinned(1L << 40), Throws.InstanceOf<DeviceMemoryException>());
        Launch_ViewsWithOffsets_ReadsAndWritesThereOnly();
    }

    [Test]
    public void Free_WhileWorkIsEnqueued_WaitsForIt()
    {
        GpuKernel scale = driver.Load(Scale);
        float[] values = [1, 2, 3, 4];
        float[] result = new float[4];
        nint y = driver.Allocate(16);
        fixed (float* from = values, to = result)
        {
            for (int i = 0; i < 100; i++)
            {
                nint x = driver.Allocate(16);
                driver.Upload(from, x, 0, 16);
                scale.Launch(new GridSize(1), [new GpuView(x, 0, 4), new GpuView(y, 0, 4)], new ScaleArguments(4, i));
                driver.Free(x);
            }
            driver.Download(y, 0, to, 16);
            driver.Synchronize();
        }
        Assert.That(result, Is.EqualTo(new float[] { 99, 198, 297, 396 }));
    }

    [Test]
    public void Fence_SetAfterWork_WaitsForThatWorkEachTime()
    {
        GpuKernel number = driver.Load(Number);
        nint numbers = driver.Allocate(100 * 256 * sizeof(int));
        using PinnedMemory pinned = driver.AllocatePinned(100 * 256 * sizeof(int));
        using GpuFence fence = driver.CreateFence();
        fence.Wait();
        for (int frame = 0; frame < 50; frame++)
        {
            number.Launch(new GridSize(100), [new GpuView(numbers, 0, 100 * 256)], frame);
            driver.Download(numbers, 0, pinned.Pointer, pinned.Length);
            fence.Set();
            if (frame % 5 == 0)
                fence.Set();
            fence.Wait();
            fence.Wait();
            Assert.That(((int*)pinned.Pointer)[100 * 256 - 1], Is.EqualTo(99 + frame));
        }
    }

    [Test]
    public void WarmCalls_AllocateNothing()
    {
        GpuKernel scale = driver.Load(Scale);
        nint x = driver.Allocate(256), y = driver.Allocate(256);
        using PinnedMemory pinned = driver.AllocatePinned(256);
        using GpuFence fence = driver.CreateFence();
        long before = 0;
        for (int call = 0; call < 200; call++)
        {
            if (call == 100)
                before = GC.GetAllocatedBytesForCurrentThread();
            driver.Upload(pinned.Pointer, x, 0, 256);
            driver.Clear(y, 0, 256);
            scale.Launch(new GridSize(1), [new GpuView(x, 0, 64), new GpuView(y, 0, 64)], new ScaleArguments(64, 2));
            driver.Download(y, 0, pinned.Pointer, 256);
            fence.Set();
            fence.Wait();
            driver.Synchronize();
        }
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void AnyCall_AfterDispose_ThrowsButFreeingDoesNothing()
    {
        GpuKernel scale = driver.Load(Scale);
        nint x = driver.Allocate(16), y = driver.Allocate(16);
        PinnedMemory pinned = driver.AllocatePinned(16);
        GpuFence fence = driver.CreateFence();
        fence.Set();
        driver.Dispose();
        Assert.Multiple(() =>
        {
            Assert.That(() => driver.Allocate(16), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => driver.AllocatePinned(16), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => driver.Clear(x, 0, 16), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => driver.Load(Scale), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => driver.Synchronize(), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => fence.Wait(), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => (nint)pinned.Pointer, Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(
                () => scale.Launch(new GridSize(1), [new GpuView(x, 0, 4), new GpuView(y, 0, 4)], new ScaleArguments(4, 2)),
                Throws.InstanceOf<ObjectDisposedException>());
        });
        driver.Free(x);
        pinned.Dispose();
        fence.Dispose();
        driver.Dispose();
    }

    [Test]
    public void List_HasTheOpenedDeviceWithItsMemory()
    {
        DeviceInfo info = OpenClDriver.List()[0];
        Assert.That(info, Has.Property("Kind").EqualTo(DeviceKind.OpenCl).And.Property("Index").Zero.And.Property("Unusable").Null);
        Assert.That(info.MemoryBytes, Is.Positive);
        Assert.That(info.Name.EndsWith(" (processor)", StringComparison.Ordinal), Is.EqualTo(driver.IsProcessor));
        Assert.That(driver.Name, Does.Contain(info.Driver).And.EndsWith($"{driver.ComputeUnits} compute units"));
        TestContext.Out.WriteLine(driver.Name);
    }

    [Test]
    public void Open_NumberThatIsNotThere_SaysHowManyThereAre() =>
        Assert.That(() => OpenClDriver.Open(99), Throws.InstanceOf<DeviceUnavailableException>()
            .With.Message.EqualTo($"no OpenCL device 99: there are {OpenClDriver.List().Count}"));

    private readonly record struct ScaleArguments(int Count, float Factor);
}

internal static unsafe class PinnedFloats
{
    internal static float Float(this PinnedMemory memory, int index) => ((float*)memory.Pointer)[index];
}
