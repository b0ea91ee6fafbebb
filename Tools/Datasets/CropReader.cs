using System.Numerics;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Datasets;

/// <summary>How a crop is altered for training.</summary>
/// <param name="StretchX">Pixels before the alteration per pixel of the crop, along x.</param>
/// <param name="StretchY">Pixels before the alteration per pixel of the crop, along y.</param>
/// <param name="ShiftX">How far the crop's center lies right of the target's, in pixels.</param>
/// <param name="ShiftY">How far the crop's center lies below the target's, in pixels.</param>
/// <param name="Color">The color that is added to every pixel.</param>
/// <param name="Gray">Whether the crop is turned gray.</param>
internal readonly record struct Alteration(float StretchX, float StretchY, float ShiftX, float ShiftY, RgbColor Color, bool Gray);

/// <summary>
/// Cuts crops with the tracker's own resampling, and with a margin for the alterations. For one thread at a time.
/// </summary>
internal sealed class CropReader(PairOptions options) : IDisposable
{
    private readonly FrameWindow window = new();
    private readonly CropSampler sampler = new();

    // The rows and columns of the samples in the crop with its margin. A search crop is not smaller than an exemplar.
    private readonly float[] allRows = new float[options.SearchSize], allColumns = new float[options.SearchSize];

    /// <summary>Whether a point, in 1-based coordinates, lies in the frame that was read last.</summary>
    public bool IsInFrame((double X, double Y) place)
        => place.X >= 1 && place.Y >= 1 && place.X <= window.FrameWidth && place.Y <= window.FrameHeight;

    /// <summary>Cuts one crop. Returns false when the frame cannot be read.</summary>
    /// <param name="video">The video.</param>
    /// <param name="frame">The frame's number.</param>
    /// <param name="center">The center of the crop in the frame, 1-based.</param>
    /// <param name="side">The side of the crop in pixels of the frame.</param>
    /// <param name="size">Rows and columns of the crop.</param>
    /// <param name="alteration">How the crop is altered.</param>
    /// <param name="crop">Receives RGB, [size][size][3].</param>
    public bool TryCrop(
        TrainingVideo video, int frame, (double X, double Y) center, double side, int size, in Alteration alteration, Span<float> crop)
    {
        int whole = size + 2 * options.MarginOf(size);
        Span<CropSquare> level = stackalloc CropSquare[1];
        CropSquare square = CropGeometry.Single(center, side * whole / size, whole, out int regionSize, level);
        if (!video.TryRead(frame, square, window))
            return false;
        Span<float> rows = allRows.AsSpan(0, size), columns = allColumns.AsSpan(0, size);
        Place(rows, regionSize, alteration.ShiftY, alteration.StretchY);
        Place(columns, regionSize, alteration.ShiftX, alteration.StretchX);
        var inWindow = new CropSquare(square.X - window.Left, square.Y - window.Top, square.Side);
        sampler.Sample(window.Pixels, inWindow, regionSize, rows, columns, window.Padding, crop);
        Add(alteration.Color, crop);
        if (alteration.Gray)
            ToGray(crop);
        return true;
    }

    public void Dispose() => sampler.Dispose();

    // Spreads the places around the middle of the whole crop.
    private static void Place(Span<float> places, int whole, float shift, float stretch)
    {
        float middle = (whole - 1) / 2f + shift, half = (places.Length - 1) / 2f;
        for (int i = 0; i < places.Length; i++)
            places[i] = Math.Clamp(middle + stretch * (i - half), 0, whole - 1);
    }

    private static void Add(RgbColor color, Span<float> crop)
    {
        if (color == default)
            return;
        // A vector of n floats begins with red, green or blue. After three vectors the same begins again.
        int n = Vector<float>.Count;
        Span<float> pattern = stackalloc float[3 * n];
        for (int k = 0; k < pattern.Length; k += 3)
            (pattern[k], pattern[k + 1], pattern[k + 2]) = (color.Red, color.Green, color.Blue);
        var (first, second, third) = (new Vector<float>(pattern), new Vector<float>(pattern[n..]), new Vector<float>(pattern[(2 * n)..]));
        int i = 0;
        for (; i <= crop.Length - 3 * n; i += 3 * n)
        {
            Span<float> part = crop.Slice(i, 3 * n);
            (new Vector<float>(part) + first).CopyTo(part);
            (new Vector<float>(part[n..]) + second).CopyTo(part[n..]);
            (new Vector<float>(part[(2 * n)..]) + third).CopyTo(part[(2 * n)..]);
        }
        for (; i < crop.Length; i += 3)
            (crop[i], crop[i + 1], crop[i + 2]) = (crop[i] + color.Red, crop[i + 1] + color.Green, crop[i + 2] + color.Blue);
    }

    // The weights of MATLAB's rgb2gray.
    private static void ToGray(Span<float> crop)
    {
        for (int i = 0; i < crop.Length; i += 3)
        {
            float gray = 0.2989f * crop[i] + 0.5870f * crop[i + 1] + 0.1140f * crop[i + 2];
            (crop[i], crop[i + 1], crop[i + 2]) = (gray, gray, gray);
        }
    }
}
