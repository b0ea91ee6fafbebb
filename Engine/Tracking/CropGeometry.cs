using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tracking;

/// <summary>
/// Every rounding and centre convention of the trackers, in one place. Centres are in the originals' coordinates, where the
/// first pixel is 1; squares for the kernels are 0-based; <see cref="Round"/> goes half away from zero, as MATLAB's does.
/// </summary>
internal static class CropGeometry
{
    internal static int Round(double value) => (int)Math.Round(value, MidpointRounding.AwayFromZero);

    /// <summary>Side of the square that holds the target with its context: sqrt((w + c(w+h)) * (h + c(w+h))).</summary>
    internal static double ContextSide(double width, double height, double context)
    {
        double around = context * (width + height);
        return Math.Sqrt((width + around) * (height + around));
    }

    /// <summary>
    /// The square of <paramref name="side"/> pixels around a centre: its first pixel is round(centre - (side+1)/2). Around the
    /// centre (1+n)/2 of an image of n pixels that is pixel 0, one outside: the originals lose a line there, and so do we.
    /// </summary>
    internal static CropSquare Square((double X, double Y) center, int side)
    {
        double half = (side + 1) / 2.0;
        return new CropSquare(Round(center.X - half) - 1, Round(center.Y - half) - 1, side);
    }

    /// <summary>One crop, resampled once.</summary>
    internal static CropSquare Single((double X, double Y) center, double side, int size, out int regionSize, Span<CropSquare> level)
    {
        regionSize = size;
        level[0] = new CropSquare(0, 0, size);
        return Square(center, RoundSide(side));
    }

    /// <summary>
    /// Crops of several sides, ascending: the largest square is cut from the frame and resized so that the smallest one is
    /// <paramref name="size"/> pixels; each crop is then cut from that region around its middle.
    /// </summary>
    internal static CropSquare Pyramid(
        (double X, double Y) center, ReadOnlySpan<double> sides, int size, out int regionSize, Span<CropSquare> levels)
    {
        int smallest = RoundSide(sides[0]);
        int largest = RoundSide(sides[^1]);
        regionSize = Round((double)size * largest / smallest);
        double middle = (1 + regionSize) / 2.0;
        for (int i = 0; i < sides.Length; i++)
            levels[i] = Square((middle, middle), Round((double)size * RoundSide(sides[i]) / smallest));
        return Square(center, largest);
    }

    /// <summary>
    /// How far the target moved, in frame pixels, from the peak's 0-based row or column in a map of N x N.
    /// </summary>
    internal static double Displacement(int peak, int mapSize, int stride, int upsampling, double side, int searchSize, TrackerConventions conventions)
    {
        // 1-based: the peak is at peak + 1.
        (double center, double pixels) = conventions == TrackerConventions.SiamFc
            ? ((mapSize + 1) / 2, Round(side))
            : ((mapSize + 1) / 2.0, side);
        return (peak + 1 - center) * stride / upsampling * pixels / searchSize;
    }

    // A target of a fraction of a pixel still has a crop.
    private static int RoundSide(double side) => Math.Max(1, Round(side));
}
