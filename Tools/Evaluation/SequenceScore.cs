using SiamIlgpu.Tracking;

namespace SiamIlgpu.Evaluation;

/// <summary>
/// How well the boxes of one sequence fit its ground truth (OTB's one-pass figures). Frames without ground truth do not
/// count; a frame without a box counts as a miss.
/// </summary>
/// <param name="Frames">Number of frames that count.</param>
/// <param name="MeanIou">Mean intersection over union.</param>
/// <param name="Auc">
/// Area under the success curve: the share of frames with an IoU above t, averaged over t = 0, 0.05, ..., 1.
/// </param>
/// <param name="Precision20">Share of frames whose centers lie at most 20 pixels apart.</param>
public readonly record struct SequenceScore(int Frames, double MeanIou, double Auc, double Precision20)
{
    /// <summary>Scores boxes against ground truth, frame by frame, up to the end of the shorter list.</summary>
    /// <param name="boxes">The tracker's boxes.</param>
    /// <param name="groundTruth">The true boxes; null where the target is absent or not annotated.</param>
    public static SequenceScore Of(IReadOnlyList<BoundingBox> boxes, IReadOnlyList<BoundingBox?> groundTruth)
    {
        TrackingCurves curves = TrackingCurves.Of(FrameFit.Of(boxes, groundTruth));
        return new SequenceScore(curves.Frames, curves.MeanIou, curves.Auc, curves.Precision20);
    }
}
