using SiamIlgpu.Kernels;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Run;

/// <summary>Tracks the targets of one video from its first frame on.</summary>
/// <param name="boxes">The targets in the first frame, at least one.</param>
/// <param name="model">The network and the parameters.</param>
/// <param name="device">Where the tracker runs; must outlive the targets.</param>
internal sealed class TrackedTargets(IReadOnlyList<BoundingBox> boxes, TrackingModel model, ComputeDevice device) : IDisposable
{
    private readonly MultiTracker tracker = model.Prepare(device);
    private readonly TrackResult[] results = new TrackResult[boxes.Count];

    internal NetworkDefinition Definition => tracker.Definition;

    internal TrackerOptions Options => tracker.Options;

    /// <summary>Starts at the given boxes in the first frame, and finds the targets in every later frame.</summary>
    /// <returns>One result for each target, in the order of the boxes; valid until the next call.</returns>
    /// <exception cref="InputException">A box makes no sense in the first frame.</exception>
    internal ReadOnlySpan<TrackResult> Follow(Frame frame)
    {
        if (tracker.Targets.Count == 0)
        {
            Begin(frame);
            return results;
        }
        ReadOnlySpan<TargetResult> found = tracker.Update(frame);
        for (int i = 0; i < found.Length; i++)
            results[i] = found[i].Result;
        return results;
    }

    public void Dispose() => tracker.Dispose();

    private void Begin(Frame frame)
    {
        try
        {
            for (int i = 0; i < boxes.Count; i++)
            {
                tracker.Add(frame, boxes[i]);
                results[i] = new TrackResult(boxes[i], Confidence: 1, Lost: false, Response: 0, PeakToSidelobe: 0);
            }
        }
        catch (ArgumentException e)
        {
            throw new InputException($"{frame.Name}: {e.Message}");
        }
    }
}
