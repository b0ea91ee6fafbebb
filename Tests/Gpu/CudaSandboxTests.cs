using SiamIlgpu.Data;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Kernels.Gpu.Cuda;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Gpu.Sandbox;

namespace SiamIlgpu.Tests.Gpu;

/// <summary>
/// The way to a CUDA device in full, with a fake driver in place of NVIDIA's and the sandbox in place of the device: what is loaded,
/// launched and replayed there is what a launch's parameters, laid out by the PTX, say.
/// </summary>
[NonParallelizable] // The fake driver is one for the whole process.
internal sealed class CudaSandboxTests
{
    private GpuDevice device = null!;

    [SetUp]
    public void Open() => device = OpenDevice(MathMode.Float32);

    [TearDown]
    public void Close()
    {
        device.Dispose();
        FakeCuda.Reset();
    }

    [Test]
    public void EveryOperation_MatchesReference()
    {
        GpuConformance.Check(device, new ConvolutionCase("", new ConvolutionSpec(1, 16, 5, 6, 17, 4, 1, 1, Relu: true)));
        GpuConformance.Check(device, new ConvolutionCase("", new ConvolutionSpec(1, 3, 9, 8, 17, 3, 2, 1, Relu: true)));
        GpuConformance.Check(device, new ConvolutionBackwardCase("", new ConvolutionSpec(1, 16, 5, 6, 17, 3, 2, 1, Relu: false)));
        GpuConformance.Check(device, new ConvolutionBackwardCase("", new ConvolutionSpec(1, 3, 9, 8, 17, 3, 2, 1, Relu: false)));
        GpuConformance.CheckUpdate(device, new ConvolutionSpec(1, 16, 3, 4, 17, 2, 1, 1, Relu: false));
        GpuConformance.Check(device, new ReluSpec(new TensorShape(1, 17, 3, 3)));
        GpuConformance.Check(device, new MaxPoolCase("", new MaxPoolSpec(1, 17, 9, 7, 3, 2)));
        GpuConformance.Check(device, new CrossCorrelationSpec(2, 17, 3, 12));
        GpuConformance.Check(device, new Fourier2DSpec(17, 7, 6));
        GpuConformance.Check(device, new CorrelationFilterSpec(17, 7, 1, 1));
        GpuConformance.CheckBackward(device, new CrossCorrelationSpec(2, 17, 3, 12));
        GpuConformance.CheckBackward(device, new CorrelationFilterSpec(17, 7, 1, 1));
        GpuConformance.CheckUpdate(device, new CorrelationFilterSpec(17, 7, 1, 1));
        GpuConformance.Check(device, new BlendSpec(new TensorShape(1, 17, 3, 3)));
        GpuConformance.CheckBackward(device, new MaxPoolSpec(1, 17, 9, 7, 3, 2));
        GpuConformance.Check(device, new BatchNormSpec(2, 17, 5, 6, Relu: true));
        GpuConformance.Check(device, new BatchNormSpec(2, 1, 5, 7, Relu: false));
        GpuConformance.Check(device, new ScoreAdjustSpec(2, 5));
        GpuConformance.Check(device, new LogisticLossSpec(2, 5));
        GpuConformance.Check(device, new TripletLossSpec(4, 5, 0));
        GpuConformance.Check(device, new TripletLossSpec(4, 5, 7));
        GpuConformance.Check(device, new SgdSpec(40, [new(3, 20, 1, 1), new(23, 9, 0.5f, 0, AverageOf: 2)], 0.9f, 0.1f));
        GpuConformance.Check(device, new ResponsePeakCase("", new ResponsePeakSpec(3, 16, 3, 0.97f, 0.2f)));
        GpuConformance.Check(device, new CropResizeCase(
            "", 20, 11, PixelFormat.Rgb24, 0, new(-3, -2, 17), 17, 9, new CropSquare(0, 0, 17), new CropSquare(2, 2, 13)));
    }

    [Test]
    public void Convolution_OnTensorCores_MatchesReference()
    {
        device.Dispose();
        device = OpenDevice(MathMode.Tf32);
        GpuConformance.Check(device, new ConvolutionCase("", new ConvolutionSpec(1, 16, 4, 5, 17, 2, 1, 1, Relu: true)), 5e-4);
        Assert.That(FakeCuda.Launches.Select(launch => launch.Kernel), Has.Some.Contain(".Tf32."));
    }

    [Test]
    public void Tracker_FromRecordingsOn_FollowsTheCpusBoxes()
    {
        using var cpu = new CpuDevice(1);
        using var video = new SyntheticVideo();
        using var tracker = new Tracker(GpuTrackerTests.Tiny, device, GpuTrackerTests.TinyOptions);
        List<TrackResult> actual = [tracker.Initialize(video.Read(), video.GroundTruth[0])];
        while (actual.Count < 6)
            actual.Add(tracker.Update(video.Read()));
        Assert.That(FakeCuda.Alive.Count(kind => kind == "executable graph"), Is.EqualTo(2), "search and template");
        GpuTrackerTests.AssertSameTrack(actual, GpuTrackerTests.Track(cpu, GpuTrackerTests.Tiny, GpuTrackerTests.TinyOptions, frames: 6));
        tracker.Dispose();
        device.Dispose();
        Assert.That(FakeCuda.Alive, Is.Empty);
    }

    [TestCase("cuGraphLaunch", 719)]
    [TestCase("cuEventRecord", 700)]
    public void Tracker_DeviceLostWhileReplaying_SaysSo(string function, int result)
    {
        using var video = new SyntheticVideo();
        using var tracker = new Tracker(GpuTrackerTests.Tiny, device, GpuTrackerTests.TinyOptions);
        Frame frame = video.Read()!;
        tracker.Initialize(frame, video.GroundTruth[0]);
        for (int i = 0; i < 3; i++)
            tracker.Update(frame);
        FakeCuda.FailNext(function, result);
        Assert.That(() => tracker.Update(frame), Throws.TypeOf<DeviceLostException>().With.Message.Contains($"{function} failed"));
        Assert.That(() => tracker.Update(frame), Throws.TypeOf<DeviceLostException>());
    }

    [Test]
    public void Tracker_MemoryRunsOut_OtherTrackersGoOn()
    {
        using var first = new Tracker(GpuTrackerTests.Tiny, device, GpuTrackerTests.TinyOptions);
        using var video = new SyntheticVideo();
        Frame frame = video.Read()!;
        first.Initialize(frame, video.GroundTruth[0]);
        FakeCuda.FailNext("cuMemAlloc_v2", 2);
        Assert.That(() => new Tracker(GpuTrackerTests.Tiny, device, GpuTrackerTests.TinyOptions), Throws.TypeOf<DeviceMemoryException>());
        Assert.That(first.Update(frame).Box.IsValid);
    }

    private static GpuDevice OpenDevice(MathMode math)
    {
        FakeCuda.Reset();
        FakeCuda.RunIn(new SandboxDriver(SandboxKernels.Find));
        return new GpuDevice(CudaDriver.Open(FakeCuda.Export, 0), math);
    }
}
