using System.Runtime.Intrinsics;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// The register tiles of the convolution. A tile is P neighboring pixels of an output row times V vectors of output
/// channels; its sums stay in registers while it walks over filter rows and input blocks:
/// <code>
/// sum[p][o] = 0;  for block, y, k:  sum[p][o] += input[block * BlockStride + y * RowStride + p * step + k * advance] * weights[next][o]
/// output[p][o] = sum[p][o]   or   max(output[p][o] + sum[p][o], floor)
/// </code>
/// A long sum loses precision, because every addition rounds the whole sum. So after some blocks the sum is added to the output and
/// starts again from zero: many short sums, and one sum of these.
/// The methods are written by the generator, one per tile width, so that every sum has a register of its own.
/// </summary>
/// <remarks>
/// A tile has as many sums as the registers can hold in addition to the weights and one input. At 512 bits, 6x4 reads
/// ten values for 24 products where 14x2 reads sixteen for 28, but more than twice the weights: on a busy machine 8 % faster
/// on one thread, and nothing certain on two. Share of the peak at 128 bits without fused
/// instructions: 3x4 94 %, 4x2 83 %, 5x2 and 6x2 80 %; GFLOP/s of one core without vectors: 6x2 6.8, 4x2 6.3, 2x4 6.0, 3x4 5.6.
/// </remarks>
[ConvolutionTile(512, pixels: 14, vectors: 2)]
[ConvolutionTile(512, pixels: 14, vectors: 1)]
[ConvolutionTile(256, pixels: 6, vectors: 2)]
[ConvolutionTile(128, pixels: 3, vectors: 4)]
[ConvolutionTile(32, pixels: 6, vectors: 2)]
internal static unsafe partial class ConvolutionTiles
{
    /// <summary>The most output channels that a tile of this machine's vectors takes of those that are left, a multiple of 16.</summary>
    internal static int LanesOf(int channels) =>
        !Registers.Has512Bits ? Math.Min(channels, NarrowLanes)
        : channels >= Lanes512x2 ? Lanes512x2
        : Lanes512x1;

    /// <summary>Pixels of the widest tile of so many channels.</summary>
    internal static int PixelsOf(int lanes) =>
        !Registers.Has512Bits ? NarrowPixels
        : lanes == Lanes512x2 ? Pixels512x2
        : Pixels512x1;

    /// <summary>
    /// The pixels of the next tile, when <paramref name="left"/> pixels of the row are left. All tiles of a row get nearly the same width:
    /// 57 pixels are divided into 12+12+11+11+11, not into four times 14 and one.
    /// </summary>
    internal static int NextOf(int left, int widest)
    {
        int tiles = left.DivideUp(widest);
        return tiles == 0 ? 0 : left.DivideUp(tiles);
    }

    private static int NarrowLanes =>
        Vector256.IsHardwareAccelerated ? Lanes256x2 : Vector128.IsHardwareAccelerated ? Lanes128x4 : Lanes32x2;

    private static int NarrowPixels =>
        Vector256.IsHardwareAccelerated ? Pixels256x2 : Vector128.IsHardwareAccelerated ? Pixels128x4 : Pixels32x2;

    /// <summary>Runs the tile of <paramref name="lanes"/> channels, as <see cref="LanesOf"/> gave them.</summary>
    internal static void Run<TStep, TEnd>(
        int lanes, int pixels, in TileWalk walk, float* input, float* weights, float floor, float* output, nint outputBlock)
        where TStep : struct, IPixelStep
        where TEnd : struct, ITileEnd
    {
        if (Registers.Has512Bits && lanes == Lanes512x2)
            Run512x2<TStep, TEnd>(pixels, walk, input, weights, floor, output, outputBlock);
        else if (Registers.Has512Bits)
            Run512x1<TStep, TEnd>(pixels, walk, input, weights, floor, output, outputBlock);
        else if (Vector256.IsHardwareAccelerated)
            Run256x2<TStep, TEnd>(pixels, walk, input, weights, floor, output, outputBlock);
        else if (Vector128.IsHardwareAccelerated)
            Run128x4<TStep, TEnd>(pixels, walk, input, weights, floor, output, outputBlock);
        else
            Run32x2<TStep, TEnd>(pixels, walk, input, weights, floor, output, outputBlock);
    }
}

/// <summary>
/// Asks the generator for a register tile of up to <c>pixels</c> x <c>vectors</c> vectors of <c>bits</c> bits; 32 bits are one float.
/// </summary>
#pragma warning disable CS9113 // Read by the generator, at build time.
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
internal sealed class ConvolutionTileAttribute(int bits, int pixels, int vectors) : Attribute;
#pragma warning restore CS9113

/// <summary>What a tile walks over. Strides in floats.</summary>
internal readonly struct TileWalk
{
    /// <summary>Blocks of input channels.</summary>
    internal int Blocks { get; init; }

    /// <summary>After so many blocks a sum is added to the output and starts anew.</summary>
    internal int BlocksOfASum { get; init; }

    /// <summary>From a block of input channels to the next.</summary>
    internal nint BlockStride { get; init; }

    /// <summary>Filter rows.</summary>
    internal int Rows { get; init; }

    /// <summary>From an input row to the next.</summary>
    internal nint RowStride { get; init; }

    /// <summary>Floats under one filter row: its pixels times the channels of a block. A product apiece, or one every advance.</summary>
    internal int Run { get; init; }

    /// <summary>From the input of an output pixel to the next pixel's.</summary>
    internal nint PixelStep { get; init; }

    /// <summary>
    /// From a block of sixteen output channels to the next one's weights, where these are not side by side: see
    /// <see cref="Exchanged{TStep}"/>.
    /// </summary>
    internal nint WeightBlock { get; init; }
}

/// <summary>
/// The distances between inputs. Types, not numbers, so that the usual distances are constants in the kernels' addresses.
/// </summary>
internal interface IPixelStep
{
    /// <summary>From the input of one pixel of the tile to the next pixel's.</summary>
    static abstract nint Floats(in TileWalk walk);

    /// <summary>
    /// From the input of one product to the next one's, along a row of the walk: neighbors, unless a type says otherwise.
    /// </summary>
    static virtual nint Advance(in TileWalk walk) => 1;

    /// <summary>From the weights of a block of sixteen output channels to the next block's.</summary>
    static virtual nint WeightBlock(in TileWalk walk) => Block.Lanes;

    /// <summary>From the weights of one product to the next one's, when a tile has so many channels.</summary>
    static virtual nint WeightAdvance(int channels) => channels;
}

/// <summary>Features at stride 1: sixteen channels a pixel.</summary>
internal readonly struct FeatureStep : IPixelStep
{
    public static nint Floats(in TileWalk walk) => Block.Lanes;
}

/// <summary>RGB at stride 2.</summary>
internal readonly struct Rgb2Step : IPixelStep
{
    public static nint Floats(in TileWalk walk) => 6;
}

/// <summary>RGB at stride 4.</summary>
internal readonly struct Rgb4Step : IPixelStep
{
    public static nint Floats(in TileWalk walk) => 12;
}

/// <summary>Any other channels and stride: correct, but each address is computed.</summary>
internal readonly struct AnyStep : IPixelStep
{
    public static nint Floats(in TileWalk walk) => walk.PixelStep;
}

/// <summary>
/// The same input with the roles exchanged, for the gradient of the filters: the tile's pixels are neighboring floats under a
/// filter row, the walk goes from one output pixel to the next, and the weights are features, in planes of sixteen channels.
/// </summary>
internal readonly struct Exchanged<TStep> : IPixelStep
    where TStep : struct, IPixelStep
{
    public static nint Floats(in TileWalk walk) => TStep.Advance(walk);

    public static nint Advance(in TileWalk walk) => TStep.Floats(walk);

    public static nint WeightBlock(in TileWalk walk) => walk.WeightBlock;

    public static nint WeightAdvance(int channels) => Block.Lanes;
}

/// <summary>
/// What a tile does with its first sums; it adds all others to them. A type, not a flag: when it was a flag, the compiler kept some
/// of the sums in memory through the loop, and the tile ran at 70 % of the peak instead of 95 %. The branch between first and
/// other sums does no such harm.
/// </summary>
internal interface ITileEnd
{
    static abstract bool AddsToOutput { get; }
}

/// <summary>output = sum of all sums; the floor is not looked at.</summary>
internal readonly struct StoreSums : ITileEnd
{
    public static bool AddsToOutput => false;
}

/// <summary>output = max(output + sum, floor).</summary>
internal readonly struct AddSums : ITileEnd
{
    public static bool AddsToOutput => true;
}
