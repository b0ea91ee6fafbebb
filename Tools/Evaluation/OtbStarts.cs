using SiamIlgpu.Tracking;

namespace SiamIlgpu.Evaluation;

/// <summary>
/// The starts of OTB's robustness tests (Wu, Lim and Yang 2013): from later frames (TRE), and with boxes that are slightly wrong (SRE).
/// They are the toolkit's starts to the pixel, except that its lists of occluded frames are not used: they are not part of the sequences.
/// </summary>
public static class OtbStarts
{
    private const int Segments = 20;
    private const int ShortestSegment = 20;

    /// <summary>
    /// TRE: 20 frames to start from, including the first. Every run lasts to the last frame. The starts are spread evenly over the
    /// annotated frames that have at least 19 other frames after them, so a short sequence has some of them more than once. If there are no
    /// such frames, the only start is the first annotated frame.
    /// </summary>
    /// <param name="groundTruth">The true boxes; null where the target is absent or not annotated.</param>
    /// <returns>Frame numbers from 0, ascending; empty when no frame has a true box.</returns>
    public static IReadOnlyList<int> Temporal(IReadOnlyList<BoundingBox?> groundTruth)
    {
        int[] annotated = [.. Enumerable.Range(0, groundTruth.Count).Where(i => groundTruth[i] is { IsValid: true, X: > 0, Y: > 0 })];
        if (annotated.Length == 0)
            return [.. Enumerable.Range(0, groundTruth.Count).Where(i => groundTruth[i] is { IsValid: true }).Take(1)];
        int usable = annotated.Count(i => groundTruth.Count - i >= ShortestSegment);
        if (usable == 0)
            return [annotated[0]];
        // MATLAB's floor(1 : usable/19 : usable), and the last usable frame.
        var starts = new List<int>();
        for (int k = 0; (Segments - 1) + k * usable <= (Segments - 1) * usable; k++)
            starts.Add(annotated[k * usable / (Segments - 1)]);
        starts.Add(annotated[usable - 1]);
        return starts;
    }

    /// <summary>
    /// SRE: 12 boxes near the true one. Four are moved by a tenth of its size. In four, one corner is moved outwards by a tenth of the
    /// size, and the opposite corner stays. Four are scaled about the center. Coordinates are rounded to whole pixels where the toolkit
    /// rounds them, and the boxes are fitted into the frame.
    /// </summary>
    /// <param name="truth">The true box in the frame to start from.</param>
    /// <param name="width">Pixels in a row of that frame.</param>
    /// <param name="height">Rows of that frame.</param>
    public static IReadOnlyList<SpatialStart> Spatial(BoundingBox truth, int width, int height)
    {
        (double x, double y, double w, double h) = (truth.X, truth.Y, truth.Width, truth.Height);
        double dx = Math.Ceiling(0.1 * w), dy = Math.Ceiling(0.1 * h);
        double left = Round(x - 0.1 * w), top = Round(y - 0.1 * h);
        // The toolkit's lower right corner is the last pixel inside the box.
        double lastX = x + w - 1, lastY = y + h - 1;
        double right = Round(lastX + 0.1 * w), bottom = Round(lastY + 0.1 * h);
        return
        [
            Start("left", new BoundingBox(x - dx, y, w, h)),
            Start("right", new BoundingBox(x + dx, y, w, h)),
            Start("up", new BoundingBox(x, y - dy, w, h)),
            Start("down", new BoundingBox(x, y + dy, w, h)),
            Start("top-left", Corners(left, top, lastX, lastY)),
            Start("top-right", Corners(x, top, right, lastY)),
            Start("bottom-left", Corners(left, y, lastX, bottom)),
            Start("bottom-right", Corners(x, y, right, bottom)),
            Scaled("scale-8", 0.8),
            Scaled("scale-9", 0.9),
            Scaled("scale-11", 1.1),
            Scaled("scale-12", 1.2),
        ];

        SpatialStart Scaled(string name, double scale)
        {
            (double cx, double cy) = truth.Center;
            return Start(name, new BoundingBox(Round(cx - scale * w / 2), Round(cy - scale * h / 2), Round(scale * w), Round(scale * h)), scale);
        }

        SpatialStart Start(string name, BoundingBox box, double scale = 1) => new(name, Inside(box, width, height), scale);
    }

    private static BoundingBox Corners(double left, double top, double right, double bottom) =>
        new(left, top, right - left + 1, bottom - top + 1);

    // The frame's first pixel is (1, 1). As in the toolkit, a box beyond the left or top edge is moved in and keeps its size.
    private static BoundingBox Inside(BoundingBox box, int width, int height)
    {
        double x = Math.Max(box.X, 1), y = Math.Max(box.Y, 1);
        return new BoundingBox(x, y, Math.Min(box.Width, width - x + 1), Math.Min(box.Height, height - y + 1));
    }

    private static double Round(double value) => Math.Round(value, MidpointRounding.AwayFromZero);
}

/// <summary>A box to start from, which may be slightly wrong.</summary>
/// <param name="Name">How the box differs from the true one: left, top-right, scale-11 and so on.</param>
/// <param name="Box">The box, in pixels.</param>
/// <param name="Scale">Its size relative to the true box; 1 for a box that is not scaled.</param>
public readonly record struct SpatialStart(string Name, BoundingBox Box, double Scale)
{
    /// <summary>
    /// Makes the box that is scored from a tracked box. If the start was scaled, the tracked box is scaled back about its center and
    /// rounded, as the toolkit does.
    /// </summary>
    public BoundingBox Restore(BoundingBox box)
    {
        if (Scale == 1)
            return box;
        // The toolkit's center of a box is the mean of its first and its last pixel.
        double cx = box.X + (box.Width - 1) / 2, cy = box.Y + (box.Height - 1) / 2;
        double w = box.Width / Scale, h = box.Height / Scale;
        return new BoundingBox(Round(cx - w / 2), Round(cy - h / 2), Round(w), Round(h));

        static double Round(double value) => Math.Round(value, MidpointRounding.AwayFromZero);
    }
}
