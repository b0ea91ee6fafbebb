using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace SiamIlgpu.Media;

/// <summary>Rows of samples to rows of Rgb24 pixels.</summary>
internal static class ColorConversion
{
    // JFIF's matrix times 2^16, rounded.
    private const int CrToRed = 91881;     // 1.40200
    private const int CbToGreen = -22554;  // -0.34414
    private const int CrToGreen = -46802;  // -0.71414
    private const int CbToBlue = 116130;   // 1.77200
    private const int Half = 1 << 15;

    // Where byte i of 48 output bytes comes from, for each of three planes of 16 samples; 255 selects nothing.
    private static readonly Vector128<byte>[] Interleaving = MakeInterleaving();

    /// <summary>Converts <paramref name="rgb"/>.Length / 3 pixels from luminance and two colour differences around 128.</summary>
    public static void YCbCrToRgb(ReadOnlySpan<byte> y, ReadOnlySpan<byte> cb, ReadOnlySpan<byte> cr, Span<byte> rgb)
    {
        int width = rgb.Length / 3;
        int x = 0;
        for (; x <= width - 16; x += 16)
        {
            (Vector256<int> red0, Vector256<int> green0, Vector256<int> blue0) = Convert(Load(y, x), Load(cb, x), Load(cr, x));
            (Vector256<int> red1, Vector256<int> green1, Vector256<int> blue1) = Convert(Load(y, x + 8), Load(cb, x + 8), Load(cr, x + 8));
            Interleave(Narrow(red0, red1), Narrow(green0, green1), Narrow(blue0, blue1), rgb[(3 * x)..]);
        }
        for (; x < width; x++)
        {
            int blueDifference = cb[x] - 128, redDifference = cr[x] - 128;
            rgb[3 * x] = Clamp(y[x] + ((CrToRed * redDifference + Half) >> 16));
            rgb[3 * x + 1] = Clamp(y[x] + ((CbToGreen * blueDifference + CrToGreen * redDifference + Half) >> 16));
            rgb[3 * x + 2] = Clamp(y[x] + ((CbToBlue * blueDifference + Half) >> 16));
        }
    }

    /// <summary>Interleaves <paramref name="rgb"/>.Length / 3 pixels from their three planes.</summary>
    public static void PlanesToRgb(ReadOnlySpan<byte> red, ReadOnlySpan<byte> green, ReadOnlySpan<byte> blue, Span<byte> rgb)
    {
        for (int x = 0; x < rgb.Length / 3; x++)
        {
            rgb[3 * x] = red[x];
            rgb[3 * x + 1] = green[x];
            rgb[3 * x + 2] = blue[x];
        }
    }

    private static (Vector256<int> Red, Vector256<int> Green, Vector256<int> Blue) Convert(Vector256<int> y, Vector256<int> cb, Vector256<int> cr)
    {
        Vector256<int> half = Vector256.Create(Half);
        cb -= Vector256.Create(128);
        cr -= Vector256.Create(128);
        return (
            y + ((cr * CrToRed + half) >> 16),
            y + ((cb * CbToGreen + cr * CrToGreen + half) >> 16),
            y + ((cb * CbToBlue + half) >> 16));
    }

    private static Vector256<int> Load(ReadOnlySpan<byte> row, int x)
    {
        Vector128<ushort> words = Vector128.WidenLower(Vector128.CreateScalarUnsafe(MemoryMarshal.Read<ulong>(row.Slice(x, 8))).AsByte());
        (Vector128<uint> low, Vector128<uint> high) = Vector128.Widen(words);
        return Vector256.Create(low, high).AsInt32();
    }

    private static Vector128<byte> Narrow(Vector256<int> first, Vector256<int> second)
    {
        Vector256<int> most = Vector256.Create(255);
        first = Vector256.Clamp(first, Vector256<int>.Zero, most);
        second = Vector256.Clamp(second, Vector256<int>.Zero, most);
        Vector256<ushort> words = Vector256.Narrow(first.AsUInt32(), second.AsUInt32());
        return Vector128.Narrow(words.GetLower(), words.GetUpper());
    }

    private static void Interleave(Vector128<byte> red, Vector128<byte> green, Vector128<byte> blue, Span<byte> rgb)
    {
        ReadOnlySpan<Vector128<byte>> from = Interleaving;
        for (int part = 0; part < 3; part++)
        {
            Vector128<byte> bytes = Vector128.Shuffle(red, from[3 * part])
                | Vector128.Shuffle(green, from[3 * part + 1])
                | Vector128.Shuffle(blue, from[3 * part + 2]);
            bytes.CopyTo(rgb[(16 * part)..]);
        }
    }

    private static Vector128<byte>[] MakeInterleaving()
    {
        Vector128<byte>[] from = new Vector128<byte>[9];
        Array.Fill(from, Vector128<byte>.AllBitsSet);
        for (int i = 0; i < 48; i++)
            from[i / 16 * 3 + i % 3] = from[i / 16 * 3 + i % 3].WithElement(i % 16, (byte)(i / 3));
        return from;
    }

    private static byte Clamp(int value) => (byte)Math.Clamp(value, 0, 255);
}
