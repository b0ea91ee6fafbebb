namespace SiamIlgpu.Kernels.Cpu;

/// <summary>Asks the generator for the transforms of F(outputs, taps) on a partial struct.</summary>
#pragma warning disable CS9113 // Read by the generator, at build time.
[AttributeUsage(AttributeTargets.Struct)]
internal sealed class WinogradTransformAttribute(int outputs, int taps) : Attribute;
#pragma warning restore CS9113

/// <summary>
/// The transforms of Winograd's F(m x m, r x r): m x m outputs of an r x r filter from n x n inputs, n = m + r - 1, by n^2
/// multiplications a channel. All strides in floats.
/// </summary>
internal unsafe interface IWinogradTransform
{
    /// <summary>m.</summary>
    static abstract int Outputs { get; }

    /// <summary>r.</summary>
    static abstract int Taps { get; }

    /// <summary>
    /// Products of one sum, a multiple of 16. The output transform magnifies the rounding errors of these sums, by 2.2 with six points and by
    /// 4.4 with eight; short sums have small errors. With one long sum, the features of SiamFC had a relative RMS error of 7.4e-7. With
    /// short sums it is 6.0e-7, which costs a tenth of conv2's time and a thirtieth of the 3 x 3 layers' products.
    /// </summary>
    static abstract int StepsOfASum { get; }

    /// <summary>G, n x r, row by row.</summary>
    static abstract ReadOnlySpan<double> Filter { get; }

    /// <summary>
    /// B^T d B of a patch: n rows of n pixels, a pixel <paramref name="step"/> floats (at most 16) from the next. Writes
    /// <paramref name="lanes"/> (8 or 16) floats a point; those from step on are garbage. May read 15 floats past a row of
    /// the patch. Scratch takes n x n x 16 floats.
    /// </summary>
    static abstract void Input(
        float* source, nint rowStride, nint step, int lanes, float* destination, nint pointStride, nint pointRowStride, float* scratch);

    /// <summary>
    /// One row of M A: from n products to m sums for each of <paramref name="stride"/> floats, a multiple of 16. Products lie
    /// stride apart, and so do sums.
    /// </summary>
    static abstract void OutputRows(float* products, nint stride, float* sums);

    /// <summary>
    /// max(A^T (M A) + bias, floor) of sixteen channels of a tile, from n x m sums that lie stride apart. Writes only the
    /// pixels from firstRow, firstColumn on.
    /// </summary>
    static abstract void OutputColumns(
        float* sums, nint stride, float* bias, float floor, float* destination, nint rowStride, int firstRow, int firstColumn);
}

/// <summary>For 3 x 3 filters; and for 11 x 11 at stride 4, which are 3 x 3 over the phases of the input.</summary>
[WinogradTransform(outputs: 4, taps: 3)]
internal readonly partial struct F4x3 : IWinogradTransform
{
    /// <inheritdoc/>
    public static int StepsOfASum => 64;
}

/// <summary>For 5 x 5 filters.</summary>
[WinogradTransform(outputs: 4, taps: 5)]
internal readonly partial struct F4x5 : IWinogradTransform
{
    /// <inheritdoc/>
    public static int StepsOfASum => Block.Lanes;
}

/// <summary>For 11 x 11 filters at stride 2, which are 6 x 6 over the phases of the input.</summary>
[WinogradTransform(outputs: 3, taps: 6)]
internal readonly partial struct F3x6 : IWinogradTransform
{
    /// <inheritdoc/>
    public static int StepsOfASum => Block.Lanes;
}
