using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace SiamIlgpu.Media;

/// <summary>
/// The 8x8 inverse DCT in integers: Loeffler, Ligtenberg and Moschytz's factorisation with constants of 13 bits, columns
/// first, the results of that pass kept with 2 more bits. These are the choices of the Independent JPEG Group's accurate
/// transform, so the results are the same to the last bit.
/// </summary>
/// <remarks>
/// Between its two roundings the transform is linear over the integers. So the columns run through the factorisation, eight
/// to a vector, and the rows as a product with the matrix that the factorisation stands for: lanes are columns in both
/// passes and nothing is transposed.
/// </remarks>
internal static class InverseDct
{
    private const int ConstantBits = 13;
    private const int ExtraBits = 2;

    // The factorisation's rotations; the names are the values.
    private const int C0_298631336 = (int)(0.298631336 * (1 << ConstantBits) + 0.5);
    private const int C0_390180644 = (int)(0.390180644 * (1 << ConstantBits) + 0.5);
    private const int C0_541196100 = (int)(0.541196100 * (1 << ConstantBits) + 0.5);
    private const int C0_765366865 = (int)(0.765366865 * (1 << ConstantBits) + 0.5);
    private const int C0_899976223 = (int)(0.899976223 * (1 << ConstantBits) + 0.5);
    private const int C1_175875602 = (int)(1.175875602 * (1 << ConstantBits) + 0.5);
    private const int C1_501321110 = (int)(1.501321110 * (1 << ConstantBits) + 0.5);
    private const int C1_847759065 = (int)(1.847759065 * (1 << ConstantBits) + 0.5);
    private const int C1_961570560 = (int)(1.961570560 * (1 << ConstantBits) + 0.5);
    private const int C2_053119869 = (int)(2.053119869 * (1 << ConstantBits) + 0.5);
    private const int C2_562915447 = (int)(2.562915447 * (1 << ConstantBits) + 0.5);
    private const int C3_072711026 = (int)(3.072711026 * (1 << ConstantBits) + 0.5);

    // Row k: what coefficient k adds to the eight samples of a row, times 2^13.
    private static readonly Vector256<int>[] Basis = MakeBasis();

    /// <summary>Transforms one block into samples 0..255.</summary>
    /// <param name="block">The 64 quantised coefficients, row by row.</param>
    /// <param name="quantization">The 64 steps they are multiplied with.</param>
    /// <param name="samples">Starts at the block's first sample.</param>
    /// <param name="stride">Samples from one row to the next.</param>
    public static void Transform(ReadOnlySpan<short> block, ReadOnlySpan<int> quantization, Span<byte> samples, int stride)
    {
        ref short coefficient = ref MemoryMarshal.GetReference(block[..64]);
        ref int step = ref MemoryMarshal.GetReference(quantization[..64]);
        Span<int> columns = stackalloc int[64];
        ref int column = ref MemoryMarshal.GetReference(columns);

        Rows rows = default;
        for (int k = 0; k < 8; k++)
        {
            (Vector128<int> low, Vector128<int> high) = Vector128.Widen(Vector128.LoadUnsafe(ref coefficient, (nuint)(8 * k)));
            rows[k] = Vector256.Create(low, high) * Vector256.LoadUnsafe(ref step, (nuint)(8 * k));
        }
        Butterfly(ref rows);
        Vector256<int> half = Vector256.Create(1 << (ConstantBits - ExtraBits - 1));
        for (int y = 0; y < 8; y++)
            ((rows[y] + half) >> (ConstantBits - ExtraBits)).StoreUnsafe(ref column, (nuint)(8 * y));

        // 3 = log2 of the 8 that the two passes together are scaled by.
        const int Shift = ConstantBits + ExtraBits + 3;
        ReadOnlySpan<Vector256<int>> basis = Basis;
        Vector256<int> start = Vector256.Create((128 << Shift) + (1 << (Shift - 1)));
        for (int y = 0; y < 8; y++)
        {
            Vector256<int> sum = start;
            for (int k = 0; k < basis.Length; k++)
                sum += Vector256.Create(Unsafe.Add(ref column, 8 * y + k)) * basis[k];
            sum = Vector256.Clamp(sum >> Shift, Vector256<int>.Zero, Vector256.Create(255));
            Vector128<short> words = Vector128.Narrow(sum.GetLower(), sum.GetUpper());
            Vector128.Narrow(words, words).GetLower().AsByte().CopyTo(samples[(y * stride)..]);
        }
    }

    /// <summary>Transforms a block whose only coefficient is the first: all samples are equal.</summary>
    public static void TransformFlat(int coefficient, int step, Span<byte> samples, int stride)
    {
        int half = 1 << (ExtraBits + 2);
        byte value = (byte)Math.Clamp((((coefficient * step) << ExtraBits) + half >> (ExtraBits + 3)) + 128, 0, 255);
        for (int y = 0; y < 8; y++)
            samples.Slice(y * stride, 8).Fill(value);
    }

    /// <summary>Transforms each lane's eight coefficients in place; the result is 2^13 times the sample (and sqrt(8) too large).</summary>
    private static void Butterfly(ref Rows v)
    {
        // Even part: the 4-point transform of coefficients 0, 2, 4, 6.
        Vector256<int> rotated = (v[2] + v[6]) * C0_541196100;
        Vector256<int> even2 = rotated - v[6] * C1_847759065;
        Vector256<int> even3 = rotated + v[2] * C0_765366865;
        Vector256<int> sum = (v[0] + v[4]) << ConstantBits;
        Vector256<int> difference = (v[0] - v[4]) << ConstantBits;
        Vector256<int> e0 = sum + even3, e3 = sum - even3, e1 = difference + even2, e2 = difference - even2;

        // Odd part: coefficients 1, 3, 5, 7 share five rotations.
        Vector256<int> shared = (v[7] + v[3] + v[5] + v[1]) * C1_175875602;
        Vector256<int> z1 = (v[7] + v[1]) * -C0_899976223;
        Vector256<int> z2 = (v[5] + v[3]) * -C2_562915447;
        Vector256<int> z3 = (v[7] + v[3]) * -C1_961570560 + shared;
        Vector256<int> z4 = (v[5] + v[1]) * -C0_390180644 + shared;
        Vector256<int> o0 = v[1] * C1_501321110 + z1 + z4;
        Vector256<int> o1 = v[3] * C3_072711026 + z2 + z3;
        Vector256<int> o2 = v[5] * C2_053119869 + z2 + z4;
        Vector256<int> o3 = v[7] * C0_298631336 + z1 + z3;

        v[0] = e0 + o0;
        v[7] = e0 - o0;
        v[1] = e1 + o1;
        v[6] = e1 - o1;
        v[2] = e2 + o2;
        v[5] = e2 - o2;
        v[3] = e3 + o3;
        v[4] = e3 - o3;
    }

    private static Vector256<int>[] MakeBasis()
    {
        // The identity through the columns' transform: lane k of row x is what coefficient k adds to sample x.
        Rows rows = default;
        for (int k = 0; k < 8; k++)
            rows[k] = Vector256<int>.Zero.WithElement(k, 1);
        Butterfly(ref rows);
        Vector256<int>[] basis = new Vector256<int>[8];
        for (int k = 0; k < 8; k++)
        {
            for (int x = 0; x < 8; x++)
                basis[k] = basis[k].WithElement(x, rows[x][k]);
        }
        return basis;
    }

    [InlineArray(8)]
    private struct Rows
    {
        private Vector256<int> first;
    }
}
