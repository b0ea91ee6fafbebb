using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>Pixels to resample: bytes of a frame or floats of a region.</summary>
/// <param name="Pixels">The first value of the first row.</param>
/// <param name="Stride">Values from one row to the next.</param>
/// <param name="Values">Values of one pixel.</param>
/// <param name="BlueFirst">Whether a pixel's values are blue, green, red and not red, green, blue.</param>
internal readonly unsafe record struct PixelRows<T>(nint Pixels, nint Stride, int Values, bool BlueFirst)
    where T : unmanaged
{
    internal T* At(long row, long column) => (T*)Pixels + row * Stride + column * Values;
}

/// <summary>
/// Resizes a square of an image, which may reach outside it, to RGB floats. Four rows of the output are made at a time. The first pass goes
/// down the columns; it treats all channels alike, so a vector takes any neighboring values of a row. Then the four rows are interleaved
/// as sixteen lanes (red, green, blue and a spare value of four rows), and the second pass, along the rows, computes all lanes together.
/// </summary>
internal sealed unsafe class SquareResampler : IDisposable
{
    internal const int RowsAtATime = 4;
    private const int Lanes = 16;

    private readonly BicubicTaps down = new();
    private readonly BicubicTaps along = new();
    private Vector128<float> padding;
    private int knownX, knownY;
    private int knownWidth;

    /// <summary>Prepares to cut a square from an image of the given size, and to resize it.</summary>
    internal void Prepare(CropSquare square, int outSize, int imageWidth, int imageHeight, RgbColor outside)
    {
        (knownX, knownWidth) = CropSquare.Overlap(square.X, square.Side, imageWidth);
        (knownY, int knownHeight) = CropSquare.Overlap(square.Y, square.Side, imageHeight);
        along.Compute(square.Side, outSize, knownX - square.X, knownWidth);
        down.Compute(square.Side, outSize, knownY - square.Y, knownHeight);
        padding = Vector128.Create(outside.Red, outside.Green, outside.Blue, 0);
    }

    /// <summary>Floats of scratch that one thread needs for images of the given number of values per pixel.</summary>
    internal long ScratchLength(int valuesPerPixel) => RowsAtATime * RowPitch(valuesPerPixel) + (knownWidth + 2L) * Lanes;

    /// <summary>
    /// Computes up to four rows of the output, from <paramref name="row"/> on, and of them the columns from
    /// <paramref name="column"/> on; <paramref name="to"/> is where the first of these pixels goes.
    /// </summary>
    internal void Resample<T>(in PixelRows<T> image, int row, int rows, int column, int columns, float* to, nint toStride, float* scratch)
        where T : unmanaged
    {
        nint pitch = (nint)RowPitch(image.Values);
        float* tile = scratch + RowsAtATime * pitch;
        for (int r = 0; r < rows; r++)
        {
            float* sums = scratch + r * pitch;
            int y = row + r;
            T* from = image.At(knownY + down.First[y], knownX);
            WeighRows(from, image.Stride, down.Weights + (long)y * down.Count, down.Count, sums, knownWidth * image.Values);
            Interleave(sums, image.Values, image.BlueFirst, padding * down.Outside[y], tile + r * 4);
        }
        if (Registers.Has512Bits)
            WeighColumns<Lanes512>(tile, rows, column, columns, to, toStride);
        else if (Vector256.IsHardwareAccelerated)
            WeighColumns<Lanes256>(tile, rows, column, columns, to, toStride);
        else
            WeighColumns<Lanes128>(tile, rows, column, columns, to, toStride);
    }

    public void Dispose()
    {
        down.Dispose();
        along.Dispose();
    }

    // A pixel is read as four floats, so a row of them ends with spare ones.
    private long RowPitch(int valuesPerPixel) => ((long)knownWidth * valuesPerPixel + 4).RoundUp(Lanes);

    /// <summary>to[i] = sum over t of weights[t] * from[t * stride + i].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WeighRows<T>(T* from, nint stride, float* weights, int taps, float* to, int count)
        where T : unmanaged
    {
        int n = Vector<float>.Count;
        int i = 0;
        // Four registers of sums, because one register of bytes widens to four registers of floats.
        for (; i <= count - 4 * n; i += 4 * n)
        {
            Vector<float> s0 = default, s1 = default, s2 = default, s3 = default;
            T* p = from + i;
            for (int t = 0; t < taps; t++, p += stride)
            {
                var weight = Vector.Create(weights[t]);
                Load4(p, out Vector<float> v0, out Vector<float> v1, out Vector<float> v2, out Vector<float> v3);
                s0 = Vector.MultiplyAddEstimate(v0, weight, s0);
                s1 = Vector.MultiplyAddEstimate(v1, weight, s1);
                s2 = Vector.MultiplyAddEstimate(v2, weight, s2);
                s3 = Vector.MultiplyAddEstimate(v3, weight, s3);
            }
            s0.Store(to + i);
            s1.Store(to + i + n);
            s2.Store(to + i + 2 * n);
            s3.Store(to + i + 3 * n);
        }
        for (; i < count; i++)
        {
            float sum = 0;
            for (int t = 0; t < taps; t++)
            {
                float value = typeof(T) == typeof(byte) ? ((byte*)from)[t * stride + i] : ((float*)from)[t * stride + i];
                sum = float.MultiplyAddEstimate(value, weights[t], sum);
            }
            to[i] = sum;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load4<T>(T* from, out Vector<float> v0, out Vector<float> v1, out Vector<float> v2, out Vector<float> v3)
        where T : unmanaged
    {
        if (typeof(T) == typeof(byte))
        {
            Vector.Widen(Vector.Load((byte*)from), out Vector<ushort> low, out Vector<ushort> high);
            Vector.Widen(low, out Vector<uint> u0, out Vector<uint> u1);
            Vector.Widen(high, out Vector<uint> u2, out Vector<uint> u3);
            // Below 256 signed and unsigned are the same, and every processor converts the signed.
            v0 = Vector.ConvertToSingle(Vector.AsVectorInt32(u0));
            v1 = Vector.ConvertToSingle(Vector.AsVectorInt32(u1));
            v2 = Vector.ConvertToSingle(Vector.AsVectorInt32(u2));
            v3 = Vector.ConvertToSingle(Vector.AsVectorInt32(u3));
        }
        else
        {
            int n = Vector<float>.Count;
            v0 = Vector.Load((float*)from);
            v1 = Vector.Load((float*)from + n);
            v2 = Vector.Load((float*)from + 2 * n);
            v3 = Vector.Load((float*)from + 3 * n);
        }
    }

    /// <summary>Lays one row's pixels out as red, green, blue, spare, a tile's sixteen lanes apart, and adds what lies outside.</summary>
    private void Interleave(float* sums, int values, bool blueFirst, Vector128<float> outside, float* tile)
    {
        // The spare float after the last pixel is read too. It is cleared, because an old value there might be a denormal, which is slow.
        new Span<float>(sums + (nint)knownWidth * values, 4).Clear();
        for (int x = 0; x < knownWidth; x++, sums += values, tile += Lanes)
        {
            Vector128<float> pixel = values == 1 ? Vector128.Create(*sums) : Vector128.Load(sums);
            if (blueFirst)
                pixel = Vector128.Shuffle(pixel, Vector128.Create(2, 1, 0, 3));
            (pixel + outside).Store(tile);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WeighColumns<TLanes>(float* tile, int rows, int column, int columns, float* to, nint toStride)
        where TLanes : struct, ILanes<TLanes>
    {
        int taps = along.Count;
        int* first = along.First + column;
        float* weights = along.Weights + (long)column * taps;
        float* outside = along.Outside + column;
        float* pixels = tile + (nint)knownWidth * Lanes;
        float* background = pixels + Lanes;
        for (int r = 0; r < RowsAtATime; r++)
            padding.Store(background + r * 4);

        for (int x = 0; x < columns; x++, weights += taps, to += 3)
        {
            float* from = tile + (nint)first[x] * Lanes;
            for (int lane = 0; lane < Lanes; lane += TLanes.Count)
            {
                TLanes sum = TLanes.Broadcast(outside[x]) * TLanes.Load(background + lane);
                float* p = from + lane;
                for (float* w = weights; w < weights + taps; w++, p += Lanes)
                    sum = TLanes.MultiplyAdd(TLanes.Broadcast(*w), TLanes.Load(p), sum);
                sum.Store(pixels + lane);
            }
            if (x < columns - 1)
            {
                // Four floats at once; the spare one lands on the next pixel, which comes next.
                Vector128.Load(pixels).Store(to);
                if (rows > 1)
                    Vector128.Load(pixels + 4).Store(to + toStride);
                if (rows > 2)
                    Vector128.Load(pixels + 8).Store(to + 2 * toStride);
                if (rows > 3)
                    Vector128.Load(pixels + 12).Store(to + 3 * toStride);
            }
            else
            {
                for (int r = 0; r < rows; r++)
                    new Span<float>(pixels + r * 4, 3).CopyTo(new Span<float>(to + r * toStride, 3));
            }
        }
    }
}
