using System.Runtime.InteropServices;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Kernels.Gpu.Cuda;
using SiamIlgpu.Tests.Kernels;

namespace SiamIlgpu.Tests.Gpu;

[NonParallelizable] // The fake driver is one for the whole process, as a real one.
internal sealed unsafe class CudaDriverTests
{
    // y[i * Rows + Off] = x[i] for i < N, as ILGPU 1.5.3 compiled it, but for the first two lines.
    private const string Scatter = """
        .version 6.0
        .target sm_50
        .address_size 64

        .visible .entry Kernel_K2(
        	.param .align 8 .b8 _x_630[16],
        	.param .align 8 .b8 _y_639[16],
        	.param .align 4 .b8 _d_647[12]
        )
        {
        	.reg .pred	%p<2>;
        	.reg .b32	%r<11>;
        	.reg .b64	%rd<8>;
        	.reg .f32	%f<2>;

        	ld.param.b64	%rd5, [_x_630];
        	cvta.to.global.u64	%rd1, %rd5;
        	ld.param.b64	%rd2, [_x_630+8];
        	ld.param.b64	%rd5, [_y_639];
        	cvta.to.global.u64	%rd3, %rd5;
        	ld.param.b64	%rd4, [_y_639+8];
        	ld.param.b32	%r1, [_d_647];
        	ld.param.b32	%r2, [_d_647+4];
        	ld.param.b32	%r3, [_d_647+8];

        	mov.b32	%r4, %ctaid.x;
        	mov.b32	%r5, %ntid.x;
        	mul.lo.s32	%r6, %r4, %r5;
        	mov.b32	%r7, %tid.x;
        	add.s32	%r8, %r6, %r7;
        	setp.lt.s32	%p1, %r8, %r1;
        	@%p1 bra	L_5891;

        	L_5890:
        	ret;

        	L_5891:
        	mul.lo.s32	%r9, %r8, %r2;
        	add.s32	%r10, %r9, %r3;
        	mul.wide.u32	%rd6, %r10, 4;
        	add.u64	%rd5, %rd3, %rd6;
        	mul.wide.u32	%rd7, %r8, 4;
        	add.u64	%rd6, %rd1, %rd7;
        	ld.global.f32	%f1, [%rd6];
        	st.global.f32	[%rd5], %f1;
        	bra.uni	L_5890;
        }
        """;

    // The head of another one, whose last parameter is a plain int.
    private const string Sums = """
        .visible .entry Kernel_K(
        	.param .align 8 .b8 _x_225[16],
        	.param .align 8 .b8 _y_234[16],
        	.param .b32 _n_241
        )
        { ret; }
        """;

    private static readonly CompiledKernel ScatterKernel = new("Scatter", 64, [4, 4], 12, "Kernel_K2", Scatter);
    private static readonly CompiledKernel SumsKernel = new("Sums", 32, [16, 1], 4, "Kernel_K", Sums);

    [SetUp]
    public void ResetFake() => FakeCuda.Reset();

    [Test]
    public void List_OneDevice_DescribesIt()
    {
        var expected = new DeviceInfo(
            DeviceKind.Cuda, 0, "Fake GPU, compute capability 9.0, 132 multiprocessors", "CUDA driver 12.8", 80 * FakeCuda.Gigabyte);
        Assert.That(CudaDevices.List(FakeCuda.Export), Is.EqualTo(new[] { expected }));
        using CudaDriver driver = OpenFake();
        Assert.That(driver.Name, Is.EqualTo("Fake GPU, compute capability 9.0, 132 multiprocessors, CUDA driver 12.8"));
        Assert.That((driver.Kind, driver.ComputeUnits, driver.IsProcessor), Is.EqualTo((DeviceKind.Cuda, 132, false)));
    }

    [TestCase(75, false)]
    [TestCase(80, true)]
    [TestCase(120, true)]
    public void HasTensorCores_FromCapability80(int capability, bool expected)
    {
        FakeCuda.Capability = capability;
        using CudaDriver driver = OpenFake();
        Assert.That(driver.HasTensorCores, Is.EqualTo(expected));
    }

    [Test]
    public void List_NoLibrary_IsEmptyAndOpenSaysWhy()
    {
        Assert.That(CudaDevices.List(null), Is.Empty);
        string library = OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";
        Assert.That(() => CudaDriver.Open(null, 0), Unavailable($"no CUDA device: {library} was not found"));
    }

    [Test]
    public void List_NoDevice_IsEmptyAndOpenSaysWhy()
    {
        FakeCuda.Broken = 100;
        Assert.That(CudaDevices.List(FakeCuda.Export), Is.Empty);
        Assert.That(OpenFake, Unavailable("no CUDA device 0: the driver lists 0"));
    }

    [TestCaseSource(typeof(FakeCuda), nameof(FakeCuda.Functions))]
    public void List_FunctionMissing_NamesIt(string function)
    {
        FakeCuda.Missing = function;
        string why = $"the CUDA driver is too old: it has no {function}; CUDA 11.4 or later is needed";
        Assert.That(CudaDevices.List(FakeCuda.Export).Single().Unusable, Is.EqualTo(why));
        Assert.That(OpenFake, Unavailable($"CUDA device 0 (NVIDIA GPU): {why}"));
    }

    [Test]
    public void List_DeviceTooOld_SaysSo()
    {
        FakeCuda.Capability = 37;
        Assert.That(CudaDevices.List(FakeCuda.Export).Single().Unusable, Is.EqualTo("compute capability 5.0 or later is needed"));
        Assert.That(OpenFake, Throws.TypeOf<DeviceUnavailableException>().With.Message.Contains("capability 3.7"));
    }

    [Test]
    public void List_InitFails_SaysSo()
    {
        FakeCuda.FailNext("cuInit", 999);
        Assert.That(CudaDevices.List(FakeCuda.Export).Single().Unusable, Does.StartWith("CUDA: cuInit failed: ").And.Contains("(999)"));
    }

    [Test]
    public void List_OneOfThreeFails_ListsTheOthers()
    {
        FakeCuda.Devices = 3;
        FakeCuda.FailNext("cuDeviceTotalMem_v2", 46);
        IReadOnlyList<DeviceInfo> devices = CudaDevices.List(FakeCuda.Export);
        Assert.That(devices.Select(d => d.Unusable != null), Is.EqualTo(new[] { true, false, false }));
        Assert.That(devices.Select(d => d.Index), Is.EqualTo(new[] { 0, 1, 2 }));
        CudaDriver.Open(FakeCuda.Export, 2).Dispose();
        Assert.That(() => CudaDriver.Open(FakeCuda.Export, 3), Unavailable("no CUDA device 3: the driver lists 3"));
    }

    [TestCase("cuDevicePrimaryCtxRetain", 46)]
    [TestCase("cuCtxSetCurrent", 201)]
    [TestCase("cuStreamCreate", 2)]
    public void Open_CallFails_NamesItAndKeepsNothing(string function, int result)
    {
        FakeCuda.FailNext(function, result);
        Assert.That(OpenFake, Throws.TypeOf<DeviceUnavailableException>().With.Message.Contains($"CUDA: {function} failed: "));
        Assert.That(FakeCuda.Alive, Is.Empty);
    }

    [Test]
    public void Launch_PacksParametersAsThePtxDeclares()
    {
        using CudaDriver driver = OpenFake();
        nint memory = driver.Allocate(1 << 20);
        driver.Load(ScatterKernel).Launch(new(3, 2), [new(memory, 5, 77), new(memory, 0, 9)], new Dims(7, 8, 9));
        driver.Load(SumsKernel).Launch(new(1, 1, 4), [new(memory, 5, 1L << 33), default], 123);
        driver.Free(memory);

        FakeLaunch scatter = FakeCuda.Launches[0], sums = FakeCuda.Launches[1];
        Assert.That((scatter.Function, scatter.Groups, scatter.Threads), Is.EqualTo(("Kernel_K2", (3u, 2u, 1u), 64u)));
        Assert.That(scatter.Parameters, Is.EqualTo(new[] { Bytes<long>(memory + 5 * 4, 77), Bytes<long>(memory, 9), Bytes(7, 8, 9) }));
        Assert.That((sums.Function, sums.Groups, sums.Threads), Is.EqualTo(("Kernel_K", (1u, 1u, 4u), 32u)));
        Assert.That(sums.Parameters, Is.EqualTo(new[] { Bytes(memory + 5 * 16, 1L << 33), Bytes(0L, 0), Bytes(123) }));
    }

    [Test]
    public void Launch_OtherParametersThanTheKernels_SaysSo()
    {
        using CudaDriver driver = OpenFake();
        GpuKernel kernel = driver.Load(ScatterKernel);
        Assert.That(() => kernel.Launch(new(1), [default], new Dims(1, 1, 1)),
            Throws.ArgumentException.With.Message.EqualTo("kernel 'Scatter' takes 2 views and 12 bytes of arguments, got 1 and 12"));
        Assert.That(() => kernel.Launch(new(1), [default, default], 1L), Throws.ArgumentException.With.Message.EndsWith("got 2 and 8"));
    }

    [Test]
    public void Launch_FromManyThreads_EachHasItsOwnParameters()
    {
        const int Threads = 4, Each = 500;
        using CudaDriver driver = OpenFake();
        GpuKernel kernel = driver.Load(ScatterKernel);
        Parallel.For(0, Threads, new ParallelOptions { MaxDegreeOfParallelism = Threads }, thread =>
        {
            for (int i = 0; i < Each; i++)
            {
                int id = thread * Each + i;
                kernel.Launch(new(id + 1), [new(id, 0, id), new(-id, 0, id)], new Dims(id, id, id));
            }
        });
        Assert.That(FakeCuda.Launches, Has.Count.EqualTo(Threads * Each));
        foreach (FakeLaunch launch in FakeCuda.Launches)
        {
            int id = (int)launch.Groups.X - 1;
            Assert.That(launch.Parameters, Is.EqualTo(new[] { Bytes<long>(id, id), Bytes<long>(-id, id), Bytes(id, id, id) }));
        }
        Assert.That(FakeCuda.Launches.Select(l => l.Groups.X), Is.Unique);
    }

    [Test]
    public void Copies_AtOffsets_MoveTheBytes()
    {
        using CudaDriver driver = OpenFake();
        using PinnedMemory pinned = driver.AllocatePinned(8);
        nint memory = driver.Allocate(8);
        for (int i = 0; i < 8; i++)
            pinned.Pointer[i] = (byte)(i + 1);
        driver.Upload(pinned.Pointer, memory, 0, 8);
        driver.Clear(memory, 2, 3);
        driver.Download(memory, 1, pinned.Pointer, 5);
        driver.Synchronize();
        Assert.That(new Span<byte>(pinned.Pointer, 8).ToArray(), Is.EqualTo(new byte[] { 2, 0, 0, 0, 6, 6, 7, 8 }));
        driver.Free(memory);
    }

    [Test]
    public void Allocate_TooMuch_SaysHowMuchAndGoesOn()
    {
        using CudaDriver driver = OpenFake();
        Assert.That(() => driver.Allocate(8 * FakeCuda.Gigabyte), Throws.TypeOf<DeviceMemoryException>().With.Message.EqualTo(
            "CUDA: cuMemAlloc failed: CUDA_ERROR_OUT_OF_MEMORY (2), out of memory: 8.0 GiB asked for, 1.2 GiB of 80.0 GiB free"));
        Assert.That(() => driver.AllocatePinned(8 * FakeCuda.Gigabyte), Throws.TypeOf<DeviceMemoryException>().With.Message.EqualTo(
            "CUDA: cuMemHostAlloc failed: CUDA_ERROR_OUT_OF_MEMORY (2), out of memory: 8.0 GiB of page-locked host memory asked for"));
        Assert.That(() => driver.Allocate(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
        nint memory = driver.Allocate(0);
        driver.Load(ScatterKernel).Launch(new(1), [new(memory, 0, 1), new(memory, 0, 1)], default(Dims));
        driver.Free(memory);
        Assert.That(FakeCuda.Launches, Has.Count.EqualTo(1));
    }

    [TestCase(1)]
    [TestCase(701)]
    [TestCase(704)]
    public void Launch_FailsForNow_NextOneWorks(int result)
    {
        using CudaDriver driver = OpenFake();
        GpuKernel kernel = driver.Load(ScatterKernel);
        FakeCuda.FailNext("cuLaunchKernel", result);
        Assert.That(() => LaunchOnce(kernel),
            Throws.TypeOf<DeviceException>().With.Message.Contains("cuLaunchKernel failed").And.Message.Contains($"({result})"));
        LaunchOnce(kernel);
        Assert.That(FakeCuda.Launches, Has.Count.EqualTo(1));
    }

    [TestCase("cuLaunchKernel", 700)]
    [TestCase("cuLaunchKernel", 719)]
    [TestCase("cuStreamSynchronize", 702)]
    [TestCase("cuEventSynchronize", 214)]
    [TestCase("cuCtxSetCurrent", 709)]
    public void DeviceLost_AnyLaterCall_ThrowsAtOnceAndDisposeIsSilent(string function, int result)
    {
        CudaDriver driver = OpenFake();
        GpuKernel kernel = driver.Load(ScatterKernel);
        nint memory = driver.Allocate(4);
        PinnedMemory pinned = driver.AllocatePinned(4);
        GpuFence fence = driver.CreateFence();
        GpuRecording recording = driver.Record(() => LaunchOnce(kernel));

        FakeCuda.FailNext(function, result);
        Assert.That(() =>
        {
            LaunchOnce(kernel);
            fence.Wait();
            driver.Synchronize();
        }, Throws.TypeOf<DeviceLostException>().With.Message.Contains($"{function} failed").And.Message.Contains($"({result})"));
        int calls = FakeCuda.Calls;
        foreach (Action call in Calls(driver, kernel, memory, pinned, fence, recording))
            Assert.That(call, Throws.TypeOf<DeviceLostException>().With.Message.Contains($"{function} failed"));
        Assert.That(FakeCuda.Calls, Is.EqualTo(calls), "a lost device is asked nothing");

        FakeCuda.Broken = result;
        driver.Free(memory);
        pinned.Dispose();
        fence.Dispose();
        recording.Dispose();
        driver.Dispose();
    }

    [Test]
    public void Load_CodeIsWrong_SaysWhatTheCompilerSaid()
    {
        using CudaDriver driver = OpenFake();
        Assert.That(() => driver.Load(ScatterKernel with { Code = "nonsense" }), Throws.TypeOf<DeviceException>().With.Message.EqualTo(
            "CUDA: cuModuleLoadDataEx failed: CUDA_ERROR_INVALID_PTX (218), something else; kernel 'Scatter'\nptxas fatal: no entry"));
        Assert.That(() => driver.Load(ScatterKernel with { EntryPoint = "other" }),
            Throws.TypeOf<DeviceException>().With.Message.EndsWith("; 'other' of kernel 'Scatter'"));
        FakeCuda.MaxThreads = 32;
        Assert.That(() => driver.Load(ScatterKernel), Throws.TypeOf<DeviceException>().With.Message.EqualTo(
            "CUDA: kernel 'Scatter' needs groups of 64 threads, the device allows 32"));
        Assert.That(FakeCuda.Alive, Has.None.EqualTo("module"));
    }

    [Test]
    public void Load_Twice_SharesTheModule()
    {
        using CudaDriver driver = OpenFake();
        Assert.That(driver.Load(ScatterKernel), Is.SameAs(driver.Load(ScatterKernel with { ElementBytes = [4, 4] })));
        Assert.That(driver.Load(SumsKernel), Is.Not.SameAs(driver.Load(ScatterKernel)));
        Assert.That(FakeCuda.Alive.Count(kind => kind == "module"), Is.EqualTo(2));
    }

    [Test]
    public void Record_Replay_DoesItAgainAndAgain()
    {
        using CudaDriver driver = OpenFake();
        GpuKernel kernel = driver.Load(ScatterKernel);
        using PinnedMemory pinned = driver.AllocatePinned(2);
        nint memory = driver.Allocate(1);
        using (GpuRecording recording = driver.Record(() =>
        {
            driver.Upload(pinned.Pointer, memory, 0, 1);
            kernel.Launch(new(1), [default, default], new Dims(1, 2, 3));
            driver.Download(memory, 0, pinned.Pointer + 1, 1);
        }))
        {
            Assert.That(FakeCuda.Launches, Is.Empty, "recorded, not done");
            LaunchOnce(kernel);
            for (byte i = 1; i <= 3; i++)
            {
                *pinned.Pointer = i;
                recording.Replay();
                driver.Synchronize();
                Assert.That(pinned.Pointer[1], Is.EqualTo(i));
            }
            Assert.That(FakeCuda.Launches, Has.Count.EqualTo(4));
            Assert.That(FakeCuda.Launches.Skip(1).Select(l => l.Parameters[2]), Is.All.EqualTo(Bytes(1, 2, 3)));
        }
        driver.Free(memory);
        Assert.That(FakeCuda.Alive, Is.EquivalentTo(new[] { "context", "stream", "module", "host memory" }));
    }

    [Test]
    public void Record_OthersLaunchMeanwhile_RecordsNoneOfTheirs()
    {
        using CudaDriver driver = OpenFake();
        GpuKernel kernel = driver.Load(ScatterKernel);
        using GpuFence fence = driver.CreateFence();
        using var started = new ManualResetEventSlim();
        Task other = Task.CompletedTask;
        using GpuRecording recording = driver.Record(() =>
        {
            other = Task.Run(() =>
            {
                fence.Wait(); // To wait is allowed at any time.
                driver.Synchronize();
                started.Set();
                kernel.Launch(new(2), [default, default], default(Dims));
            });
            Assert.That(started.Wait(TimeSpan.FromSeconds(30)), Is.True);
            LaunchOnce(kernel);
            Assert.That(other.Wait(50), Is.False, "the other's launch waits for the end of the recording");
        });
        Assert.That(other.Wait(TimeSpan.FromSeconds(30)), Is.True);
        recording.Replay();
        Assert.That(FakeCuda.Launches.Select(l => l.Groups.X), Is.EqualTo(new[] { 2u, 1u }));
    }

    [Test]
    public void Record_ActionThrows_EndsTheRecordingAndLetsItThrough()
    {
        using CudaDriver driver = OpenFake();
        GpuKernel kernel = driver.Load(ScatterKernel);
        using GpuFence fence = driver.CreateFence();
        Action<Action> record = action => driver.Record(() =>
        {
            LaunchOnce(kernel);
            action();
        }).Dispose();
        Assert.That(() => record(() => throw new InvalidOperationException("mine")),
            Throws.InvalidOperationException.With.Message.EqualTo("mine"));
        foreach (Action refused in new Action[] { driver.Synchronize, fence.Set, fence.Wait, () => record(() => { }) })
            Assert.That(() => record(refused), Throws.InvalidOperationException.With.Message.EndsWith("can be recorded"));
        foreach (string function in new[] { "cuStreamBeginCapture_v2", "cuStreamEndCapture", "cuGraphInstantiateWithFlags" })
        {
            FakeCuda.FailNext(function, 901);
            string called = function.Replace("_v2", "", StringComparison.Ordinal);
            Assert.That(() => record(() => { }), Throws.TypeOf<DeviceException>().With.Message.Contains($"{called} failed"));
        }
        Assert.That(FakeCuda.Alive, Is.EquivalentTo(new[] { "context", "stream", "module", "event" }));
        LaunchOnce(kernel);
        Assert.That(FakeCuda.Launches, Has.Count.EqualTo(1), "launches go to the queue again");
        record(() => { });
    }

    [Test]
    public void Fence_NeverSet_WaitReturns()
    {
        using CudaDriver driver = OpenFake();
        GpuFence fence = driver.CreateFence();
        fence.Wait();
        fence.Set();
        Task.Run(fence.Wait).Wait();
        fence.Dispose();
        Assert.That(fence.Set, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(FakeCuda.Alive, Has.None.EqualTo("event"));
    }

    [Test]
    public void Dispose_FreesAllAndLaterCallsSaySo()
    {
        CudaDriver driver = OpenFake();
        GpuKernel kernel = driver.Load(ScatterKernel);
        nint memory = driver.Allocate(4);
        PinnedMemory pinned = driver.AllocatePinned(4);
        GpuFence fence = driver.CreateFence();
        GpuRecording recording = driver.Record(() => LaunchOnce(kernel));
        driver.Dispose();
        string[] owned = ["memory", "host memory", "event", "executable graph"];
        Assert.That(FakeCuda.Alive, Is.EquivalentTo(owned), "what the caller has not disposed");

        int calls = FakeCuda.Calls;
        foreach (Action call in Calls(driver, kernel, memory, pinned, fence, recording))
            Assert.That(call, Throws.TypeOf<ObjectDisposedException>());
        driver.Free(memory);
        pinned.Dispose();
        fence.Dispose();
        recording.Dispose();
        driver.Dispose();
        Assert.That(FakeCuda.Calls, Is.EqualTo(calls), "nothing is left to ask");
    }

    [Test]
    public void Dispose_AfterWhatItMade_LeavesNothing()
    {
        using (CudaDriver driver = OpenFake())
        using (driver.AllocatePinned(4))
        using (driver.CreateFence())
        using (driver.Record(() => LaunchOnce(driver.Load(SumsKernel), 1)))
            driver.Free(driver.Allocate(4));
        Assert.That(FakeCuda.Alive, Is.Empty);
    }

    [Test]
    public void Launch_Warm_AllocatesNothing()
    {
        FakeCuda.Writes = false;
        using CudaDriver driver = OpenFake();
        GpuKernel kernel = driver.Load(ScatterKernel);
        using PinnedMemory pinned = driver.AllocatePinned(4);
        using GpuFence fence = driver.CreateFence();
        nint memory = driver.Allocate(4);
        Conformance.AssertAllocatesNothing(() =>
        {
            driver.Upload(pinned.Pointer, memory, 0, 4);
            kernel.Launch(new(1), [new(memory, 0, 1), new(memory, 0, 1)], new Dims(1, 1, 1));
            driver.Download(memory, 0, pinned.Pointer, 4);
            fence.Set();
            fence.Wait();
            driver.Synchronize();
        });
        driver.Free(memory);
    }

    // The one test that needs an NVIDIA GPU; all others hold the driver's side of the bargain to what CUDA documents.
    [Test]
    public void Launch_OnThisMachinesGpu_ScattersAndReplays()
    {
        DeviceInfo? device = CudaDriver.List().FirstOrDefault(d => d.Unusable == null);
        if (device == null)
            Assert.Ignore("no usable CUDA device here; run this on a machine with an NVIDIA GPU");
        const int N = 1000;
        using CudaDriver driver = CudaDriver.Open(device!.Index);
        using PinnedMemory pinned = driver.AllocatePinned(3 * N * sizeof(float));
        using GpuFence fence = driver.CreateFence();
        nint x = driver.Allocate(N * sizeof(float)), y = driver.Allocate(2 * N * sizeof(float));
        var values = (float*)pinned.Pointer;
        for (int i = 0; i < N; i++)
            values[i] = i + 1;
        GpuKernel kernel = driver.Load(ScatterKernel);
        Action frame = () =>
        {
            driver.Upload(values, x, 0, N * sizeof(float));
            driver.Clear(y, 0, 2 * N * sizeof(float));
            kernel.Launch(new((N + 63) / 64), [new(x, 0, N), new(y, 1, 2 * N - 1)], new Dims(N, 2, 0));
            driver.Download(y, 0, values + N, 2 * N * sizeof(float));
        };
        frame();
        using GpuRecording recording = driver.Record(frame);
        for (int round = 0; round < 3; round++)
        {
            fence.Set();
            fence.Wait();
            for (int i = 0; i < N; i++)
                Assert.That((values[N + 2 * i], values[N + 2 * i + 1]), Is.EqualTo((0f, values[i])), $"round {round}, element {i}");
            values[0] = -round;
            recording.Replay();
        }
        driver.Synchronize();
        Assert.That(() => driver.Load(ScatterKernel with { Code = Scatter.Replace("ret;", "return;", StringComparison.Ordinal) }),
            Throws.TypeOf<DeviceException>().With.Message.Contains("ptxas"));
        Assert.That(() => driver.Allocate(1L << 50), Throws.TypeOf<DeviceMemoryException>());
        driver.Free(x);
        driver.Free(y);
    }

    private static CudaDriver OpenFake() => CudaDriver.Open(FakeCuda.Export, 0);

    private static NUnit.Framework.Constraints.IResolveConstraint Unavailable(string message) =>
        Throws.TypeOf<DeviceUnavailableException>().With.Message.EqualTo(message);

    private static void LaunchOnce(GpuKernel kernel) => LaunchOnce(kernel, default(Dims));

    private static void LaunchOnce<T>(GpuKernel kernel, T arguments)
        where T : unmanaged
        => kernel.Launch(new(1), [default, default], arguments);

    // Everything that asks the device for something.
    private static Action[] Calls(
        CudaDriver driver, GpuKernel kernel, nint memory, PinnedMemory pinned, GpuFence fence, GpuRecording recording) =>
    [
        () => LaunchOnce(kernel), () => driver.Allocate(1), () => driver.AllocatePinned(1), () => driver.Clear(memory, 0, 1),
        () => driver.Upload(pinned.Pointer, memory, 0, 1), () => driver.Download(memory, 0, pinned.Pointer, 1),
        () => driver.Load(ScatterKernel), () => driver.CreateFence(), driver.Synchronize, () => driver.Record(() => { }),
        fence.Set, fence.Wait, recording.Replay,
    ];

    private static byte[] Bytes<T>(params T[] values)
        where T : unmanaged
        => MemoryMarshal.AsBytes<T>(values).ToArray();

    private readonly record struct Dims(int N, int Rows, int Off);
}
