using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace SiamIlgpu.Media;

/// <summary>
/// Brings one row of a component to the image's resolution. Factors of two use a triangle filter (3/4 the nearest sample,
/// 1/4 the next one), rounded up and down in turn so that no bias builds up, exactly as the Independent JPEG Group's "fancy"
/// upsampling does; other factors repeat samples.
/// </summary>
internal sealed class Upsampler
{
    // Samples or their weighted vertical sums, with the first and the last one repeated at the ends.
    private ushort[] sums = [];

    /// <summary>Writes row <paramref name="y"/> of the image; the row may run up to 32 samples beyond its width.</summary>
    public ReadOnlySpan<byte> Row(JpegComponent component, int y, byte[] buffer)
    {
        (int across, int down) = (component.HorizontalFactor, component.VerticalFactor);
        if (across == 1 && down == 1)
            return component.Row(y);

        // The triangle filter needs a third column to be told apart from repetition; narrower components repeat.
        bool smooth = across == 2 && down <= 2 && component.Width > 2;
        ReadOnlySpan<byte> near = component.Row(y / down);
        if (across == 1 && down == 2)
            BlendRows(near, FarRow(component, y), component.Width, rounding: (y & 1) == 0 ? 1 : 2, buffer);
        else if (!smooth)
            Repeat(near, component.Width, across, buffer);
        else if (down == 1)
            WidenRow(near, near, component.Width, nearWeight: 1, shift: 2, evenRounding: 1, oddRounding: 2, buffer);
        else
            WidenRow(near, FarRow(component, y), component.Width, nearWeight: 3, shift: 4, evenRounding: 8, oddRounding: 7, buffer);
        return buffer;
    }

    private static ReadOnlySpan<byte> FarRow(JpegComponent component, int y)
        => component.Row(Math.Clamp(y / 2 + ((y & 1) == 0 ? -1 : 1), 0, component.Height - 1));

    private static void Repeat(ReadOnlySpan<byte> near, int width, int times, Span<byte> output)
    {
        for (int x = 0; x < width; x++)
            output.Slice(x * times, times).Fill(near[x]);
    }

    private static void BlendRows(ReadOnlySpan<byte> near, ReadOnlySpan<byte> far, int width, int rounding, Span<byte> output)
    {
        for (int x = 0; x < width; x++)
            output[x] = (byte)((3 * near[x] + far[x] + rounding) >> 2);
    }

    /// <summary>
    /// s = near, or 3 near + far; output 2x = (3 s[x] + s[x-1] + evenRounding) >> shift, and 2x+1 likewise with s[x+1].
    /// With the ends repeated this also gives the ends their own formula: 3 s + s is 4 s.
    /// </summary>
    private void WidenRow(
        ReadOnlySpan<byte> near, ReadOnlySpan<byte> far, int width, int nearWeight, int shift, int evenRounding, int oddRounding, Span<byte> output)
    {
        if (sums.Length < width + 2 + Vector128<ushort>.Count)
            sums = new ushort[width + 2 + Vector128<ushort>.Count];
        int farWeight = nearWeight == 1 ? 0 : 1;
        ref ushort sum = ref MemoryMarshal.GetArrayDataReference(sums);
        ref byte nearSample = ref MemoryMarshal.GetReference(near);
        ref byte farSample = ref MemoryMarshal.GetReference(far);
        // Rows of a component are whole blocks, so eight samples can be read wherever one can.
        for (int x = 0; x < width; x += Vector128<ushort>.Count)
        {
            Vector128<ushort> a = Vector128.WidenLower(Vector128.CreateScalarUnsafe(Eight(ref nearSample, x)).AsByte());
            Vector128<ushort> b = Vector128.WidenLower(Vector128.CreateScalarUnsafe(Eight(ref farSample, x)).AsByte());
            (a * (ushort)nearWeight + b * (ushort)farWeight).StoreUnsafe(ref sum, (nuint)(x + 1));
        }
        sums[0] = sums[1];
        sums[width + 1] = sums[width];

        // Even results in the low bytes, odd ones in the high bytes of 16-bit lanes: stored, they alternate.
        Span<byte> room = output[..(2 * (width + Vector128<ushort>.Count))];
        ref byte result = ref MemoryMarshal.GetReference(room);
        for (int x = 0; x < width; x += Vector128<ushort>.Count)
        {
            Vector128<ushort> before = Vector128.LoadUnsafe(ref sum, (nuint)x);
            Vector128<ushort> here = Vector128.LoadUnsafe(ref sum, (nuint)(x + 1)) * 3;
            Vector128<ushort> after = Vector128.LoadUnsafe(ref sum, (nuint)(x + 2));
            Vector128<ushort> even = (here + before + Vector128.Create((ushort)evenRounding)) >>> shift;
            Vector128<ushort> odd = (here + after + Vector128.Create((ushort)oddRounding)) >>> shift;
            (even | (odd << 8)).AsByte().StoreUnsafe(ref result, (nuint)(2 * x));
        }
    }

    private static ulong Eight(ref byte row, int x)
        => System.Runtime.CompilerServices.Unsafe.ReadUnaligned<ulong>(ref System.Runtime.CompilerServices.Unsafe.Add(ref row, x));
}
