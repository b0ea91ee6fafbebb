using System.Runtime.CompilerServices;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// The register tiles of the cross-correlation and of its gradients. A tile computes neighboring sums of pixels times taps, for sixteen
/// channels side by side. A tap that is loaded once serves all sums of a tile; a pixel that is loaded once serves two of them.
/// </summary>
internal static unsafe class CorrelationTiles
{
    /// <summary>Sums of the widest tile: CFNet's 33 responses are three of them.</summary>
    internal const int Wide = 11;

    /// <summary>Sums of the next narrower tile.</summary>
    internal const int Narrow = 6;

    /// <summary>
    /// The part of a first-level cache of 32 to 48 KB that data may take. Half and twice as much were slower for CFNet's sizes.
    /// </summary>
    internal const int StretchBytes = 24 * 1024;

    /// <summary>to[p] += sum over rows and q of taps[q] * pixels[q+p], lane by lane, for <see cref="Wide"/> p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void AddWide<TLanes, TTaps>(float* taps, nint tapRow, float* pixels, nint pixelRow, int rows, int count, float* to)
        where TLanes : struct, ILanes<TLanes>
        where TTaps : struct, ITaps
    {
        for (int lane = 0; lane < Block.Lanes; lane += TLanes.Count)
        {
            float* sum = to + lane;
            TLanes s0 = TLanes.Load(sum), s1 = TLanes.Load(sum + Block.Lanes), s2 = TLanes.Load(sum + 2 * Block.Lanes);
            TLanes s3 = TLanes.Load(sum + 3 * Block.Lanes), s4 = TLanes.Load(sum + 4 * Block.Lanes);
            TLanes s5 = TLanes.Load(sum + 5 * Block.Lanes), s6 = TLanes.Load(sum + 6 * Block.Lanes);
            TLanes s7 = TLanes.Load(sum + 7 * Block.Lanes), s8 = TLanes.Load(sum + 8 * Block.Lanes);
            TLanes s9 = TLanes.Load(sum + 9 * Block.Lanes), s10 = TLanes.Load(sum + 10 * Block.Lanes);
            for (int row = 0; row < rows; row++)
            {
                float* tap = taps + row * tapRow;
                float* p = pixels + row * pixelRow + lane;
                int q = 0;
                // Two taps at once: each pixel, once loaded, serves two neighboring sums.
                for (; q < count - 1; q += 2, tap += 2 * TTaps.Floats, p += 2 * Block.Lanes)
                {
                    TLanes w0 = TTaps.Load<TLanes>(tap, lane), w1 = TTaps.Load<TLanes>(tap + TTaps.Floats, lane);
                    var value = TLanes.Load(p);
                    s0 = TLanes.MultiplyAdd(w0, value, s0);
                    value = TLanes.Load(p + Block.Lanes);
                    s0 = TLanes.MultiplyAdd(w1, value, s0);
                    s1 = TLanes.MultiplyAdd(w0, value, s1);
                    value = TLanes.Load(p + 2 * Block.Lanes);
                    s1 = TLanes.MultiplyAdd(w1, value, s1);
                    s2 = TLanes.MultiplyAdd(w0, value, s2);
                    value = TLanes.Load(p + 3 * Block.Lanes);
                    s2 = TLanes.MultiplyAdd(w1, value, s2);
                    s3 = TLanes.MultiplyAdd(w0, value, s3);
                    value = TLanes.Load(p + 4 * Block.Lanes);
                    s3 = TLanes.MultiplyAdd(w1, value, s3);
                    s4 = TLanes.MultiplyAdd(w0, value, s4);
                    value = TLanes.Load(p + 5 * Block.Lanes);
                    s4 = TLanes.MultiplyAdd(w1, value, s4);
                    s5 = TLanes.MultiplyAdd(w0, value, s5);
                    value = TLanes.Load(p + 6 * Block.Lanes);
                    s5 = TLanes.MultiplyAdd(w1, value, s5);
                    s6 = TLanes.MultiplyAdd(w0, value, s6);
                    value = TLanes.Load(p + 7 * Block.Lanes);
                    s6 = TLanes.MultiplyAdd(w1, value, s6);
                    s7 = TLanes.MultiplyAdd(w0, value, s7);
                    value = TLanes.Load(p + 8 * Block.Lanes);
                    s7 = TLanes.MultiplyAdd(w1, value, s7);
                    s8 = TLanes.MultiplyAdd(w0, value, s8);
                    value = TLanes.Load(p + 9 * Block.Lanes);
                    s8 = TLanes.MultiplyAdd(w1, value, s8);
                    s9 = TLanes.MultiplyAdd(w0, value, s9);
                    value = TLanes.Load(p + 10 * Block.Lanes);
                    s9 = TLanes.MultiplyAdd(w1, value, s9);
                    s10 = TLanes.MultiplyAdd(w0, value, s10);
                    value = TLanes.Load(p + 11 * Block.Lanes);
                    s10 = TLanes.MultiplyAdd(w1, value, s10);
                }
                if (q < count)
                {
                    TLanes w = TTaps.Load<TLanes>(tap, lane);
                    s0 = TLanes.MultiplyAdd(w, TLanes.Load(p), s0);
                    s1 = TLanes.MultiplyAdd(w, TLanes.Load(p + Block.Lanes), s1);
                    s2 = TLanes.MultiplyAdd(w, TLanes.Load(p + 2 * Block.Lanes), s2);
                    s3 = TLanes.MultiplyAdd(w, TLanes.Load(p + 3 * Block.Lanes), s3);
                    s4 = TLanes.MultiplyAdd(w, TLanes.Load(p + 4 * Block.Lanes), s4);
                    s5 = TLanes.MultiplyAdd(w, TLanes.Load(p + 5 * Block.Lanes), s5);
                    s6 = TLanes.MultiplyAdd(w, TLanes.Load(p + 6 * Block.Lanes), s6);
                    s7 = TLanes.MultiplyAdd(w, TLanes.Load(p + 7 * Block.Lanes), s7);
                    s8 = TLanes.MultiplyAdd(w, TLanes.Load(p + 8 * Block.Lanes), s8);
                    s9 = TLanes.MultiplyAdd(w, TLanes.Load(p + 9 * Block.Lanes), s9);
                    s10 = TLanes.MultiplyAdd(w, TLanes.Load(p + 10 * Block.Lanes), s10);
                }
            }
            s0.Store(sum);
            s1.Store(sum + Block.Lanes);
            s2.Store(sum + 2 * Block.Lanes);
            s3.Store(sum + 3 * Block.Lanes);
            s4.Store(sum + 4 * Block.Lanes);
            s5.Store(sum + 5 * Block.Lanes);
            s6.Store(sum + 6 * Block.Lanes);
            s7.Store(sum + 7 * Block.Lanes);
            s8.Store(sum + 8 * Block.Lanes);
            s9.Store(sum + 9 * Block.Lanes);
            s10.Store(sum + 10 * Block.Lanes);
        }
    }

    /// <summary>The same for <see cref="Narrow"/> p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void AddNarrow<TLanes, TTaps>(float* taps, nint tapRow, float* pixels, nint pixelRow, int rows, int count, float* to)
        where TLanes : struct, ILanes<TLanes>
        where TTaps : struct, ITaps
    {
        for (int lane = 0; lane < Block.Lanes; lane += TLanes.Count)
        {
            float* sum = to + lane;
            TLanes s0 = TLanes.Load(sum), s1 = TLanes.Load(sum + Block.Lanes), s2 = TLanes.Load(sum + 2 * Block.Lanes);
            TLanes s3 = TLanes.Load(sum + 3 * Block.Lanes), s4 = TLanes.Load(sum + 4 * Block.Lanes);
            TLanes s5 = TLanes.Load(sum + 5 * Block.Lanes);
            for (int row = 0; row < rows; row++)
            {
                float* tap = taps + row * tapRow;
                float* p = pixels + row * pixelRow + lane;
                for (int q = 0; q < count; q++, p += Block.Lanes)
                {
                    TLanes w = TTaps.Load<TLanes>(tap + q * TTaps.Floats, lane);
                    s0 = TLanes.MultiplyAdd(w, TLanes.Load(p), s0);
                    s1 = TLanes.MultiplyAdd(w, TLanes.Load(p + Block.Lanes), s1);
                    s2 = TLanes.MultiplyAdd(w, TLanes.Load(p + 2 * Block.Lanes), s2);
                    s3 = TLanes.MultiplyAdd(w, TLanes.Load(p + 3 * Block.Lanes), s3);
                    s4 = TLanes.MultiplyAdd(w, TLanes.Load(p + 4 * Block.Lanes), s4);
                    s5 = TLanes.MultiplyAdd(w, TLanes.Load(p + 5 * Block.Lanes), s5);
                }
            }
            s0.Store(sum);
            s1.Store(sum + Block.Lanes);
            s2.Store(sum + 2 * Block.Lanes);
            s3.Store(sum + 3 * Block.Lanes);
            s4.Store(sum + 4 * Block.Lanes);
            s5.Store(sum + 5 * Block.Lanes);
        }
    }

    /// <summary>The same for one p.</summary>
    internal static void AddOne<TLanes, TTaps>(float* taps, nint tapRow, float* pixels, nint pixelRow, int rows, int count, float* to)
        where TLanes : struct, ILanes<TLanes>
        where TTaps : struct, ITaps
    {
        for (int lane = 0; lane < Block.Lanes; lane += TLanes.Count)
        {
            var sum = TLanes.Load(to + lane);
            for (int row = 0; row < rows; row++)
                for (int q = 0; q < count; q++)
                {
                    TLanes tap = TTaps.Load<TLanes>(taps + row * tapRow + q * TTaps.Floats, lane);
                    sum = TLanes.MultiplyAdd(tap, TLanes.Load(pixels + row * pixelRow + q * Block.Lanes + lane), sum);
                }
            sum.Store(to + lane);
        }
    }
}

/// <summary>What pixels are multiplied with. A type, not a flag, so that a tile is compiled for each.</summary>
internal unsafe interface ITaps
{
    /// <summary>Floats from one tap to the next.</summary>
    static abstract int Floats { get; }

    /// <summary>A tap for the channels from <paramref name="lane"/> on.</summary>
    static abstract TLanes Load<TLanes>(float* tap, int lane)
        where TLanes : struct, ILanes<TLanes>;
}

/// <summary>One number for all channels.</summary>
internal readonly unsafe struct ScalarTaps : ITaps
{
    public static int Floats => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(float* tap, int lane)
        where TLanes : struct, ILanes<TLanes> => TLanes.Broadcast(*tap);
}

/// <summary>A number a channel, sixteen side by side.</summary>
internal readonly unsafe struct ChannelTaps : ITaps
{
    public static int Floats => Block.Lanes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(float* tap, int lane)
        where TLanes : struct, ILanes<TLanes> => TLanes.Load(tap + lane);
}
