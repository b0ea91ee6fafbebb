using System.Runtime.CompilerServices;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// The register tiles of the cross-correlation and of its gradients: neighbouring sums of pixels times taps, sixteen channels side
/// by side. A tap in a register serves all sums of a tile, a pixel two of them.
/// </summary>
internal static unsafe class CorrelationTiles
{
    /// <summary>Sums of the widest tile: CFNet's 33 responses are three of them.</summary>
    internal const int Wide = 11;

    /// <summary>Sums of the next narrower tile.</summary>
    internal const int Narrow = 6;

    /// <summary>Of a first cache of 32 to 48 KB; half as much and twice as much were slower for CFNet's sizes.</summary>
    internal const int StretchBytes = 24 * 1024;

    /// <summary>to[p] += sum over rows and q of taps[q] * pixels[q+p], lane by lane, for <see cref="Wide"/> p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void AddWide<TLanes, TTaps>(float* taps, nint tapRow, float* pixels, nint pixelRow, int rows, int count, float* to)
        where TLanes : struct, ILanes<TLanes>
        where TTaps : struct, ITaps
    {
        for (int lane = 0; lane < 16; lane += TLanes.Count)
        {
            float* sum = to + lane;
            TLanes s0 = TLanes.Load(sum), s1 = TLanes.Load(sum + 16), s2 = TLanes.Load(sum + 32), s3 = TLanes.Load(sum + 48);
            TLanes s4 = TLanes.Load(sum + 64), s5 = TLanes.Load(sum + 80), s6 = TLanes.Load(sum + 96), s7 = TLanes.Load(sum + 112);
            TLanes s8 = TLanes.Load(sum + 128), s9 = TLanes.Load(sum + 144), s10 = TLanes.Load(sum + 160);
            for (int row = 0; row < rows; row++)
            {
                float* tap = taps + row * tapRow;
                float* p = pixels + row * pixelRow + lane;
                int q = 0;
                // Two taps at once: each pixel, once loaded, serves two neighbouring sums.
                for (; q < count - 1; q += 2, tap += 2 * TTaps.Floats, p += 32)
                {
                    TLanes w0 = TTaps.Load<TLanes>(tap, lane), w1 = TTaps.Load<TLanes>(tap + TTaps.Floats, lane);
                    var value = TLanes.Load(p);
                    s0 = TLanes.MultiplyAdd(w0, value, s0);
                    value = TLanes.Load(p + 16);
                    s0 = TLanes.MultiplyAdd(w1, value, s0);
                    s1 = TLanes.MultiplyAdd(w0, value, s1);
                    value = TLanes.Load(p + 32);
                    s1 = TLanes.MultiplyAdd(w1, value, s1);
                    s2 = TLanes.MultiplyAdd(w0, value, s2);
                    value = TLanes.Load(p + 48);
                    s2 = TLanes.MultiplyAdd(w1, value, s2);
                    s3 = TLanes.MultiplyAdd(w0, value, s3);
                    value = TLanes.Load(p + 64);
                    s3 = TLanes.MultiplyAdd(w1, value, s3);
                    s4 = TLanes.MultiplyAdd(w0, value, s4);
                    value = TLanes.Load(p + 80);
                    s4 = TLanes.MultiplyAdd(w1, value, s4);
                    s5 = TLanes.MultiplyAdd(w0, value, s5);
                    value = TLanes.Load(p + 96);
                    s5 = TLanes.MultiplyAdd(w1, value, s5);
                    s6 = TLanes.MultiplyAdd(w0, value, s6);
                    value = TLanes.Load(p + 112);
                    s6 = TLanes.MultiplyAdd(w1, value, s6);
                    s7 = TLanes.MultiplyAdd(w0, value, s7);
                    value = TLanes.Load(p + 128);
                    s7 = TLanes.MultiplyAdd(w1, value, s7);
                    s8 = TLanes.MultiplyAdd(w0, value, s8);
                    value = TLanes.Load(p + 144);
                    s8 = TLanes.MultiplyAdd(w1, value, s8);
                    s9 = TLanes.MultiplyAdd(w0, value, s9);
                    value = TLanes.Load(p + 160);
                    s9 = TLanes.MultiplyAdd(w1, value, s9);
                    s10 = TLanes.MultiplyAdd(w0, value, s10);
                    value = TLanes.Load(p + 176);
                    s10 = TLanes.MultiplyAdd(w1, value, s10);
                }
                if (q < count)
                {
                    TLanes w = TTaps.Load<TLanes>(tap, lane);
                    s0 = TLanes.MultiplyAdd(w, TLanes.Load(p), s0);
                    s1 = TLanes.MultiplyAdd(w, TLanes.Load(p + 16), s1);
                    s2 = TLanes.MultiplyAdd(w, TLanes.Load(p + 32), s2);
                    s3 = TLanes.MultiplyAdd(w, TLanes.Load(p + 48), s3);
                    s4 = TLanes.MultiplyAdd(w, TLanes.Load(p + 64), s4);
                    s5 = TLanes.MultiplyAdd(w, TLanes.Load(p + 80), s5);
                    s6 = TLanes.MultiplyAdd(w, TLanes.Load(p + 96), s6);
                    s7 = TLanes.MultiplyAdd(w, TLanes.Load(p + 112), s7);
                    s8 = TLanes.MultiplyAdd(w, TLanes.Load(p + 128), s8);
                    s9 = TLanes.MultiplyAdd(w, TLanes.Load(p + 144), s9);
                    s10 = TLanes.MultiplyAdd(w, TLanes.Load(p + 160), s10);
                }
            }
            s0.Store(sum);
            s1.Store(sum + 16);
            s2.Store(sum + 32);
            s3.Store(sum + 48);
            s4.Store(sum + 64);
            s5.Store(sum + 80);
            s6.Store(sum + 96);
            s7.Store(sum + 112);
            s8.Store(sum + 128);
            s9.Store(sum + 144);
            s10.Store(sum + 160);
        }
    }

    /// <summary>The same for <see cref="Narrow"/> p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void AddNarrow<TLanes, TTaps>(float* taps, nint tapRow, float* pixels, nint pixelRow, int rows, int count, float* to)
        where TLanes : struct, ILanes<TLanes>
        where TTaps : struct, ITaps
    {
        for (int lane = 0; lane < 16; lane += TLanes.Count)
        {
            float* sum = to + lane;
            TLanes s0 = TLanes.Load(sum), s1 = TLanes.Load(sum + 16), s2 = TLanes.Load(sum + 32);
            TLanes s3 = TLanes.Load(sum + 48), s4 = TLanes.Load(sum + 64), s5 = TLanes.Load(sum + 80);
            for (int row = 0; row < rows; row++)
            {
                float* tap = taps + row * tapRow;
                float* p = pixels + row * pixelRow + lane;
                for (int q = 0; q < count; q++, p += 16)
                {
                    TLanes w = TTaps.Load<TLanes>(tap + q * TTaps.Floats, lane);
                    s0 = TLanes.MultiplyAdd(w, TLanes.Load(p), s0);
                    s1 = TLanes.MultiplyAdd(w, TLanes.Load(p + 16), s1);
                    s2 = TLanes.MultiplyAdd(w, TLanes.Load(p + 32), s2);
                    s3 = TLanes.MultiplyAdd(w, TLanes.Load(p + 48), s3);
                    s4 = TLanes.MultiplyAdd(w, TLanes.Load(p + 64), s4);
                    s5 = TLanes.MultiplyAdd(w, TLanes.Load(p + 80), s5);
                }
            }
            s0.Store(sum);
            s1.Store(sum + 16);
            s2.Store(sum + 32);
            s3.Store(sum + 48);
            s4.Store(sum + 64);
            s5.Store(sum + 80);
        }
    }

    /// <summary>The same for one p.</summary>
    internal static void AddOne<TLanes, TTaps>(float* taps, nint tapRow, float* pixels, nint pixelRow, int rows, int count, float* to)
        where TLanes : struct, ILanes<TLanes>
        where TTaps : struct, ITaps
    {
        for (int lane = 0; lane < 16; lane += TLanes.Count)
        {
            var sum = TLanes.Load(to + lane);
            for (int row = 0; row < rows; row++)
                for (int q = 0; q < count; q++)
                    sum = TLanes.MultiplyAdd(
                        TTaps.Load<TLanes>(taps + row * tapRow + q * TTaps.Floats, lane), TLanes.Load(pixels + row * pixelRow + q * 16 + lane), sum);
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
    public static int Floats => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(float* tap, int lane)
        where TLanes : struct, ILanes<TLanes> => TLanes.Load(tap + lane);
}
