using SiamIlgpu.Evaluation;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Run;

/// <summary>The figures at the end of a tracked video: speed and, for one target with ground truth, accuracy.</summary>
internal sealed class TrackReport
{
    private readonly IReadOnlyList<BoundingBox?>? truth;
    private readonly List<BoundingBox> boxes = [];

    /// <param name="truth">The true boxes of the only target; null where they are not known.</param>
    internal TrackReport(IReadOnlyList<BoundingBox?>? truth) => this.truth = truth;

    /// <summary>The true box in a frame, if it is known.</summary>
    internal BoundingBox? TruthOf(Frame frame) => truth is not null && frame.Index < truth.Count ? truth[frame.Index] : null;

    /// <summary>Adds one frame's results. Boxes are kept only for frames that have ground truth.</summary>
    internal void Add(ReadOnlySpan<TrackResult> results)
    {
        if (boxes.Count < truth?.Count)
            boxes.Add(results[0].Box);
    }

    /// <summary>Prints the figures.</summary>
    internal void Print(TrackingLoop loop)
    {
        Console.WriteLine($"{loop.Frames} frames, {loop.FramesPerSecond:F1} fps, {loop.FramesPerSecondWithDecoding:F1} fps "
            + $"with decoding, lost in {loop.Lost}");
        if (truth is null)
            return;
        SequenceScore score = SequenceScore.Of(boxes, truth);
        Console.WriteLine($"mean IoU {score.MeanIou:F4}, AUC {score.Auc:F4}, precision at 20 px {score.Precision20:F4} "
            + $"over {score.Frames} annotated frames");
    }
}
