using SiamIlgpu.Tracking;

namespace SiamIlgpu.Evaluation;

/// <summary>
/// The overlap of a box with a polygon of four corners, as VOT's ground truth has it. The areas are exact, while VOT's toolkit counts the
/// pixels of two masks. A polygon that crosses itself has no meaningful area.
/// </summary>
public static class PolygonOverlap
{
    // Each of the rectangle's four edges cuts off at most two pieces of the polygon, and adds at most one corner for each piece.
    private const int MostCorners = 16;

    /// <summary>Area of the intersection over area of the union, both within the frame; 0 when the box is not valid.</summary>
    /// <param name="box">The tracker's box.</param>
    /// <param name="corners">x1, y1, ..., x4, y4, in order around the polygon.</param>
    /// <param name="width">Pixels in a row of the frame; what lies outside of 0..width does not count.</param>
    /// <param name="height">Rows of the frame.</param>
    /// <exception cref="ArgumentException">The corners are not eight numbers.</exception>
    public static double IntersectionOverUnion(BoundingBox box, ReadOnlySpan<double> corners, double width, double height)
    {
        if (corners.Length != 8)
            throw new ArgumentException($"a polygon has four corners, eight numbers; got {corners.Length}");
        if (!box.IsValid)
            return 0;
        double left = Math.Max(box.X, 0), right = Math.Min(box.X + box.Width, width);
        double top = Math.Max(box.Y, 0), bottom = Math.Min(box.Y + box.Height, height);
        double boxArea = Math.Max(right - left, 0) * Math.Max(bottom - top, 0);
        double polygonArea = ClippedArea(corners, 0, width, 0, height);
        double overlap = boxArea > 0 ? ClippedArea(corners, left, right, top, bottom) : 0;
        return overlap > 0 ? overlap / (boxArea + polygonArea - overlap) : 0;
    }

    // The polygon is clipped at one edge of the rectangle after the other (Sutherland and Hodgman), and the shoelace formula gives the
    // area. A concave polygon may leave edges along the rectangle, but these enclose no area.
    private static double ClippedArea(ReadOnlySpan<double> corners, double left, double right, double top, double bottom)
    {
        Span<double> current = stackalloc double[2 * MostCorners], next = stackalloc double[2 * MostCorners];
        corners.CopyTo(current);
        int count = corners.Length / 2;
        count = Clip(current, count, next, axis: 0, sign: 1, left);
        count = Clip(next, count, current, axis: 0, sign: -1, right);
        count = Clip(current, count, next, axis: 1, sign: 1, top);
        count = Clip(next, count, current, axis: 1, sign: -1, bottom);
        double twice = 0;
        for (int i = 0; i < count; i++)
        {
            int j = (i + 1) % count;
            twice += current[2 * i] * current[2 * j + 1] - current[2 * j] * current[2 * i + 1];
        }
        return Math.Abs(twice) / 2;
    }

    /// <summary>Keeps the part of a polygon on the inner side of an axis-parallel line: sign * (coordinate - limit) >= 0.</summary>
    private static int Clip(ReadOnlySpan<double> polygon, int count, Span<double> kept, int axis, double sign, double limit)
    {
        int written = 0;
        for (int i = 0; i < count; i++)
        {
            int j = (i + 1) % count;
            double from = sign * (polygon[2 * i + axis] - limit), to = sign * (polygon[2 * j + axis] - limit);
            if (from >= 0)
            {
                kept[2 * written] = polygon[2 * i];
                kept[2 * written++ + 1] = polygon[2 * i + 1];
            }
            if (from < 0 == to < 0)
                continue;
            double share = from / (from - to);
            kept[2 * written + axis] = limit;
            kept[2 * written++ + 1 - axis] = polygon[2 * i + 1 - axis] + share * (polygon[2 * j + 1 - axis] - polygon[2 * i + 1 - axis]);
        }
        return written;
    }
}
