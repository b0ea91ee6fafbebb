namespace SiamIlgpu.Tracking;

/// <summary>
/// An axis-aligned box in a frame, in pixels: left, top, width and height. Coordinates count from 1, as in OTB and in the authors' code:
/// the center of the frame's first pixel is at (1, 1).
/// </summary>
/// <param name="X">Left edge.</param>
/// <param name="Y">Top edge.</param>
/// <param name="Width">Width.</param>
/// <param name="Height">Height.</param>
/// <example>
/// <code>
/// var box = new BoundingBox(X: 205, Y: 151, Width: 17, Height: 50);
/// BoundingBox moved = box with { X = 210 };
/// Console.WriteLine(box.IntersectionOverUnion(moved));    // 12 / 22
/// </code>
/// </example>
public readonly record struct BoundingBox(double X, double Y, double Width, double Height)
{
    /// <summary>Whether all four numbers are finite, and width and height are positive.</summary>
    public bool IsValid => double.IsFinite(X) && double.IsFinite(Y) && double.IsFinite(Width) && double.IsFinite(Height)
        && Width > 0 && Height > 0;

    /// <summary>Area in square pixels.</summary>
    public double Area => Width * Height;

    /// <summary>The center: X + Width / 2 and Y + Height / 2.</summary>
    public (double X, double Y) Center => (X + Width / 2, Y + Height / 2);

    /// <summary>
    /// The box for a polygon with four corners (VOT's ground truth). Its center is the mean of the corners. Its width and height are those
    /// of the corners' axis-aligned extent, shrunk until the area is that of the polygon, plus 1. The polygon's area is the product of
    /// its first two sides, which is exact for a rectangle.
    /// </summary>
    /// <param name="corners">x1, y1, ..., x4, y4.</param>
    /// <exception cref="ArgumentException">There are more or fewer than eight numbers.</exception>
    public static BoundingBox FromPolygon(ReadOnlySpan<double> corners)
    {
        if (corners.Length != 8)
            throw new ArgumentException($"a polygon has four corners, eight numbers; got {corners.Length}");
        double cx = (corners[0] + corners[2] + corners[4] + corners[6]) / 4;
        double cy = (corners[1] + corners[3] + corners[5] + corners[7]) / 4;
        double x1 = Math.Min(Math.Min(corners[0], corners[2]), Math.Min(corners[4], corners[6]));
        double x2 = Math.Max(Math.Max(corners[0], corners[2]), Math.Max(corners[4], corners[6]));
        double y1 = Math.Min(Math.Min(corners[1], corners[3]), Math.Min(corners[5], corners[7]));
        double y2 = Math.Max(Math.Max(corners[1], corners[3]), Math.Max(corners[5], corners[7]));
        double sides = double.Hypot(corners[0] - corners[2], corners[1] - corners[3])
            * double.Hypot(corners[2] - corners[4], corners[3] - corners[5]);
        double scale = Math.Sqrt(sides / ((x2 - x1) * (y2 - y1)));
        double width = scale * (x2 - x1) + 1;
        double height = scale * (y2 - y1) + 1;
        return new BoundingBox(cx - width / 2, cy - height / 2, width, height);
    }

    /// <summary>The area of the overlap divided by the area of the union, 0..1. It is 0 if either box is not valid.</summary>
    public double IntersectionOverUnion(BoundingBox other)
    {
        if (!IsValid || !other.IsValid)
            return 0;
        double width = Math.Min(X + Width, other.X + other.Width) - Math.Max(X, other.X);
        double height = Math.Min(Y + Height, other.Y + other.Height) - Math.Max(Y, other.Y);
        if (width <= 0 || height <= 0)
            return 0;
        double overlap = width * height;
        return overlap / (Area + other.Area - overlap);
    }

    /// <summary>The box as x,y,w,h with four decimals.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{X:F4},{Y:F4},{Width:F4},{Height:F4}");
}
