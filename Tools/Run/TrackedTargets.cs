using SiamIlgpu.Kernels;
using SiamIlgpu.Media;
using SiamIlgpu.Networks;
using SiamIlgpu.Tracking;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Run;

/// <summary>The targets of one video: one by a tracker of its own, several by one that takes them together.</summary>
internal sealed class TrackedTargets : IDisposable
{
    private readonly IReadOnlyList<BoundingBox> boxes;
    private readonly Tracker? single;
    private readonly MultiTracker? several;
    private readonly TrackResult[] results;
    private bool begun;

    /// <summary>Prepares to follow targets.</summary>
    /// <param name="boxes">The targets in the first frame, at least one.</param>
    /// <param name="model">What the tracker is made of.</param>
    /// <param name="device">Where it runs; must outlive the targets.</param>
    internal TrackedTargets(IReadOnlyList<BoundingBox> boxes, TrackingModel model, ComputeDevice device)
    {
        this.boxes = boxes;
        results = new TrackResult[boxes.Count];
        if (boxes.Count == 1)
            single = new Tracker(model.Network, device, model.Options, model.Gray);
        else
            several = new MultiTracker(model.Network, device, model.Options, model.Gray);
    }

    internal NetworkDefinition Definition => single?.Definition ?? several!.Definition;

    internal TrackerOptions Options => single?.Options ?? several!.Options;

    /// <summary>Takes the targets in the first frame, finds them in every later one.</summary>
    /// <returns>One result a target, in the order of the boxes; valid until the next call.</returns>
    /// <exception cref="InputException">A box makes no sense in the first frame.</exception>
    internal ReadOnlySpan<TrackResult> Follow(Frame frame)
    {
        if (!begun)
            Begin(frame);
        else if (single is not null)
            results[0] = single.Update(frame);
        else
            Update(frame);
        begun = true;
        return results;
    }

    public void Dispose()
    {
        single?.Dispose();
        several?.Dispose();
    }

    private void Begin(Frame frame)
    {
        try
        {
            for (int i = 0; i < boxes.Count; i++)
            {
                single?.Initialize(frame, boxes[i]);
                several?.Add(frame, boxes[i]);
                results[i] = new TrackResult(boxes[i], Confidence: 1, Lost: false, Response: 0, PeakToSidelobe: 0);
            }
        }
        catch (ArgumentException e)
        {
            throw new InputException($"{frame.Name}: {e.Message}");
        }
    }

    private void Update(Frame frame)
    {
        ReadOnlySpan<TargetResult> found = several!.Update(frame);
        for (int i = 0; i < found.Length; i++)
            results[i] = found[i].Result;
    }
}
