extern alias RealIlgpu;
using RealIlgpu::ILGPU;
using RealIlgpu::ILGPU.Runtime.OpenCL;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Kernels.Gpu.Ilgpu;

namespace SiamIlgpu.Tests.Gpu;

/// <summary>ILGPU's driver on a real device, with kernels of its own.</summary>
[Needs(Need.OpenCl)]
internal sealed unsafe class OpenClDriverTests
{
    private static readonly KernelSource Scale = new("Scale", ScaleKernel, 64);
    private static readonly KernelSource Number = new("Number", NumberKernel, 256);

    private OpenClDriver driver = null!;

    [SetUp]
    public void Open() => driver = OpenClHere.Open();

    [TearDown]
    public void Close() => driver?.Dispose();

    [Test]
    public void Launch_ViewsWithOffsets_ReadsAndWritesThereOnly()
    {
        GpuKernel scale = driver.Load(Scale);
        GpuMemory x = driver.Allocate(1000 * sizeof(float)), y = driver.Allocate(1000 * sizeof(float));
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
        GpuMemory numbers = driver.Allocate((Groups * 256 + 1) * sizeof(int));
        int[] result = new int[Groups * 256];
        driver.Load(Number).Launch(grid, [new GpuView(numbers, 1, Groups * 256)], new NumberArguments(1000));
        fixed (int* to = result)
        {
            driver.Download(numbers, sizeof(int), to, result.Length * sizeof(int));
            driver.Synchronize();
        }
        Assert.That(result, Is.EqualTo(Enumerable.Range(0, Groups * 256).Select(i => 1000 + i / 256)));
    }

    /// <summary>A product and the sum that takes it are one instruction, rounded once, as on CUDA; ILGPU writes two statements.</summary>
    [Test]
    public void Launch_ProductAndSum_AreFused()
    {
        const float Value = 1 + 1f / 4096;
        float[] values = [Value, Value, -Value * Value, 0];
        GpuMemory x = driver.Allocate(16);
        fixed (float* memory = values)
        {
            driver.Upload(memory, x, 0, 16);
            driver.Load(new KernelSource("Fused", FusedKernel, 1)).Launch(new GridSize(1), [new GpuView(x, 0, 4)], new NumberArguments(0));
            driver.Download(x, 0, memory, 16);
            driver.Synchronize();
        }
        Assert.That(values[3], Is.Not.Zero.And.EqualTo(MathF.FusedMultiplyAdd(Value, Value, -Value * Value)));
    }

    [Test]
    public void Launch_FromEightThreads_NeverMixesTheirArguments()
    {
        GpuKernel scale = driver.Load(Scale);
        int wrong = 0;
        void Run(int number)
        {
            GpuMemory x = driver.Allocate(64 * sizeof(float)), y = driver.Allocate(64 * sizeof(float));
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
        GpuMemory x = driver.Allocate(4);
        Assert.That(() => scale.Launch(new GridSize(1), [new GpuView(x, 0, 1)], new ScaleArguments(1, 1)),
            Throws.ArgumentException.With.Message.EqualTo("kernel Scale takes 2 views and 8 bytes of arguments, got 1 and 8"));
        Assert.That(() => scale.Launch(new GridSize(1), [new GpuView(x, 0, 1), new GpuView(x, 0, 1)], 1),
            Throws.ArgumentException.With.Message.EqualTo("kernel Scale takes 2 views and 8 bytes of arguments, got 2 and 4"));
        Assert.That(() => scale.Launch(new GridSize(1), [new GpuView(x, 1L << 31, 1), new GpuView(x, 0, 1)], new ScaleArguments(1, 1)),
            Throws.ArgumentException.With.Message.Contains("2147483648"));
    }

    [Test]
    public void Clear_PartOfAnyAlignment_LeavesTheRest([Values(0, 3, 4)] int offset, [Values(0, 1, 8, 10)] int bytes)
    {
        GpuMemory memory = driver.Allocate(20);
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

    /// <summary>ILGPU compiles no strings. A failure spoils its context; the next kernel gets another.</summary>
    [Test]
    public void Launch_KernelThatIlgpuCannotCompile_SaysWhichEveryTimeAndOthersGoOn()
    {
        GpuKernel broken = driver.Load(new KernelSource("Broken", BrokenKernel, 64));
        GpuMemory x = driver.Allocate(4);
        for (int i = 0; i < 2; i++)
        {
            Assert.That(() => broken.Launch(new GridSize(1), [new GpuView(x, 0, 1)], new NumberArguments(1)), Throws.TypeOf<DeviceException>()
                .With.Message.StartsWith("ILGPU cannot compile kernel Broken: "));
        }
        Launch_ViewsWithOffsets_ReadsAndWritesThereOnly();
    }

    /// <summary>What ILGPU compiles and the driver does not, as PoCL atomics: the message has the driver's log.</summary>
    [Test]
    public void Launch_KernelThatTheDriverCannotBuild_HasItsLog()
    {
        GpuKernel broken = driver.Load(new KernelSource("Atomic", AtomicKernel, 64));
        GpuMemory x = driver.Allocate(4);
        Assert.That(() => broken.Launch(new GridSize(1), [new GpuView(x, 0, 1)], new NumberArguments(1)), Throws.TypeOf<DeviceException>()
            .With.Message.StartsWith("OpenCL: building kernel Atomic failed: CL_BUILD_PROGRAM_FAILURE (-11)\n").And.Message.Contains("error"));
        Launch_ViewsWithOffsets_ReadsAndWritesThereOnly();
    }

    [Test]
    public void Launch_GroupsLargerThanTheDeviceRuns_SaysSo()
    {
        GpuKernel large = driver.Load(new KernelSource("Large", ScaleKernel, 1 << 20));
        GpuMemory x = driver.Allocate(4);
        Assert.That(() => large.Launch(new GridSize(1), [new GpuView(x, 0, 1), new GpuView(x, 0, 1)], new ScaleArguments(1, 1)),
            Throws.TypeOf<DeviceException>().With.Message.StartsWith("OpenCL: kernel Large needs groups of 1048576, the device runs it with"));
    }

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
            .With.Message.StartsWith("OpenCL: allocating 1,099,511,627,776 bytes failed: ").And.Message.Contains("at most in one piece"));
        Assert.That(() => driver.AllocatePinned(1L << 40), Throws.InstanceOf<DeviceMemoryException>());
        Launch_ViewsWithOffsets_ReadsAndWritesThereOnly();
    }

    [Test]
    public void Dispose_MemoryWhileWorkIsEnqueued_WaitsForIt()
    {
        GpuKernel scale = driver.Load(Scale);
        float[] values = [1, 2, 3, 4];
        float[] result = new float[4];
        GpuMemory y = driver.Allocate(16);
        fixed (float* from = values, to = result)
        {
            for (int i = 0; i < 100; i++)
            {
                GpuMemory x = driver.Allocate(16);
                driver.Upload(from, x, 0, 16);
                scale.Launch(new GridSize(1), [new GpuView(x, 0, 4), new GpuView(y, 0, 4)], new ScaleArguments(4, i));
                x.Dispose();
                x.Dispose();
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
        GpuMemory numbers = driver.Allocate(100 * 256 * sizeof(int));
        using PinnedMemory pinned = driver.AllocatePinned(100 * 256 * sizeof(int));
        using GpuFence fence = driver.CreateFence();
        fence.Wait();
        for (int frame = 0; frame < 50; frame++)
        {
            number.Launch(new GridSize(100), [new GpuView(numbers, 0, 100 * 256)], new NumberArguments(frame));
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
        GpuMemory x = driver.Allocate(256), y = driver.Allocate(256);
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
        GpuMemory x = driver.Allocate(16), y = driver.Allocate(16);
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
        x.Dispose();
        pinned.Dispose();
        fence.Dispose();
        driver.Dispose();
    }

    [TestCase(-2, "CL_DEVICE_NOT_AVAILABLE (-2)", false)]
    [TestCase(-14, "error -14", false)]
    [TestCase(-34, "CL_INVALID_CONTEXT (-34)", false)]
    [TestCase(-36, "CL_INVALID_COMMAND_QUEUE (-36)", false)]
    [TestCase(-9999, "error -9999", false)]
    [TestCase(-5, "CL_OUT_OF_RESOURCES (-5)", true)]
    public void Failure_OfADeviceThatIsGone_IsLostForGood(int code, string name, bool waited)
    {
        string message = $"{driver.Accelerator.Name} is lost: OpenCL: something failed: {name}";
        GpuMemory memory = driver.Allocate(16);
        PinnedMemory pinned = driver.AllocatePinned(16);
        Assert.That(driver.Failure(new CLException((CLError)code), "something", waited: waited), Is.TypeOf<DeviceLostException>()
            .With.Message.EqualTo(message));
        Assert.That(driver.Synchronize, Throws.TypeOf<DeviceLostException>().With.Message.EqualTo(message));
        Assert.That(() => driver.Allocate(16), Throws.TypeOf<DeviceLostException>());
        Assert.That(() => driver.Load(Scale), Throws.TypeOf<DeviceLostException>());
        Assert.That(() => driver.CreateFence().Wait(), Throws.TypeOf<DeviceLostException>());
        memory.Dispose();
        pinned.Dispose();
        driver.Dispose();
    }

    [TestCase(-5, "CL_OUT_OF_RESOURCES (-5)")]
    [TestCase(-54, "CL_INVALID_WORK_GROUP_SIZE (-54)")]
    public void Failure_OfOneCall_IsThatCallsAlone(int code, string name)
    {
        Assert.That(driver.Failure(new CLException((CLError)code), "launching kernel A"), Is.TypeOf<DeviceException>()
            .With.Message.EqualTo($"OpenCL: launching kernel A failed: {name}"));
        Launch_ViewsWithOffsets_ReadsAndWritesThereOnly();
    }

    [Test]
    public void Failure_MemoryFoundMissingAtFirstUse_IsOfMemory() =>
        Assert.That(driver.Failure(new CLException(CLError.CL_MEM_OBJECT_ALLOCATION_FAILURE), "launching kernel A"),
            Is.TypeOf<DeviceMemoryException>().With.Message.Contains("at most in one piece"));

    [Test]
    public void List_HasTheOpenedDeviceWithItsMemory()
    {
        DeviceInfo info = OpenClDevices.List()[0];
        Assert.That(info, Has.Property("Kind").EqualTo(DeviceKind.OpenCl).And.Property("Index").Zero.And.Property("Unusable").Null);
        Assert.That(info.MemoryBytes, Is.Positive);
        Assert.That(info.Name.EndsWith(" (processor)", StringComparison.Ordinal), Is.EqualTo(driver.IsProcessor));
        Assert.That(driver.Name, Does.Contain(info.Driver).And.EndsWith($"{driver.ComputeUnits} compute units"));
        TestContext.Out.WriteLine(driver.Name);
    }

    [Test]
    public void Open_NumberThatIsNotThere_SaysHowManyThereAre() =>
        Assert.That(() => OpenClDevices.Open(99), Throws.InstanceOf<DeviceUnavailableException>()
            .With.Message.EqualTo($"no OpenCL device 99: there are {OpenClDevices.List().Count}"));

    // y = factor x, for the elements of y's view.
    private static void ScaleKernel(ArrayView<float> x, ArrayView<float> y, ScaleArguments a)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i < a.Count && i < y.IntLength)
            y[i] = a.Factor * x[i];
    }

    // Every group writes its number, which comes out of shared memory, 256 threads later.
    private static void NumberKernel(ArrayView<int> numbers, NumberArguments a)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(256);
        int group = (Grid.IdxZ * Grid.DimY + Grid.IdxY) * Grid.DimX + Grid.IdxX;
        shared[Group.IdxX] = group + a.First;
        Group.Barrier();
        numbers[group * 256 + Group.IdxX] = shared[255 - Group.IdxX];
    }

    private static void FusedKernel(ArrayView<float> x, NumberArguments a) => x[3 + a.First] = x[0] * x[1] + x[2];

    private static void BrokenKernel(ArrayView<int> numbers, NumberArguments a) => numbers[0] = $"{a.First}".Length;

    private static void AtomicKernel(ArrayView<int> numbers, NumberArguments a) => Atomic.Add(ref numbers[0], a.First);

    internal readonly record struct ScaleArguments(int Count, float Factor);

    internal readonly record struct NumberArguments(int First);
}

internal static unsafe class PinnedFloats
{
    internal static float Float(this PinnedMemory memory, int index) => ((float*)memory.Pointer)[index];
}
