using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// Cuts a square of a frame, resizes it as <see cref="CropResize"/> does, and takes samples at any places of the resized square: for crops
/// that are shifted and stretched by fractions of a pixel. The bicubic and the linear weights are multiplied first, so the resized square
/// is never stored. Runs on the calling thread. The same arguments give the same bits on every processor. For one thread at a time.
/// </summary>
/// <example>
/// <code>
/// using var sampler = new CropSampler();
/// float[] places = [0.25f, 1.25f, 2.25f];             // a crop of 3 x 3, shifted by a quarter of a pixel
/// sampler.Sample(frame, new CropSquare(10, 20, 50), size: 4, places, places, RgbColor.MeanOf(frame), crop);
/// </code>
/// </example>
/// <remarks>
/// The first pass goes along the rows of the frame, because a frame mostly has fewer rows in the square than the crop has. Multiplications
/// and additions are rounded separately, because not every processor can fuse them.
/// </remarks>
public sealed unsafe class CropSampler : IDisposable
{
    // The first pass treats four rows together: sixteen lanes of red, green, blue and a spare value.
    private const int RowsAtATime = 4, Lanes = 16;

    private readonly BicubicTaps wholeDown = new(), wholeAlong = new(), down = new(), along = new();
    private readonly CpuScratch tileMemory = new(), rowMemory = new();

    /// <summary>Computes the samples.</summary>
    /// <param name="frame">The frame, in the host's memory.</param>
    /// <param name="square">The square to cut. It may reach outside the frame.</param>
    /// <param name="size">Rows and columns that the square is resized to, at least 1.</param>
    /// <param name="rows">The samples' rows in the resized square, 0..size-1. Between two rows, they are interpolated linearly.</param>
    /// <param name="columns">The samples' columns in the resized square, 0..size-1.</param>
    /// <param name="padding">The color of pixels outside the frame.</param>
    /// <param name="samples">Receives red, green and blue, 0..255, as [rows][columns][3].</param>
    /// <exception cref="ArgumentException">
    /// The frame is in a device's memory, a size is not positive, or <paramref name="samples"/> has the wrong length.
    /// </exception>
    public void Sample(
        in FrameView frame, CropSquare square, int size, ReadOnlySpan<float> rows, ReadOnlySpan<float> columns, RgbColor padding,
        Span<float> samples)
    {
        if (frame.OnDevice is not null)
            throw new ArgumentException("crop samples: the frame must be in the host's memory", nameof(frame));
        if (square.Side <= 0 || size <= 0 || rows.IsEmpty || columns.IsEmpty)
        {
            throw new ArgumentException(
                $"crop samples: every size must be positive, got {rows.Length} x {columns.Length} of {square} resized to {size}");
        }
        if (samples.Length != 3 * rows.Length * columns.Length)
        {
            throw new ArgumentException(
                $"crop samples: expected {rows.Length} x {columns.Length} x 3 numbers, got {samples.Length}", nameof(samples));
        }

        (int left, int width) = CropSquare.Overlap(square.X, square.Side, frame.Width);
        (int top, int height) = CropSquare.Overlap(square.Y, square.Side, frame.Height);
        wholeAlong.Compute(square.Side, size, left - square.X, width);
        wholeDown.Compute(square.Side, size, top - square.Y, height);
        along.Interpolate(wholeAlong, size, columns);
        down.Interpolate(wholeDown, size, rows);

        // After the rows comes one in the padding color. A pixel is written as four numbers, so rows have spare ones at their ends.
        int pitch = (3 * columns.Length + 1).RoundUp(Lanes), lastRow = height.RoundUp(RowsAtATime);
        float* tile = tileMemory.Reserve<float>((long)Lanes * width);
        float* known = rowMemory.Reserve<float>((lastRow + 1L) * pitch);
        Vector256<float> outside = Vector256.Create(Vector128.Create(padding.Red, padding.Green, padding.Blue, 0));
        for (int row = 0; row < height; row += RowsAtATime)
        {
            Spread(frame, left, width, top + row, Math.Min(RowsAtATime, height - row), tile);
            WeighAlong(tile, columns.Length, outside, known + (long)row * pitch, pitch);
        }
        float* background = known + (long)lastRow * pitch;
        for (int x = 0; x < columns.Length; x++)
            outside.GetLower().Store(background + 3 * x);
        fixed (float* to = samples)
        {
            int length = 3 * columns.Length;
            for (int y = 0; y < rows.Length; y++)
            {
                WeighDown(
                    known + (long)down.First[y] * pitch, pitch, down.Weights + (long)y * down.Count, background, down.Outside[y],
                    to + (long)y * length, length);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        wholeDown.Dispose();
        wholeAlong.Dispose();
        down.Dispose();
        along.Dispose();
        tileMemory.Dispose();
        rowMemory.Dispose();
    }

    // Turns up to four rows of bytes into floats, a pixel's lanes of all rows together.
    private static void Spread(in FrameView frame, int left, int width, int top, int rows, float* tile)
    {
        (int red, int green, int blue) = frame.ChannelOffsets;
        int step = frame.BytesPerPixel;
        for (int r = 0; r < rows; r++)
        {
            fixed (byte* row = frame.Pixels[(int)((long)(top + r) * frame.StrideBytes + left * step)..])
            {
                byte* from = row;
                float* to = tile + 4 * r;
                for (int x = 0; x < width; x++, from += step, to += Lanes)
                    Vector128.ConvertToSingle(Vector128.Create(from[red], from[green], from[blue], 0)).Store(to);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WeighAlong(float* tile, int columns, Vector256<float> outside, float* to, nint pitch)
    {
        int taps = along.Count;
        float* weights = along.Weights;
        for (int x = 0; x < columns; x++, weights += taps, to += 3)
        {
            float* from = tile + (nint)along.First[x] * Lanes;
            Vector256<float> upper = along.Outside[x] * outside, lower = upper;
            for (int t = 0; t < taps; t++, from += Lanes)
            {
                Vector256<float> weight = Vector256.Create(weights[t]);
                upper += weight * Vector256.Load(from);
                lower += weight * Vector256.Load(from + 8);
            }
            upper.GetLower().Store(to);
            upper.GetUpper().Store(to + pitch);
            lower.GetLower().Store(to + 2 * pitch);
            lower.GetUpper().Store(to + 3 * pitch);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WeighDown(float* from, nint pitch, float* weights, float* background, float outside, float* to, int count)
    {
        int taps = down.Count, i = 0;
        for (; i <= count - 32; i += 32)
        {
            Vector256<float> weight = Vector256.Create(outside);
            Vector256<float> s0 = weight * Vector256.Load(background + i), s1 = weight * Vector256.Load(background + i + 8);
            Vector256<float> s2 = weight * Vector256.Load(background + i + 16), s3 = weight * Vector256.Load(background + i + 24);
            float* p = from + i;
            for (int t = 0; t < taps; t++, p += pitch)
            {
                weight = Vector256.Create(weights[t]);
                s0 += weight * Vector256.Load(p);
                s1 += weight * Vector256.Load(p + 8);
                s2 += weight * Vector256.Load(p + 16);
                s3 += weight * Vector256.Load(p + 24);
            }
            s0.Store(to + i);
            s1.Store(to + i + 8);
            s2.Store(to + i + 16);
            s3.Store(to + i + 24);
        }
        for (; i < count; i++)
        {
            float sum = outside * background[i];
            for (int t = 0; t < taps; t++)
                sum += weights[t] * from[t * pitch + i];
            to[i] = sum;
        }
    }
}
