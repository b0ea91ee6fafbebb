using System.Numerics;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Data;

/// <summary>What is done to a crop for training.</summary>
/// <param name="StretchX">Source pixels to a pixel of the crop, along x.</param>
/// <param name="StretchY">Source pixels to a pixel of the crop, along y.</param>
/// <param name="ShiftX">Where the crop's middle looks, in pixels right of the target.</param>
/// <param name="ShiftY">Where the crop's middle looks, in pixels below the target.</param>
/// <param name="Color">What is added to every pixel.</param>
/// <param name="Grey">Whether colours become their luminance.</param>
internal readonly record struct Alteration(float StretchX, float StretchY, float ShiftX, float ShiftY, RgbColor Color, bool Grey);

/// <summary>Cuts crops for one thread at a time: the tracker's own resampling, with a margin for the alterations.</summary>
internal sealed class CropReader : IDisposable
{
    private readonly PairOptions options;
    private readonly CpuDevice device = new(1);
    private readonly FrameWindow window = new();
    private readonly Cutter exemplar, search;

    public CropReader(PairOptions options)
    {
        this.options = options;
        exemplar = new Cutter(device, options.ExemplarSize + 2 * options.MarginOf(options.ExemplarSize));
        search = options.SearchSize == options.ExemplarSize
            ? exemplar
            : new Cutter(device, options.SearchSize + 2 * options.MarginOf(options.SearchSize));
    }

    /// <summary>Whether a place, in 1-based coordinates, is in the frame read last.</summary>
    public bool IsInFrame((double X, double Y) place)
        => place.X >= 1 && place.Y >= 1 && place.X <= window.FrameWidth && place.Y <= window.FrameHeight;

    /// <summary>Cuts one crop; false when the frame cannot be read.</summary>
    /// <param name="video">Whose frame it is.</param>
    /// <param name="frame">The frame's number.</param>
    /// <param name="center">The crop's middle, 1-based.</param>
    /// <param name="side">Frame pixels on a side of the crop.</param>
    /// <param name="size">Rows and columns of the crop.</param>
    /// <param name="alteration">What is done to it.</param>
    /// <param name="crop">Receives RGB, [size][size][3].</param>
    public bool TryCrop(
        TrainingVideo video, int frame, (double X, double Y) center, double side, int size, in Alteration alteration, Span<float> crop)
    {
        Cutter cutter = size == options.ExemplarSize ? exemplar : search;
        Span<CropSquare> level = stackalloc CropSquare[1];
        CropSquare square = CropGeometry.Single(center, side * cutter.Size / size, cutter.Size, out int regionSize, level);
        if (!video.TryRead(frame, square, window))
            return false;
        var pyramid = new CropPyramid
        {
            Region = new CropSquare(square.X - window.Left, square.Y - window.Top, square.Side),
            RegionSize = regionSize,
            Levels = level,
            Padding = window.Padding,
        };
        cutter.Cut(window.Pixels, pyramid);
        cutter.Alter(alteration, size, crop);
        return true;
    }

    public void Dispose()
    {
        exemplar.Dispose();
        search.Dispose();
        device.Dispose();
    }

    /// <summary>Crops of one size, with their margin.</summary>
    private sealed class Cutter : IDisposable
    {
        private readonly CpuDevice device;
        private readonly CropResize operation;
        private readonly TensorView crops;
        private readonly float[] planar;
        private readonly float[] mixed;
        private readonly int[] columns;
        private readonly float[] parts;

        public Cutter(CpuDevice device, int size)
        {
            (this.device, Size) = (device, size);
            operation = device.Prepare(new CropResizeSpec(1, size));
            crops = device.Allocate(operation.Spec.Crops, TensorLayout.Interleaved);
            planar = new float[3 * size * size];
            mixed = new float[3 * size];
            (columns, parts) = (new int[size], new float[size]);
        }

        /// <summary>Rows and columns, margin included.</summary>
        public int Size { get; }

        public void Cut(Frame frame, in CropPyramid pyramid)
        {
            operation.Forward(frame, pyramid, crops);
            device.Download(crops, planar);
        }

        /// <summary>One bilinear resampling does stretch, shift and margin; with none of them it copies.</summary>
        public void Alter(in Alteration alteration, int size, Span<float> crop)
        {
            float middle = (Size - 1) / 2f, half = (size - 1) / 2f;
            for (int x = 0; x < size; x++)
            {
                float at = Math.Clamp(middle + alteration.ShiftX + alteration.StretchX * (x - half), 0, Size - 1);
                columns[x] = Math.Clamp((int)at, 0, Math.Max(0, Size - 2));
                parts[x] = at - columns[x];
            }
            (float red, float green, float blue) = alteration.Color;
            int plane = Size * Size, next = Size > 1 ? 1 : 0;
            Span<float> reds = mixed.AsSpan(0, Size), greens = mixed.AsSpan(Size, Size), blues = mixed.AsSpan(2 * Size, Size);
            for (int y = 0; y < size; y++)
            {
                float at = Math.Clamp(middle + alteration.ShiftY + alteration.StretchY * (y - half), 0, Size - 1);
                int row = Math.Clamp((int)at, 0, Math.Max(0, Size - 2));
                float part = at - row;
                Mix(planar.AsSpan(row * Size, Size), planar.AsSpan((row + next) * Size, Size), part, red, reds);
                Mix(planar.AsSpan(plane + row * Size, Size), planar.AsSpan(plane + (row + next) * Size, Size), part, green, greens);
                Mix(planar.AsSpan(2 * plane + row * Size, Size), planar.AsSpan(2 * plane + (row + next) * Size, Size), part, blue, blues);
                Span<float> to = crop.Slice(3 * y * size, 3 * size);
                for (int x = 0; x < size; x++)
                {
                    int column = columns[x], right = column + next;
                    float weight = parts[x];
                    to[3 * x] = reds[column] + (reds[right] - reds[column]) * weight;
                    to[3 * x + 1] = greens[column] + (greens[right] - greens[column]) * weight;
                    to[3 * x + 2] = blues[column] + (blues[right] - blues[column]) * weight;
                }
                if (alteration.Grey)
                    ToGrey(to);
            }
        }

        public void Dispose()
        {
            operation.Dispose();
            crops.Buffer.Dispose();
        }

        // to = upper + (lower - upper) * part + offset
        private static void Mix(ReadOnlySpan<float> upper, ReadOnlySpan<float> lower, float part, float offset, Span<float> to)
        {
            int x = 0;
            for (; x <= to.Length - Vector<float>.Count; x += Vector<float>.Count)
            {
                var above = new Vector<float>(upper[x..]);
                (above + (new Vector<float>(lower[x..]) - above) * part + new Vector<float>(offset)).CopyTo(to[x..]);
            }
            for (; x < to.Length; x++)
                to[x] = upper[x] + (lower[x] - upper[x]) * part + offset;
        }

        // MATLAB's rgb2gray.
        private static void ToGrey(Span<float> pixels)
        {
            for (int i = 0; i < pixels.Length; i += 3)
            {
                float grey = 0.2989f * pixels[i] + 0.5870f * pixels[i + 1] + 0.1140f * pixels[i + 2];
                (pixels[i], pixels[i + 1], pixels[i + 2]) = (grey, grey, grey);
            }
        }
    }
}
