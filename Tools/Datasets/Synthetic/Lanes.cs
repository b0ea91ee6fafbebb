using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SiamIlgpu.Datasets.Synthetic;

/// <summary>
/// Helpers for code that treats eight neighboring pixels at once. Every processor computes the same eight numbers, whatever the width of
/// its registers.
/// </summary>
internal static class Lanes
{
    /// <summary>Number of pixels that are treated at once.</summary>
    public const int Count = 8;

    /// <summary>0, 1, .. 7.</summary>
    public static Vector256<float> Indices => Vector256.Create(0f, 1, 2, 3, 4, 5, 6, 7);

    /// <summary>The smallest multiple of eight that is not less.</summary>
    public static int RoundUp(int count) => (count + Count - 1) & -Count;

    /// <summary>Rounds to the nearest byte. The numbers must not be negative.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> ToBytes(Vector256<float> numbers)
        => Vector256.ConvertToInt32Native(Vector256.Min(numbers, Vector256.Create(255f)) + Vector256.Create(0.5f)).AsUInt32();

    /// <summary>Numbers of 32 bits to floats. Below 2^31 signed and unsigned are the same, and every processor converts the signed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ToSingle(Vector256<uint> numbers) => Vector256.ConvertToSingle(numbers.AsInt32());

    // Single loads, because the gather instructions of AVX2 took longer on a processor whose microcode guards them against data leaks.

    /// <summary>Reads eight elements of a table. The indices are not checked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Gather(ref uint table, Vector256<int> indices)
    {
        Vector128<int> low = indices.GetLower(), high = indices.GetUpper();
        return Vector256.Create(
            Vector128.Create(Unsafe.Add(ref table, low[0]), Unsafe.Add(ref table, low[1]), Unsafe.Add(ref table, low[2]), Unsafe.Add(ref table, low[3])),
            Vector128.Create(Unsafe.Add(ref table, high[0]), Unsafe.Add(ref table, high[1]), Unsafe.Add(ref table, high[2]), Unsafe.Add(ref table, high[3])));
    }

    /// <summary>Reads four elements of a table, each with its right neighbor in the upper half. The indices are not checked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> GatherPairs(ref uint table, Vector128<int> indices)
        => Vector256.Create(
            Vector128.Create(Pair(ref table, indices[0]), Pair(ref table, indices[1])),
            Vector128.Create(Pair(ref table, indices[2]), Pair(ref table, indices[3])));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Pair(ref uint table, int index) => Unsafe.ReadUnaligned<ulong>(ref Unsafe.As<uint, byte>(ref Unsafe.Add(ref table, index)));
}
