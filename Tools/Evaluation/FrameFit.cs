using SiamIlgpu.Tracking;

namespace SiamIlgpu.Evaluation;

/// <summary>
/// How well the tracked box of one frame fits the true one. An invalid box is a miss: no overlap, and an infinite distance.
/// </summary>
/// <param name="Iou">Intersection over union, 0..1.</param>
/// <param name="CenterError">Distance of the centers in pixels.</param>
/// <param name="NormalizedCenterError">
/// Distance of the centers, with x in widths and y in heights of the true box (Müller et al., TrackingNet, ECCV 2018).
/// </param>
public readonly record struct FrameFit(double Iou, double CenterError, double NormalizedCenterError)
{
    /// <summary>Compares two boxes.</summary>
    /// <param name="box">The tracker's box.</param>
    /// <param name="truth">The true box, valid.</param>
    public static FrameFit Of(BoundingBox box, BoundingBox truth)
    {
        if (!box.IsValid)
            return new FrameFit(0, double.PositiveInfinity, double.PositiveInfinity);
        (double x, double y) = box.Center;
        (double trueX, double trueY) = truth.Center;
        return new FrameFit(
            box.IntersectionOverUnion(truth),
            double.Hypot(x - trueX, y - trueY),
            double.Hypot((x - trueX) / truth.Width, (y - trueY) / truth.Height));
    }

    /// <summary>The fits of all frames that have a true box, in order, up to the end of the shorter list.</summary>
    /// <param name="boxes">The tracker's boxes.</param>
    /// <param name="groundTruth">The true boxes; null where the target is absent or not annotated.</param>
    public static IReadOnlyList<FrameFit> Of(IReadOnlyList<BoundingBox> boxes, IReadOnlyList<BoundingBox?> groundTruth)
    {
        var fits = new List<FrameFit>(boxes.Count);
        for (int i = 0; i < Math.Min(boxes.Count, groundTruth.Count); i++)
        {
            if (groundTruth[i] is { IsValid: true } truth)
                fits.Add(Of(boxes[i], truth));
        }
        return fits;
    }
}
