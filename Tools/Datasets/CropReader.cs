using System.Numerics;
using System.Runtime.Intrinsics;
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

/// <summary>Cuts crops with the tracker's own resampling, and with a margin for the alterations. For one thread at a time.</summary>
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

    /// <summary>Cuts crops of one size, with their margin.</summary>
    private sealed class Cutter : IDisposable
    {
        private readonly CpuDevice device;
        private readonly CropResize operation;
        private readonly Tensor crops;

        // The same numbers as rows of 3 * size, so that they are downloaded in the order of the memory, pixel after pixel.
        private readonly TensorView rows;

        // The crop in RGB, and a row that is interpolated between two of its rows. A pixel is read as four numbers, so the row is longer.
        private readonly float[] pixels;
        private readonly float[] mixed;

        public Cutter(CpuDevice device, int size)
        {
            (this.device, Size) = (device, size);
            operation = device.Prepare(new CropResizeSpec(1, size));
            crops = device.Allocate(operation.Spec.Crops, TensorLayout.Interleaved);
            rows = crops.View.Slice(0, new TensorShape(1, 1, size, 3 * size), TensorLayout.Planar);
            pixels = new float[3 * size * size];
            mixed = new float[3 * size + 4];
        }

        /// <summary>Rows and columns of a crop, including its margin.</summary>
        public int Size { get; }

        public void Cut(Frame frame, in CropPyramid pyramid)
        {
            operation.Forward(frame, pyramid, crops);
            device.Download(rows, pixels);
        }

        /// <summary>
        /// Stretches, shifts and removes the margin in one bilinear resampling. Without stretch and shift it copies the pixels.
        /// </summary>
        public void Alter(in Alteration alteration, int size, Span<float> crop)
        {
            float middle = (Size - 1) / 2f, half = (size - 1) / 2f;
            Vector128<float> color = Vector128.Create(alteration.Color.Red, alteration.Color.Green, alteration.Color.Blue, 0);
            int length = 3 * Size, last = Math.Max(0, Size - 2), next = Size > 1 ? 1 : 0;
            for (int y = 0; y < size; y++)
            {
                float atY = Math.Clamp(middle + alteration.ShiftY + alteration.StretchY * (y - half), 0, Size - 1);
                int row = Math.Min((int)atY, last);
                Mix(pixels.AsSpan(row * length, length), pixels.AsSpan((row + next) * length, length), atY - row, mixed.AsSpan(0, length));
                Span<float> to = crop.Slice(3 * y * size, 3 * size);
                for (int x = 0; x < size; x++)
                {
                    float atX = Math.Clamp(middle + alteration.ShiftX + alteration.StretchX * (x - half), 0, Size - 1);
                    int column = Math.Min((int)atX, last);
                    Vector128<float> left = Vector128.Create<float>(mixed.AsSpan(3 * column, 4));
                    Vector128<float> right = Vector128.Create<float>(mixed.AsSpan(3 * (column + next), 4));
                    Vector128<float> pixel = left + (right - left) * (atX - column) + color;
                    // The fourth number overwrites the first one of the next pixel, which is written afterwards.
                    if (x < size - 1)
                        pixel.CopyTo(to[(3 * x)..]);
                    else
                        (to[3 * x], to[3 * x + 1], to[3 * x + 2]) = (pixel[0], pixel[1], pixel[2]);
                }
                if (alteration.Gray)
                    ToGray(to);
            }
        }

        public void Dispose()
        {
            operation.Dispose();
            crops.Dispose();
        }

        // to = upper + (lower - upper) * part
        private static void Mix(ReadOnlySpan<float> upper, ReadOnlySpan<float> lower, float part, Span<float> to)
        {
            int x = 0;
            for (; x <= to.Length - Vector<float>.Count; x += Vector<float>.Count)
            {
                var above = new Vector<float>(upper[x..]);
                (above + (new Vector<float>(lower[x..]) - above) * part).CopyTo(to[x..]);
            }
            for (; x < to.Length; x++)
                to[x] = upper[x] + (lower[x] - upper[x]) * part;
        }

        // The weights of MATLAB's rgb2gray.
        private static void ToGray(Span<float> row)
        {
            for (int i = 0; i < row.Length; i += 3)
            {
                float gray = 0.2989f * row[i] + 0.5870f * row[i + 1] + 0.1140f * row[i + 2];
                (row[i], row[i + 1], row[i + 2]) = (gray, gray, gray);
            }
        }
    }
}
