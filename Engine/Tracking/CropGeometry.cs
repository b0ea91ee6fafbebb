using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Ops;

namespace SiamIlgpu.Tracking;

/// <summary>
/// Every rounding and center convention of the trackers, in one place. Centers are in the originals' coordinates, where the
/// first pixel is 1; squares for the kernels are 0-based; <see cref="Round"/> goes half away from zero, as MATLAB's does.
/// </summary>
public static class CropGeometry
{
    /// <summary>The nearest whole number; halves go away from zero.</summary>
    public static int Round(double value) => (int)Math.Round(value, MidpointRounding.AwayFromZero);

    /// <summary>Side of the square that holds the target with its context: sqrt((w + c(w+h)) * (h + c(w+h))).</summary>
    /// <param name="width">The target's width w in pixels.</param>
    /// <param name="height">The target's height h in pixels.</param>
    /// <param name="context">The share c of width and height that is added on each axis.</param>
    public static double ContextSide(double width, double height, double context)
    {
        double around = context * (width + height);
        return Math.Sqrt((width + around) * (height + around));
    }

    /// <summary>
    /// The square of <paramref name="side"/> pixels around a center: its first pixel is round(center - (side+1)/2). Around the
    /// center (1+n)/2 of an image of n pixels that is pixel 0, one outside: the originals lose a line there, and so do we.
    /// </summary>
    /// <param name="center">The center, where the first pixel is (1, 1).</param>
    /// <param name="side">The square's side in pixels.</param>
    /// <returns>The square, counted from 0.</returns>
    public static CropSquare Square((double X, double Y) center, int side)
    {
        double half = (side + 1) / 2.0;
        return new CropSquare(Round(center.X - half) - 1, Round(center.Y - half) - 1, side);
    }

    /// <summary>One crop, resampled once: the region is the crop.</summary>
    /// <param name="center">The crop's center in the frame, where the first pixel is (1, 1).</param>
    /// <param name="side">The crop's side in the frame, in pixels.</param>
    /// <param name="size">The side that the crop is resized to.</param>
    /// <param name="regionSize">The side that the region is resized to.</param>
    /// <param name="level">Takes the crop's square within the region: one element.</param>
    /// <returns>The region to cut from the frame.</returns>
    public static CropSquare Single((double X, double Y) center, double side, int size, out int regionSize, Span<CropSquare> level)
    {
        regionSize = size;
        level[0] = new CropSquare(0, 0, size);
        return Square(center, RoundSide(side));
    }

    /// <summary>
    /// Crops of several sides, ascending: the largest square is cut from the frame and resized so that the smallest one is
    /// <paramref name="size"/> pixels; each crop is then cut from that region around its middle.
    /// </summary>
    /// <param name="center">The crops' center in the frame, where the first pixel is (1, 1).</param>
    /// <param name="sides">The crops' sides in the frame, in pixels, ascending.</param>
    /// <param name="size">The side that each crop is resized to.</param>
    /// <param name="regionSize">The side that the region is resized to.</param>
    /// <param name="levels">Takes each crop's square within the region; as long as <paramref name="sides"/>.</param>
    /// <returns>The region to cut from the frame.</returns>
    public static CropSquare Pyramid(
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
    /// How far the target moved along one axis, in frame pixels, from the peak's row or column in the upsampled response.
    /// </summary>
    /// <param name="peak">The peak's row or column, from 0.</param>
    /// <param name="mapSize">Rows or columns of the upsampled response.</param>
    /// <param name="stride">Pixels of the search crop to one value of the response before upsampling.</param>
    /// <param name="upsampling">How many times the response was enlarged.</param>
    /// <param name="side">The search crop's side in the frame, in pixels.</param>
    /// <param name="searchSize">The side that the search crop was resized to.</param>
    /// <param name="conventions">Whose rounding is followed.</param>
    public static double Displacement(int peak, int mapSize, int stride, int upsampling, double side, int searchSize, TrackerConventions conventions)
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
