using OpenCvSharp;
using SiamIlgpu.Kernels;
using SiamIlgpu.Tracking;
using SiamIlgpu.Weights;
using Tracker = SiamIlgpu.Tracking.Tracker;

namespace SiamIlgpu.Bench.Peers;

/// <summary>A tracker as the comparison sees it. Frames are blue, green, red: OpenCV's order, which ours reads as it is.</summary>
internal abstract class TimedTracker(string name) : IDisposable
{
    internal string Name { get; } = name;

    /// <summary>Starts, or starts over, with the target's box in this frame.</summary>
    internal abstract void Initialize(Mat frame, BoundingBox box);

    /// <summary>The target's box in the next frame; null where the tracker reports that it has not found the target.</summary>
    internal abstract BoundingBox? Update(Mat frame);

    public abstract void Dispose();
}

/// <summary>Ours, with the papers' parameters for the network.</summary>
internal sealed class OurTracker(string name, NetworkWeights weights, ComputeDevice device) : TimedTracker(name)
{
    private readonly Tracker tracker = new(weights, device);

    internal override void Initialize(Mat frame, BoundingBox box) => tracker.Initialize(View(frame), box);

    internal override BoundingBox? Update(Mat frame) => tracker.Update(View(frame)).Box;

    public override void Dispose() => tracker.Dispose();

    private static FrameView View(Mat frame) => new(frame.AsSpan<byte>(), frame.Width, frame.Height, PixelFormat.Bgr24);
}

/// <summary>
/// One of OpenCV's, with its default parameters. It takes boxes in whole pixels, so the first one is rounded. After a failure it goes on
/// from its last box.
/// </summary>
internal sealed class OpenCvTracker(string name, Func<OpenCvSharp.Tracker> create) : TimedTracker(name)
{
    private OpenCvSharp.Tracker? tracker;
    private Rect last;

    internal override void Initialize(Mat frame, BoundingBox box)
    {
        // OpenCV's trackers can be initialized only once.
        tracker?.Dispose();
        tracker = create();
        (int left, int top) = ((int)Math.Round(box.X), (int)Math.Round(box.Y));
        int right = (int)Math.Round(box.X + box.Width);
        int bottom = (int)Math.Round(box.Y + box.Height);
        last = Rect.FromLTRB(left, top, right, bottom).Intersect(new Rect(0, 0, frame.Width, frame.Height));
        tracker.Init(frame, last);
    }

    internal override BoundingBox? Update(Mat frame) =>
        tracker!.Update(frame, ref last) ? new BoundingBox(last.X, last.Y, last.Width, last.Height) : null;

    public override void Dispose() => tracker?.Dispose();
}
