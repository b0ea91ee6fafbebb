using SiamIlgpu.Tests.Gpu.Sandbox;

namespace ILGPU.Runtime.Cuda;

/// <summary>An operand that the instruction reads.</summary>
public struct Input<T>
    where T : struct
{
    public T Value { get; set; }

    public static implicit operator Input<T>(T value) => new() { Value = value };
}

/// <summary>An operand that the instruction writes.</summary>
public struct Output<T>
    where T : struct
{
    public T Value { get; set; }
}

/// <summary>An operand that the instruction reads and writes.</summary>
public struct Ref<T>
    where T : struct
{
    public T Value { get; set; }

    public static implicit operator Ref<T>(T value) => new() { Value = value };
}

/// <summary>The PTX instructions that the kernels use, done by hand. Spaces do not count.</summary>
public static class CudaAsm
{
    private const string Mma =
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32{%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};";

    private const string RoundToTf32 = "cvt.rna.tf32.f32%0,%1;";

    // What the threads of a group brought to their mma and took from it. A thread may bring its next operands before its
    // neighbors took their sums, so the two are apart.
    private static readonly uint[,] Operands = new uint[1024, 6];
    private static readonly float[,] Sums = new float[1024, 4];
    private static readonly float[,] Results = new float[1024, 4];

    /// <summary>cvt.rna.tf32.f32: to the nearest of ten mantissa bits, halves away from zero.</summary>
    public static void Emit(string asm, out uint result, float value)
    {
        Check(asm, RoundToTf32);
        uint bits = BitConverter.SingleToUInt32Bits(value);
        result = float.IsNaN(value) ? 0x7fffffff : float.IsInfinity(value) ? bits : (bits + 0x1000) & ~0x1fffu;
    }

    /// <summary>mma.sync m16n8k8 of tf32: the 32 threads of a warp meet, d = a b + d.</summary>
    public static void EmitRef(
        string asm, ref Ref<float> d0, ref Ref<float> d1, ref Ref<float> d2, ref Ref<float> d3, ref Input<uint> a0, ref Input<uint> a1,
        ref Input<uint> a2, ref Input<uint> a3, ref Input<uint> b0, ref Input<uint> b1)
    {
        Check(asm, Mma);
        int thread = GroupRunner.Thread;
        (Sums[thread, 0], Sums[thread, 1], Sums[thread, 2], Sums[thread, 3]) = (d0.Value, d1.Value, d2.Value, d3.Value);
        (Operands[thread, 0], Operands[thread, 1], Operands[thread, 2]) = (a0.Value, a1.Value, a2.Value);
        (Operands[thread, 3], Operands[thread, 4], Operands[thread, 5]) = (a3.Value, b0.Value, b1.Value);
        GroupRunner.MeetWarp(Multiply);
        (d0.Value, d1.Value, d2.Value, d3.Value) = (Results[thread, 0], Results[thread, 1], Results[thread, 2], Results[thread, 3]);
    }

    // PTX: lane = 4 g + t. Row g (+8 for a1, a3) and column t (+4 for a2, a3) of A; row t (+4) and column g of B; row g (+8 for
    // d2, d3) and column 2t (+1 for d1, d3) of D.
    private static void Multiply(int first)
    {
        for (int row = 0; row < 16; row++)
            for (int column = 0; column < 8; column++)
            {
                int owner = first + row % 8 * 4 + column / 2;
                int part = row / 8 * 2 + column % 2;
                float sum = Sums[owner, part];
                for (int k = 0; k < 8; k++)
                {
                    uint a = Operands[first + row % 8 * 4 + k % 4, k / 4 * 2 + row / 8];
                    uint b = Operands[first + column * 4 + k % 4, 4 + k / 4];
                    sum += Truncate(a) * Truncate(b);
                }
                Results[owner, part] = sum;
            }
    }

    // Tensor cores do not look at the low 13 bits.
    private static float Truncate(uint bits) => BitConverter.UInt32BitsToSingle(bits & ~0x1fffu);

    private static void Check(string asm, string expected)
    {
        if (asm.Replace(" ", "", StringComparison.Ordinal) != expected)
            throw new NotSupportedException($"the sandbox does not know '{asm}' with these operands");
    }
}
