using SiamIlgpu.Tracking;

namespace SiamIlgpu.Evaluation;

/// <summary>
/// GOT-10k's figures (Huang, Zhao and Huang, PAMI 2019), as its toolkit computes them for the validation set: over the frames of all
/// sequences together, so a long sequence counts more.
/// </summary>
/// <param name="Frames">Number of frames that count.</param>
/// <param name="AverageOverlap">AO: mean IoU.</param>
/// <param name="SuccessRate50">SR0.5: share of frames with an IoU above 0.5.</param>
/// <param name="SuccessRate75">SR0.75: share of frames with an IoU above 0.75.</param>
public readonly record struct Got10kScore(int Frames, double AverageOverlap, double SuccessRate50, double SuccessRate75)
{
    /// <summary>The figures of a list of frames, from one sequence or from all; NaN when there are no frames.</summary>
    public static Got10kScore Of(IReadOnlyCollection<double> overlaps)
    {
        double frames = overlaps.Count;
        return frames == 0
            ? new Got10kScore(0, double.NaN, double.NaN, double.NaN)
            : new Got10kScore(overlaps.Count, overlaps.Average(), overlaps.Count(o => o > 0.5) / frames, overlaps.Count(o => o > 0.75) / frames);
    }

    /// <summary>
    /// The IoU of every frame that has a true box, except the first, whose box the tracker was given. As in the toolkit, both boxes are
    /// first fitted into the frame: the upper left corner is moved inside, then width and height are cut.
    /// </summary>
    /// <param name="boxes">The tracker's boxes.</param>
    /// <param name="groundTruth">The true boxes; null where the target is absent.</param>
    /// <param name="width">Pixels in a row of a frame.</param>
    /// <param name="height">Rows of a frame.</param>
    public static IReadOnlyList<double> Overlaps(
        IReadOnlyList<BoundingBox> boxes, IReadOnlyList<BoundingBox?> groundTruth, int width, int height)
    {
        var overlaps = new List<double>(boxes.Count);
        for (int i = 1; i < Math.Min(boxes.Count, groundTruth.Count); i++)
        {
            if (groundTruth[i] is { IsValid: true } truth)
                overlaps.Add(Bound(boxes[i]).IntersectionOverUnion(Bound(truth)));
        }
        return overlaps;

        BoundingBox Bound(BoundingBox box)
        {
            double x = Math.Clamp(box.X, 0, width), y = Math.Clamp(box.Y, 0, height);
            return new BoundingBox(x, y, Math.Clamp(box.Width, 0, width - x), Math.Clamp(box.Height, 0, height - y));
        }
    }
}
