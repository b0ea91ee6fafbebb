using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Media;
using SiamIlgpu.Networks;
using SiamIlgpu.Tracking;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tests.Engine;

/// <summary>What embedders rely on, with a seeded network on a synthetic video: no files needed.</summary>
[TestFixture]
internal sealed class TrackerTests
{
    private static readonly NetworkWeights Weights = NetworkInitializer.Create(NetworkDefinition.CfNetConv1, seed: 1);

    [Test]
    public void Initialize_ReturnsTheGivenBox()
    {
        using var device = new CpuDevice(1);
        using var tracker = new Tracker(Weights, device);
        using var video = new SyntheticVideo();
        BoundingBox box = video.GroundTruth[0];

        TrackResult result = tracker.Initialize(video.Read(), box);

        Assert.That(result, Is.EqualTo(new TrackResult(box, 1, false, 0, 0)));
        Assert.That(tracker.Box.IntersectionOverUnion(box), Is.EqualTo(1).Within(1e-12));
    }

    [Test]
    public void Update_BeforeInitialize_SaysWhatToCall()
    {
        using var device = new CpuDevice(1);
        using var tracker = new Tracker(Weights, device);
        using var video = new SyntheticVideo();
        Frame frame = video.Read()!;

        Assert.That(() => tracker.Update(frame), Throws.InvalidOperationException.With.Message.Contain("Initialize"));
    }

    [Test]
    public void Update_AfterDispose_Throws()
    {
        using var device = new CpuDevice(1);
        var tracker = new Tracker(Weights, device);
        using var video = new SyntheticVideo();
        tracker.Initialize(video.Read(), video.GroundTruth[0]);
        tracker.Dispose();
        Frame frame = video.Read()!;

        Assert.That(() => tracker.Update(frame), Throws.TypeOf<ObjectDisposedException>());
    }

    [TestCase(double.NaN, 10, 10, 10, "finite")]
    [TestCase(10, 10, 0, 10, "positive")]
    [TestCase(10, 10, 10, -1, "positive")]
    [TestCase(10, 10, double.PositiveInfinity, 10, "finite")]
    [TestCase(1000, 10, 10, 10, "outside")]
    [TestCase(-20, 10, 10, 10, "outside")]
    [TestCase(10, 10, 1e6, 10, "times")]
    public void Initialize_WithABoxThatCannotBe_SaysWhyAndKeepsTheOldTarget(double x, double y, double width, double height, string why)
    {
        using var device = new CpuDevice(1);
        using var tracker = new Tracker(Weights, device);
        using var video = new SyntheticVideo();
        Frame frame = video.Read()!;
        tracker.Initialize(frame, video.GroundTruth[0]);
        BoundingBox before = tracker.Box;

        Assert.That(
            () => tracker.Initialize(frame, new BoundingBox(x, y, width, height)),
            Throws.ArgumentException.With.Message.Contain(why));
        Assert.That(tracker.Box, Is.EqualTo(before));
        Assert.That(() => tracker.Update(frame), Throws.Nothing);
    }

    [Test]
    public void Update_AfterTheSecondFrame_AllocatesNothing([Values(1, 2)] int threads)
    {
        using var device = new CpuDevice(threads);
        using var tracker = new Tracker(Weights, device);
        using var video = new SyntheticVideo();
        Frame frame = video.Read()!;
        tracker.Initialize(frame, video.GroundTruth[0]);
        tracker.Update(frame);
        tracker.Update(frame);

        // The test runner's own threads allocate now and then: a frame that allocated would do so every time.
        long allocated = long.MaxValue;
        for (int attempt = 0; attempt < 10; attempt++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (int i = 0; i < 3; i++)
                tracker.Update(frame);
            allocated = Math.Min(allocated, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        Assert.That(allocated, Is.Zero);
    }

    [Test]
    public void Update_WithAnyPixelFormat_GivesTheSameBox([Values] PixelFormat format)
    {
        using var device = new CpuDevice(1);
        using var expected = new Tracker(Weights, device);
        using var actual = new Tracker(Weights, device);
        using var video = new SyntheticVideo();
        BoundingBox box = video.GroundTruth[0];
        for (int i = 0; i < 3; i++)
        {
            Frame frame = video.Read()!;
            FrameView rgb = format == PixelFormat.Gray8 ? Repack(Repack(frame, PixelFormat.Gray8), PixelFormat.Rgb24) : frame;
            FrameView other = Repack(frame, format);
            TrackResult a = i == 0 ? expected.Initialize(rgb, box) : expected.Update(rgb);
            TrackResult b = i == 0 ? actual.Initialize(other, box) : actual.Update(other);
            Assert.That(b, Is.EqualTo(a), $"frame {i + 1}");
        }
    }

    [Test]
    public void Update_WithAFrameOfAnotherSize_TracksOn()
    {
        using var device = new CpuDevice(1);
        using var tracker = new Tracker(Weights, device);
        using var video = new SyntheticVideo();
        Frame frame = video.Read()!;
        tracker.Initialize(frame, video.GroundTruth[0]);
        TrackResult whole = tracker.Update(frame);

        var half = new FrameView(frame.Pixels, frame.Width, frame.Height / 2, PixelFormat.Rgb24);
        TrackResult halved = tracker.Update(half);
        var one = new FrameView(frame.Pixels, 1, 1, PixelFormat.Rgb24);
        TrackResult tiny = tracker.Update(one);

        Assert.That(whole.Box.IsValid && halved.Box.IsValid && tiny.Box.IsValid);
    }

    [Test]
    public void Update_WithAnyNumberOfThreads_GivesTheSameResults([Values(2, 3)] int threads)
    {
        using var one = new CpuDevice(1);
        using var several = new CpuDevice(threads);

        Assert.That(TrackFrames(several), Is.EqualTo(TrackFrames(one)));
    }

    [Test]
    public void Trackers_OnOneDeviceFromSeveralThreads_GiveTheSameResults()
    {
        using var device = new CpuDevice(2);
        List<TrackResult> alone = TrackFrames(device);
        var together = new List<TrackResult>[4];

        Thread[] hosts = [.. together.Select((_, i) => new Thread(() => together[i] = TrackFrames(device)))];
        foreach (Thread host in hosts)
            host.Start();

        foreach (Thread host in hosts)
            Assert.That(host.Join(TimeSpan.FromMinutes(2)), "a tracker hangs");
        Assert.That(together, Has.All.EqualTo(alone));
    }

    [Test]
    public void Initialize_OnGrayVideo_TakesTheGrayNetwork()
    {
        using var device = new CpuDevice(1);
        NetworkWeights grayWeights = NetworkInitializer.Create(NetworkDefinition.CfNetConv1, seed: 2);
        using var both = new Tracker(Weights, device, grayWeights: grayWeights);
        using var grayOnly = new Tracker(grayWeights, device);
        using var video = new SyntheticVideo();
        BoundingBox box = video.GroundTruth[0];
        FrameView first = Repack(video.Read()!, PixelFormat.Gray8);
        both.Initialize(first, box);
        grayOnly.Initialize(first, box);

        FrameView second = Repack(video.Read()!, PixelFormat.Gray8);

        Assert.That(both.Update(second), Is.EqualTo(grayOnly.Update(second)));
    }

    [Test]
    public void Tracker_WithAGrayNetworkOfAnotherShape_IsRefused()
    {
        using var device = new CpuDevice(1);
        NetworkWeights other = NetworkInitializer.Create(NetworkDefinition.CfNetConv2, seed: 2);

        Assert.That(() => new Tracker(Weights, device, grayWeights: other), Throws.TypeOf<WeightFormatException>());
    }

    private static List<TrackResult> TrackFrames(CpuDevice device)
    {
        using var tracker = new Tracker(Weights, device);
        using var video = new SyntheticVideo();
        List<TrackResult> results = [tracker.Initialize(video.Read(), video.GroundTruth[0])];
        for (int i = 0; i < 5; i++)
            results.Add(tracker.Update(video.Read()));
        return results;
    }

    /// <summary>The same picture in another pixel format; gray takes the green channel.</summary>
    private static FrameView Repack(FrameView from, PixelFormat format)
    {
        (int red, int green, int blue) = from.ChannelOffsets;
        int step = format switch { PixelFormat.Gray8 => 1, PixelFormat.Rgb24 or PixelFormat.Bgr24 => 3, _ => 4 };
        const int Extra = 5;
        int stride = from.Width * step + Extra;
        var pixels = new byte[stride * from.Height];
        (int toRed, int toGreen, int toBlue) = new FrameView(new byte[4], 1, 1, format).ChannelOffsets;
        for (int y = 0; y < from.Height; y++)
        {
            for (int x = 0; x < from.Width; x++)
            {
                ReadOnlySpan<byte> source = from.Row(y).Slice(x * from.BytesPerPixel, from.BytesPerPixel);
                Span<byte> target = pixels.AsSpan(y * stride + x * step, step);
                target[toRed] = source[red];
                target[toBlue] = source[blue];
                target[toGreen] = source[green];
            }
        }
        return new FrameView(pixels, from.Width, from.Height, format, stride);
    }
}
