using SiamIlgpu.Datasets;
using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Media;
using SiamIlgpu.Networks;
using SiamIlgpu.Tests.Gpu;
using SiamIlgpu.Tests.Gpu.Sandbox;
using SiamIlgpu.Tracking;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tests.Engine;

/// <summary>Targets in one pass against trackers of their own: the same bits, whoever comes and goes.</summary>
[TestFixture]
internal sealed class MultiTrackerTests
{
    private static readonly NetworkWeights CfNet = NetworkInitializer.Create(NetworkDefinition.CfNetConv1, seed: 1);

    // In frames of 320 x 240.
    private static readonly BoundingBox[] Boxes = [new(60, 80, 40, 30), new(200, 20, 25, 60), new(10, 150, 90, 70), new(250, 180, 12, 9)];

    private static IEnumerable<string> RealNetworks() =>
    [
        "weights/cfnet/cfnet-conv1_e75.mat",
        "weights/cfnet/cfnet-conv2_e80.mat",
        "weights/siamfc/siamfc-color-3s-from-int8.safetensors",
    ];

    [TestCaseSource(nameof(RealNetworks))]
    [Needs(Need.SharedData)]
    public void Update_OfBothJoggersAndTwoMore_GivesTheResultsOfTrackersOfTheirOwn(string weights)
    {
        using var device = new CpuDevice(2);
        NetworkWeights network = NetworkWeights.Load(SharedData.Require(weights));
        Sequence[] joggers = [.. Otb.Open(SharedData.Require("sequences/otb/Jogging"))];
        BoundingBox[] boxes = [.. joggers.Select(s => s.GroundTruth[0]!.Value), new BoundingBox(10, 20, 50, 40), new BoundingBox(260, 100, 30, 80)];
        using FrameSource video = joggers[0].OpenFrames();

        AssertSameAsAlone(device, network, options: null, video, boxes, frames: 25);
    }

    [Test]
    public void Update_WithAnyNumberOfThreads_GivesTheResultsOfTrackersOfTheirOwn([Values(1, 2, 3)] int threads, [Values(1, 2, 3, 4)] int targets)
    {
        using var device = new CpuDevice(threads);
        using var video = new SyntheticVideo();

        AssertSameAsAlone(device, CfNet, options: null, video, Boxes[..targets], frames: 6);
    }

    [Test]
    [Category("Slow")]
    public void Update_OnAGpuDevice_GivesTheResultsOfTrackersOfTheirOwn([Values] bool isProcessor)
    {
        using var device = new GpuDevice(new SandboxDriver(SandboxKernels.Find, isProcessor));
        using var video = new SyntheticVideo();

        AssertSameAsAlone(device, GpuTrackerTests.Tiny, GpuTrackerTests.TinyOptions, video, Boxes[..3], frames: 3);
    }

    [Test]
    [Needs(Need.OpenCl)]
    public void Update_OnOpenCl_GivesTheResultsOfTrackersOfTheirOwn()
    {
        using var device = new GpuDevice(OpenClHere.Open());
        using var video = new SyntheticVideo();

        AssertSameAsAlone(device, CfNet, options: null, video, Boxes, frames: 6);
    }

    [Test]
    public void AddAndRemove_InTheMiddleOfAVideo_LeaveTheOthersAlone()
    {
        using var device = new CpuDevice(2);
        using var many = new MultiTracker(CfNet, device);
        var alone = new SortedDictionary<int, Tracker>();
        using var video = new SyntheticVideo();
        for (int i = 0; i < 12; i++)
        {
            Frame frame = video.Read()!;
            AssertSame(many.Update(frame), alone, frame);
            switch (i)
            {
                case 0 or 2 or 3:
                    Add(frame, Boxes[i]);
                    break;
                case 5:
                    Remove(2);
                    break;
                case 7:
                    Remove(1);
                    Add(frame, Boxes[1]);
                    break;
                case 9:
                    Remove(3);
                    Remove(4);
                    Add(frame, Boxes[2]);
                    break;
            }
        }
        Assert.That(many.Targets, Is.EqualTo([5]));
        alone[5].Dispose();

        void Add(Frame frame, BoundingBox box)
        {
            int target = many.Add(frame, box);
            alone.Add(target, new Tracker(CfNet, device));
            alone[target].Initialize(frame, box);
        }

        void Remove(int target)
        {
            Assert.That(many.Remove(target));
            alone[target].Dispose();
            alone.Remove(target);
        }
    }

    [Test]
    public void Initialize_OfOneTarget_BeginsItAnewAndLeavesTheOthersAlone()
    {
        using var device = new CpuDevice(1);
        using var many = new MultiTracker(CfNet, device);
        using var first = new Tracker(CfNet, device);
        using var second = new Tracker(CfNet, device);
        using var video = new SyntheticVideo();
        var alone = new SortedDictionary<int, Tracker> { [1] = first, [2] = second };
        Frame frame = video.Read()!;
        many.Add(frame, Boxes[0]);
        many.Add(frame, Boxes[1]);
        first.Initialize(frame, Boxes[0]);
        second.Initialize(frame, Boxes[1]);
        AssertSame(many.Update(frame), alone, frame);

        frame = video.Read()!;
        many.Initialize(2, frame, Boxes[2]);
        second.Initialize(frame, Boxes[2]);

        AssertSame(many.Update(frame), alone, frame);
        frame = video.Read()!;
        AssertSame(many.Update(frame), alone, frame);
    }

    [Test]
    public void Update_WithoutTargets_FindsNothing()
    {
        using var device = new CpuDevice(1);
        using var many = new MultiTracker(CfNet, device);
        using var video = new SyntheticVideo();
        Frame frame = video.Read()!;
        Assert.That(many.Update(frame).IsEmpty);

        many.Add(frame, Boxes[0]);
        Assert.That(many.Update(frame).Length, Is.EqualTo(1));
        many.Remove(1);

        Assert.That(many.Update(frame).IsEmpty);
        Assert.That(many.Targets, Is.Empty);
    }

    [Test]
    public void Add_WithABoxThatCannotBe_SaysWhyAndChangesNothing()
    {
        using var device = new CpuDevice(1);
        using var many = new MultiTracker(CfNet, device);
        using var video = new SyntheticVideo();
        Frame frame = video.Read()!;
        many.Add(frame, Boxes[0]);

        Assert.That(() => many.Add(frame, new BoundingBox(1000, 10, 10, 10)), Throws.ArgumentException.With.Message.Contain("outside"));
        Assert.That(() => many.Initialize(1, frame, new BoundingBox(10, 10, 0, 10)), Throws.ArgumentException.With.Message.Contain("positive"));

        Assert.That(many.Targets, Is.EqualTo([1]));
        Assert.That(many.Update(frame)[0].Result.Box.IntersectionOverUnion(Boxes[0]), Is.GreaterThan(0.5));
    }

    [Test]
    public void Calls_ForATargetThatIsNotThere_SaySo()
    {
        using var device = new CpuDevice(1);
        using var many = new MultiTracker(CfNet, device);
        using var video = new SyntheticVideo();
        Frame frame = video.Read()!;
        many.Add(frame, Boxes[0]);

        Assert.That(many.Remove(2), Is.False);
        Assert.That(() => many.Initialize(2, frame, Boxes[0]), Throws.ArgumentException.With.Message.Contain("no target 2"));
        Assert.That(() => many.ReadResponse(0, new float[1]), Throws.ArgumentException.With.Message.Contain("no target 0"));
        Assert.That(() => many.ReadExemplar(7, new float[1]), Throws.ArgumentException.With.Message.Contain("no target 7"));
    }

    [Test]
    public void Calls_AfterDispose_Throw()
    {
        using var device = new CpuDevice(1);
        var many = new MultiTracker(CfNet, device);
        using var video = new SyntheticVideo();
        Frame frame = video.Read()!;
        many.Add(frame, Boxes[0]);
        many.Dispose();
        many.Dispose();

        Assert.That(() => many.Add(frame, Boxes[0]), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => many.Update(frame).Length, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => many.Remove(1), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    [Category("Slow")]
    public void Update_AfterTheSecondFrame_AllocatesNothing([Values(1, 2)] int threads)
    {
        using var device = new CpuDevice(threads);
        using var many = new MultiTracker(CfNet, device);
        using var video = new SyntheticVideo();
        Frame frame = video.Read()!;
        foreach (BoundingBox box in Boxes)
            many.Add(frame, box);
        many.Update(frame);
        many.Update(frame);

        // The test runner's own threads allocate now and then: a frame that allocated would do so every time.
        long allocated = long.MaxValue;
        for (int attempt = 0; attempt < 30; attempt++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            many.Update(frame);
            allocated = Math.Min(allocated, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        Assert.That(allocated, Is.Zero);
    }

    [Test]
    public void Add_OnGrayVideo_TakesTheGrayNetwork()
    {
        using var device = new CpuDevice(1);
        NetworkWeights gray = NetworkInitializer.Create(NetworkDefinition.CfNetConv1, seed: 2);
        using var both = new MultiTracker(CfNet, device, grayWeights: gray);
        using var grayOnly = new Tracker(gray, device);
        using var video = new SyntheticVideo();
        Frame color = video.Read()!;
        byte[] pixels = [.. Enumerable.Range(0, color.Width * color.Height).Select(i => color.Pixels[3 * i])];
        var frame = new FrameView(pixels, color.Width, color.Height, PixelFormat.Gray8);

        both.Add(frame, Boxes[0]);
        grayOnly.Initialize(frame, Boxes[0]);

        Assert.That(both.Update(frame)[0].Result, Is.EqualTo(grayOnly.Update(frame)));
    }

    [Test]
    public void ReadResponse_IsTheMapThatTheResultSpeaksOf()
    {
        using var device = new CpuDevice(1);
        using var many = new MultiTracker(CfNet, device);
        using var video = new SyntheticVideo();
        Frame frame = video.Read()!;
        many.Add(frame, Boxes[0]);
        many.Add(frame, Boxes[1]);
        int side = many.ResponseSize;
        float[] map = new float[side * side];
        foreach (TargetResult target in many.Update(video.Read()))
        {
            many.ReadResponse(target.Target, map);

            // Peak to sidelobe by its definition: all cells more than two rows or columns from the highest.
            int peak = Array.IndexOf(map, map.Max());
            float[] far = [.. map.Where((_, i) => Math.Abs(i / side - peak / side) > 2 || Math.Abs(i % side - peak % side) > 2)];
            double mean = far.Average(v => (double)v);
            double deviation = Math.Sqrt(far.Average(v => (v - mean) * (v - mean)));
            Assert.That((map[peak] - mean) / deviation, Is.EqualTo(target.Result.PeakToSidelobe).Within(1e-4));
        }
    }

    [Test]
    public void ReadExemplar_OfAPlainFrame_IsItsColor()
    {
        using var device = new CpuDevice(1);
        using var many = new MultiTracker(CfNet, device);
        byte[] pixels = new byte[320 * 240 * 3];
        for (int i = 0; i < pixels.Length; i += 3)
            (pixels[i], pixels[i + 1], pixels[i + 2]) = (200, 100, 50);
        many.Add(new FrameView(pixels, 320, 240, PixelFormat.Rgb24), Boxes[0]);
        int plane = many.Definition.ExemplarSize * many.Definition.ExemplarSize;
        float[] rgb = new float[3 * plane];

        many.ReadExemplar(1, rgb);

        Assert.That(rgb[..plane], Has.All.EqualTo(200).Within(1e-3));
        Assert.That(rgb[plane..(2 * plane)], Has.All.EqualTo(100).Within(1e-3));
        Assert.That(rgb[(2 * plane)..], Has.All.EqualTo(50).Within(1e-3));
        Assert.That(() => many.ReadExemplar(1, new float[5]), Throws.TypeOf<KernelShapeException>());
    }

    private static void AssertSameAsAlone(
        ComputeDevice device, NetworkWeights weights, TrackerOptions? options, FrameSource video, BoundingBox[] boxes, int frames)
    {
        using var many = new MultiTracker(weights, device, options);
        var alone = new SortedDictionary<int, Tracker>();
        Frame frame = video.Read()!;
        foreach (BoundingBox box in boxes)
        {
            var tracker = new Tracker(weights, device, options);
            tracker.Initialize(frame, box);
            alone.Add(many.Add(frame, box), tracker);
        }
        for (int i = 1; i < frames; i++)
        {
            frame = video.Read()!;
            AssertSame(many.Update(frame), alone, frame);
        }
        foreach (Tracker tracker in alone.Values)
            tracker.Dispose();
    }

    private static void AssertSame(ReadOnlySpan<TargetResult> together, SortedDictionary<int, Tracker> alone, Frame frame)
    {
        TargetResult[] expected = [.. alone.Select(t => new TargetResult(t.Key, t.Value.Update(frame)))];
        Assert.That(together.ToArray(), Is.EqualTo(expected), $"frame {frame.Index + 1}");
    }
}
