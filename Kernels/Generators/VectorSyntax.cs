namespace SiamIlgpu.Kernels.Generators;

/// <summary>How generated code spells a vector of <c>Bits</c> bits of floats; 32 bits are one float.</summary>
internal readonly record struct VectorSyntax(int Bits)
{
    /// <summary>Channels of a block of a tensor, as the generated code counts them: Block.Lanes of the kernels.</summary>
    internal const int BlockLanes = 16;

    internal int Lanes => Bits / 32;

    private bool Scalar => Bits == 32;

    internal string Type => Scalar ? "float" : $"Vector{Bits}<float>";

    internal string Load(string address) => Scalar ? $"*({address})" : $"Vector{Bits}.Load({address})";

    internal string Store(string value, string address) => Scalar ? $"*({address}) = {value}" : $"{value}.Store({address})";

    internal string Broadcast(string value) => Scalar ? value : $"Vector{Bits}.Create({value})";

    // One instruction, where Max takes several to tell -0 from +0 and to find a NaN on either side; of MaxNative the second
    // operand is the one that hands on a NaN. With Max, a convolution tile of twelve steps took 174 ns instead of 107.
    internal string Max(string a, string b) => Scalar ? $"MathF.Max({a}, {b})" : $"Vector{Bits}.MaxNative({b}, {a})";

    // Without vectors there may be no fused instruction either, and MathF.FusedMultiplyAdd would be a call into software.
    internal string MultiplyAdd(string a, string b, string c) =>
        Scalar ? $"({a} * {b} + {c})" : $"Vector{Bits}.MultiplyAddEstimate({a}, {b}, {c})";
}
