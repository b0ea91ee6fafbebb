using SiamIlgpu.Kernels.Ops;

namespace SiamIlgpu.Tracking;

/// <summary>
/// Computes where the trackers' crops lie and how far a target has moved, and holds all rules of rounding and centering in one place.
/// Centers are in the coordinates of the authors' code, where the first pixel is (1, 1). Squares are 0-based, as the kernels need them.
/// <see cref="Round"/> rounds halves away from zero, as MATLAB does.
/// </summary>
/// <example>
/// The exemplar crop of SiamFC's tracker:
/// <code>
/// double side = CropGeometry.ContextSide(box.Width, box.Height, context: 0.5);
/// var levels = new CropSquare[1];
/// CropSquare region = CropGeometry.Single(box.Center, side, size: 127, out int regionSize, levels);
/// using CropResize crop = device.Prepare(new CropResizeSpec(Levels: 1, Size: 127));
/// using Tensor crops = device.Allocate(crop.Spec.Crops, TensorLayout.Interleaved);
/// var pyramid = new CropPyramid { Region = region, RegionSize = regionSize, Levels = levels, Padding = RgbColor.MeanOf(frame) };
/// crop.Forward(frame, pyramid, crops);
/// </code>
/// </example>
public static class CropGeometry
{
    /// <summary>The nearest whole number; halves are rounded away from zero.</summary>
    public static int Round(double value) => (int)Math.Round(value, MidpointRounding.AwayFromZero);

    /// <summary>
    /// Side of the square with the target and its context: sqrt((w + c(w+h)) * (h + c(w+h))). In SiamFC ("Dataset curation"), c is 1/2.
    /// </summary>
    /// <param name="width">The target's width w in pixels.</param>
    /// <param name="height">The target's height h in pixels.</param>
    /// <param name="context">The share c of width + height that is added on each axis.</param>
    public static double ContextSide(double width, double height, double context)
    {
        double around = context * (width + height);
        return Math.Sqrt((width + around) * (height + around));
    }

    /// <summary>
    /// The square of <paramref name="side"/> pixels around a center. If pixels count from 1, its first pixel is round(center - (side+1)/2).
    /// For a square of n pixels around the center (1+n)/2 of an image of n pixels, that is pixel 0, which lies outside the image. The
    /// authors' code loses a row and a column there, and so does this.
    /// </summary>
    /// <param name="center">The center, where the first pixel is (1, 1).</param>
    /// <param name="side">The square's side in pixels.</param>
    /// <returns>The square; its first pixel is 0-based.</returns>
    public static CropSquare Square((double X, double Y) center, int side)
    {
        double half = (side + 1) / 2.0;
        return new CropSquare(Round(center.X - half) - 1, Round(center.Y - half) - 1, side);
    }

    /// <summary>Computes the square of a single crop. The region is the crop itself, so the pixels are resampled once.</summary>
    /// <param name="center">The crop's center in the frame, where the first pixel is (1, 1).</param>
    /// <param name="side">The crop's side in the frame, in pixels.</param>
    /// <param name="size">The side that the crop is resized to.</param>
    /// <param name="regionSize">The side that the region is resized to.</param>
    /// <param name="level">Receives the crop's square within the region: one element.</param>
    /// <returns>The region to cut from the frame.</returns>
    public static CropSquare Single((double X, double Y) center, double side, int size, out int regionSize, Span<CropSquare> level)
    {
        regionSize = size;
        level[0] = new CropSquare(0, 0, size);
        return Square(center, RoundSide(side));
    }

    /// <summary>
    /// Computes the squares of crops of several sizes around one center. The region is the largest of them. It is cut from the frame and
    /// resized so that the smallest crop in it has <paramref name="size"/> pixels. Each crop is then cut from the middle of the region.
    /// </summary>
    /// <param name="center">The crops' center in the frame, where the first pixel is (1, 1).</param>
    /// <param name="sides">The crops' sides in the frame, in pixels, ascending.</param>
    /// <param name="size">The side that each crop is resized to.</param>
    /// <param name="regionSize">The side that the region is resized to.</param>
    /// <param name="levels">Receives each crop's square within the region; as long as <paramref name="sides"/>.</param>
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
    /// Computes how far the target has moved along one axis, in frame pixels, from the peak's row or column in the upsampled response.
    /// </summary>
    /// <param name="peak">The peak's row or column, 0-based.</param>
    /// <param name="mapSize">Rows or columns of the upsampled response.</param>
    /// <param name="stride">Pixels of the search crop per cell of the response, before upsampling.</param>
    /// <param name="upsampling">The factor of the upsampling.</param>
    /// <param name="side">The search crop's side in the frame, in pixels.</param>
    /// <param name="searchSize">The side that the search crop was resized to.</param>
    /// <param name="conventions">Which of the authors' two trackers the rounding follows.</param>
    public static double Displacement(int peak, int mapSize, int stride, int upsampling, double side, int searchSize, TrackerConventions conventions)
    {
        // The authors' code counts from 1, so the peak is at peak + 1. SiamFC rounds the center up to a whole number.
        (double center, double pixels) = conventions == TrackerConventions.SiamFc
            ? ((mapSize + 1) / 2, Round(side))
            : ((mapSize + 1) / 2.0, side);
        return (peak + 1 - center) * stride / upsampling * pixels / searchSize;
    }

    // A target smaller than a pixel still gets a crop.
    private static int RoundSide(double side) => Math.Max(1, Round(side));
}
