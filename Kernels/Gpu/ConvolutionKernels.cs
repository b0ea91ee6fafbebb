using System.Runtime.CompilerServices;
using ILGPU;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>
/// The arguments of the convolution kernels. Input positions are counted in elements of the input's loader: single
/// floats for images, groups of four floats for features.
/// </summary>
internal readonly record struct ConvolutionArguments
{
    /// <summary>Products of a step.</summary>
    internal const int Depth = Block.Lanes;

    /// <summary>Pixels that a thread of the kernel for processors computes.</summary>
    internal const int ProcessorPixels = 6;

    /// <summary>Output pixels: batch x map.</summary>
    internal int Pixels { get; init; }

    /// <summary>Pixels of one map, and its width.</summary>
    internal int MapArea { get; init; }

    /// <inheritdoc cref="MapArea"/>
    internal int MapWidth { get; init; }

    /// <summary>From one image, group, output row and output column to the next, in the input.</summary>
    internal int ImageStep { get; init; }

    /// <inheritdoc cref="ImageStep"/>
    internal int GroupStep { get; init; }

    /// <inheritdoc cref="ImageStep"/>
    internal int RowStep { get; init; }

    /// <inheritdoc cref="ImageStep"/>
    internal int ColumnStep { get; init; }

    /// <summary>Output channels of a group, and what they take in the packed filters.</summary>
    internal int GroupChannels { get; init; }

    /// <inheritdoc cref="GroupChannels"/>
    internal int GroupPitch { get; init; }

    /// <summary>Output channels of a group, unused lanes of the last sixteen included.</summary>
    internal int GroupLanes { get; init; }

    /// <summary>Blocks of sixteen output channels, over all groups.</summary>
    internal int OutBlocks { get; init; }

    /// <summary>Steps of the whole sum, sixteen products each, and those that one part of it takes.</summary>
    internal int Steps { get; init; }

    /// <inheritdoc cref="Steps"/>
    internal int StepsPerPart { get; init; }

    /// <summary>The least value of a result: 0 with ReLU, else minus infinity.</summary>
    internal float Least { get; init; }

    /// <summary>Floats of one part, that is of the whole output.</summary>
    internal int PartLength { get; init; }
}

/// <summary>The arguments of the kernel that adds up the parts of a convolution's sums.</summary>
internal readonly record struct ConvolutionPartsArguments
{
    /// <summary>Number of parts, and groups of four floats in each.</summary>
    internal int Parts { get; init; }

    /// <inheritdoc cref="Parts"/>
    internal int Quads { get; init; }

    /// <summary>Pixels of one map.</summary>
    internal int MapArea { get; init; }

    /// <summary>Blocks of sixteen output channels.</summary>
    internal int OutBlocks { get; init; }

    /// <summary>Groups of channels.</summary>
    internal int Groups { get; init; }

    /// <summary>Output channels of a group and what they take in the packed bias.</summary>
    internal int GroupChannels { get; init; }

    /// <inheritdoc cref="GroupChannels"/>
    internal int GroupPitch { get; init; }

    /// <summary>The least value of a result: 0 with ReLU, else minus infinity.</summary>
    internal float Least { get; init; }
}

/// <summary>How much of the output one group of threads computes; every thread makes eight pixels of eight channels.</summary>
internal interface IConvolutionTile
{
    /// <summary>Output channels.</summary>
    static abstract int Channels { get; }

    /// <summary>Output pixels.</summary>
    static abstract int Pixels { get; }
}

/// <summary>For maps that fill the device with large tiles.</summary>
internal readonly struct Tile128X128 : IConvolutionTile
{
    public static int Channels => 128;

    public static int Pixels => 128;
}

/// <summary>For small maps: four times as many groups.</summary>
internal readonly struct Tile64X64 : IConvolutionTile
{
    public static int Channels => 64;

    public static int Pixels => 64;
}

/// <summary>For layers of 32 output channels.</summary>
internal readonly struct Tile32X128 : IConvolutionTile
{
    public static int Channels => 32;

    public static int Pixels => 128;
}

/// <summary>For groups of 16 output channels, as CFNet's second layer has them.</summary>
internal readonly struct Tile16X256 : IConvolutionTile
{
    public static int Channels => 16;

    public static int Pixels => 256;
}

/// <summary>How a kernel reads its input: sixteen products of a step are four loads of four.</summary>
internal interface IConvolutionInput
{
    /// <summary>Four neighboring products' inputs for the pixel whose window starts at <paramref name="window"/>.</summary>
    static abstract Float4 Load(ArrayView<float> input, ArrayView<int> offsets, int window, int step, int quarter);

    /// <summary>Floats between two positions of a window.</summary>
    static abstract int Unit { get; }

    /// <summary>Where one product's input lies from the start of its window, in floats.</summary>
    static abstract int Offset(ArrayView<int> offsets, int step, int product);
}

/// <summary>Features in blocks of sixteen channels: a step is one block at one place of the window.</summary>
internal readonly struct FeatureInput : IConvolutionInput
{
    public static int Unit => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Load(ArrayView<float> input, ArrayView<int> offsets, int window, int step, int quarter) =>
        input.Cast<Float4>()[window + offsets[step] + quarter];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Offset(ArrayView<int> offsets, int step, int product) => offsets[step] * 4 + product;
}

/// <summary>Images of one to four interleaved channels: a step is sixteen values of the window, wherever they lie.</summary>
internal readonly struct ImageInput : IConvolutionInput
{
    public static int Unit => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Load(ArrayView<float> input, ArrayView<int> offsets, int window, int step, int quarter)
    {
        int first = step * ConvolutionArguments.Depth + quarter * 4;
        Float4 values;
        values.A = input[window + offsets[first]];
        values.B = input[window + offsets[first + 1]];
        values.C = input[window + offsets[first + 2]];
        values.D = input[window + offsets[first + 3]];
        return values;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Offset(ArrayView<int> offsets, int step, int product) => offsets[step * ConvolutionArguments.Depth + product];
}

/// <summary>
/// Convolution as a matrix product, [channels x products] times [products x pixels], whose right-hand side is gathered from the
/// input on the way (implicit GEMM). filters: [group][step][16][channels, padded]; output: blocks of sixteen channels.
/// </summary>
internal static class ConvolutionKernels
{
    private const int Depth = ConvolutionArguments.Depth;

    /// <summary>Threads of the kernel that adds up parts.</summary>
    internal const int SumThreads = 256;

    /// <summary>
    /// Group (x, y, z) = pixel tile x, channel tile y (tiles of one group of channels, then of the next), part z of the sum.
    /// Thread t computes pixels 4*(t / columns) + 0..3 of each half of the tile, channels 4*(t % columns) + 0..3 of each half:
    /// so neighboring threads read neighboring filters, and all threads of a row the same pixels.
    /// </summary>
    internal static void Forward<TInput, TTile>(
        ArrayView<float> input, ArrayView<float> filters, ArrayView<float> bias, ArrayView<int> offsets, ArrayView<float> output,
        ConvolutionArguments a)
        where TInput : struct, IConvolutionInput
        where TTile : struct, IConvolutionTile
    {
        int threads = TTile.Channels * TTile.Pixels / 64;
        ArrayView<Float4> filterTile = SharedMemory.Allocate<Float4>(Depth * TTile.Channels / 4);
        ArrayView<float> pixelTile = SharedMemory.Allocate<float>(Depth * TTile.Pixels);
        ArrayView<int> windows = SharedMemory.Allocate<int>(TTile.Pixels);
        ArrayView<Float4> pixelQuads = pixelTile.Cast<Float4>();

        int t = Group.IdxX;
        int tilesPerGroup = a.GroupLanes.DivideUp(TTile.Channels);
        int group = Grid.IdxY / tilesPerGroup;
        int firstChannel = (Grid.IdxY - group * tilesPerGroup) * TTile.Channels;
        int firstPixel = Grid.IdxX * TTile.Pixels;

        // In shared memory, because ILGPU computes a value as late as possible: a value that only a loop reads, in every round of the loop.
        for (int i = t; i < TTile.Pixels; i += threads)
            windows[i] = Window(firstPixel + i, group, a);

        Group.Barrier();

        int columns = TTile.Channels / 8;
        int channelQuad = t & (columns - 1);
        int pixelQuad = t / columns;
        int quadsPerRow = TTile.Channels / 4;
        ArrayView<Float4> filterQuads = filters.Cast<Float4>();
        int filterPitch = a.GroupPitch / 4;
        Tile8X8 sums = default;

        int step = Grid.IdxZ * a.StepsPerPart;
        int end = Math.Min(step + a.StepsPerPart, a.Steps);
        int filterAt = (group * a.Steps + step) * Depth * filterPitch + firstChannel / 4;
        Fetched next = Fetch<TInput, TTile>(input, filterQuads, offsets, windows, filterAt, filterPitch, step);
        for (; step < end; step++)
        {
            PutPixels<TTile>(pixelTile, 0, next.P0);
            PutPixels<TTile>(pixelTile, 1, next.P1);
            if (PixelLoads<TTile>() > 2)
            {
                PutPixels<TTile>(pixelTile, 2, next.P2);
                PutPixels<TTile>(pixelTile, 3, next.P3);
            }
            for (int i = 4; i < PixelLoads<TTile>(); i++)
                PutPixels<TTile>(pixelTile, i, FetchPixels<TInput, TTile>(input, offsets, windows, step, i));
            filterTile[t] = next.F0;
            if (FilterLoads<TTile>() > 1)
                filterTile[t + threads] = next.F1;
            if (FilterLoads<TTile>() > 2)
            {
                filterTile[t + 2 * threads] = next.F2;
                filterTile[t + 3 * threads] = next.F3;
            }

            Group.Barrier();

            filterAt += Depth * filterPitch;
            if (step + 1 < end)
                next = Fetch<TInput, TTile>(input, filterQuads, offsets, windows, filterAt, filterPitch, step + 1);
            for (int k = 0; k < Depth; k += 4)
            {
                int pixels = k * (TTile.Pixels / 4) + pixelQuad;
                int channels = k * quadsPerRow + channelQuad;
                sums = Multiply<TTile>(pixelQuads, filterTile, pixels, channels, sums);
                sums = Multiply<TTile>(pixelQuads, filterTile, pixels + TTile.Pixels / 4, channels + quadsPerRow, sums);
                sums = Multiply<TTile>(pixelQuads, filterTile, pixels + TTile.Pixels / 2, channels + 2 * quadsPerRow, sums);
                sums = Multiply<TTile>(pixelQuads, filterTile, pixels + 3 * (TTile.Pixels / 4), channels + 3 * quadsPerRow, sums);
            }

            Group.Barrier();
        }

        int channel = firstChannel + 4 * channelQuad;
        int firstOfMine = firstPixel + 4 * pixelQuad;
        int half = TTile.Pixels / 2;
        int biasAt = group * a.GroupPitch + channel;
        var low = new Finishing(bias, biasAt, a.GroupChannels - channel, a.Least);
        var high = new Finishing(bias, biasAt + TTile.Channels / 2, a.GroupChannels - channel - TTile.Channels / 2, a.Least);
        Store<TTile>(low, high, output, a, group, channel, firstOfMine, sums.R0);
        Store<TTile>(low, high, output, a, group, channel, firstOfMine + 1, sums.R1);
        Store<TTile>(low, high, output, a, group, channel, firstOfMine + 2, sums.R2);
        Store<TTile>(low, high, output, a, group, channel, firstOfMine + 3, sums.R3);
        Store<TTile>(low, high, output, a, group, channel, firstOfMine + half, sums.R4);
        Store<TTile>(low, high, output, a, group, channel, firstOfMine + half + 1, sums.R5);
        Store<TTile>(low, high, output, a, group, channel, firstOfMine + half + 2, sums.R6);
        Store<TTile>(low, high, output, a, group, channel, firstOfMine + half + 3, sums.R7);
    }

    /// <summary>Adds up the parts of the sums, the bias, and applies the ReLU. A thread = four channels of a pixel.</summary>
    internal static void SumParts(ArrayView<float> parts, ArrayView<float> bias, ArrayView<float> output, ConvolutionPartsArguments a)
    {
        int quad = Grid.IdxX * SumThreads + Group.IdxX;
        if (quad >= a.Quads)
            return;
        ArrayView<Float4> from = parts.Cast<Float4>();
        Float4 sum = from[quad];
        for (int part = 1; part < a.Parts; part++)
        {
            Float4 next = from[part * a.Quads + quad];
            sum.A += next.A;
            sum.B += next.B;
            sum.C += next.C;
            sum.D += next.D;
        }
        int block = quad / (4 * a.MapArea) % a.OutBlocks;
        int channel = block * Block.Lanes + (quad & 3) * 4;
        int group = channel / a.GroupChannels;
        // The unused lanes of the last block belong to the last group.
        group = Math.Min(group, a.Groups - 1);
        int inGroup = channel - group * a.GroupChannels;
        var finishing = new Finishing(bias, group * a.GroupPitch + inGroup, a.GroupChannels - inGroup, a.Least);
        output.Cast<Float4>()[quad] = finishing.Of(sum);
    }

    /// <summary>
    /// The kernel for OpenCL on a processor, whose compiler makes vectors of independent sums within one thread, but not of several threads
    /// that sum in a loop. Group (x, y) = one thread = six pixels of sixteen channels: 96 sums, as many as twelve vectors of eight hold.
    /// </summary>
    internal static void ForwardOnProcessor<TInput>(
        ArrayView<float> input, ArrayView<float> filters, ArrayView<float> bias, ArrayView<int> offsets, ArrayView<float> output,
        ConvolutionArguments a)
        where TInput : struct, IConvolutionInput
    {
        int blocksPerGroup = a.GroupLanes / Block.Lanes;
        int group = Grid.IdxY / blocksPerGroup;
        int channel = (Grid.IdxY - group * blocksPerGroup) * Block.Lanes;
        int pixel = Grid.IdxX * ConvolutionArguments.ProcessorPixels;
        int w0 = Window(pixel, group, a), w1 = Window(pixel + 1, group, a), w2 = Window(pixel + 2, group, a);
        int w3 = Window(pixel + 3, group, a), w4 = Window(pixel + 4, group, a), w5 = Window(pixel + 5, group, a);

        int at = group * a.Steps * Depth * a.GroupPitch + channel;
        Float8 low0 = default, low1 = default, low2 = default, low3 = default, low4 = default, low5 = default;
        Float8 high0 = default, high1 = default, high2 = default, high3 = default, high4 = default, high5 = default;
        for (int step = 0; step < a.Steps; step++)
        {
            for (int product = 0; product < Depth; product++)
            {
                Float8 low = Float8.Load(filters, at), high = Float8.Load(filters, at + 8);
                int offset = TInput.Offset(offsets, step, product);
                float x0 = input[w0 * TInput.Unit + offset], x1 = input[w1 * TInput.Unit + offset], x2 = input[w2 * TInput.Unit + offset];
                float x3 = input[w3 * TInput.Unit + offset], x4 = input[w4 * TInput.Unit + offset], x5 = input[w5 * TInput.Unit + offset];
                low0 = low0.Add(x0, low.Low, low.High);
                high0 = high0.Add(x0, high.Low, high.High);
                low1 = low1.Add(x1, low.Low, low.High);
                high1 = high1.Add(x1, high.Low, high.High);
                low2 = low2.Add(x2, low.Low, low.High);
                high2 = high2.Add(x2, high.Low, high.High);
                low3 = low3.Add(x3, low.Low, low.High);
                high3 = high3.Add(x3, high.Low, high.High);
                low4 = low4.Add(x4, low.Low, low.High);
                high4 = high4.Add(x4, high.Low, high.High);
                low5 = low5.Add(x5, low.Low, low.High);
                high5 = high5.Add(x5, high.Low, high.High);
                at += a.GroupPitch;
            }
        }
        int biasAt = group * a.GroupPitch + channel;
        int used = a.GroupChannels - channel;
        var f0 = new Finishing(bias, biasAt, used, a.Least);
        var f1 = new Finishing(bias, biasAt + 4, used - 4, a.Least);
        var f2 = new Finishing(bias, biasAt + 8, used - 8, a.Least);
        var f3 = new Finishing(bias, biasAt + 12, used - 12, a.Least);
        StoreSixteen(f0, f1, f2, f3, output, a, group, channel, pixel, low0, high0);
        StoreSixteen(f0, f1, f2, f3, output, a, group, channel, pixel + 1, low1, high1);
        StoreSixteen(f0, f1, f2, f3, output, a, group, channel, pixel + 2, low2, high2);
        StoreSixteen(f0, f1, f2, f3, output, a, group, channel, pixel + 3, low3, high3);
        StoreSixteen(f0, f1, f2, f3, output, a, group, channel, pixel + 4, low4, high4);
        StoreSixteen(f0, f1, f2, f3, output, a, group, channel, pixel + 5, low5, high5);
    }

    /// <summary>Groups of four floats that a thread brings in a step, of pixels and of filters.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int PixelLoads<TTile>()
        where TTile : struct, IConvolutionTile => 256 / TTile.Channels;

    /// <inheritdoc cref="PixelLoads"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int FilterLoads<TTile>()
        where TTile : struct, IConvolutionTile => 256 / TTile.Pixels;

    /// <summary>Loads what this thread brings in for a step; of pixels the first four loads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Fetched Fetch<TInput, TTile>(
        ArrayView<float> input, ArrayView<Float4> filters, ArrayView<int> offsets, ArrayView<int> windows, int filterAt, int filterPitch, int step)
        where TInput : struct, IConvolutionInput
        where TTile : struct, IConvolutionTile
    {
        Fetched fetched = default;
        fetched.P0 = FetchPixels<TInput, TTile>(input, offsets, windows, step, 0);
        fetched.P1 = FetchPixels<TInput, TTile>(input, offsets, windows, step, 1);
        if (PixelLoads<TTile>() > 2)
        {
            fetched.P2 = FetchPixels<TInput, TTile>(input, offsets, windows, step, 2);
            fetched.P3 = FetchPixels<TInput, TTile>(input, offsets, windows, step, 3);
        }
        fetched.F0 = filters[FilterIndex<TTile>(filterAt, filterPitch, 0)];
        if (FilterLoads<TTile>() > 1)
            fetched.F1 = filters[FilterIndex<TTile>(filterAt, filterPitch, 1)];
        if (FilterLoads<TTile>() > 2)
        {
            fetched.F2 = filters[FilterIndex<TTile>(filterAt, filterPitch, 2)];
            fetched.F3 = filters[FilterIndex<TTile>(filterAt, filterPitch, 3)];
        }
        return fetched;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Float4 FetchPixels<TInput, TTile>(ArrayView<float> input, ArrayView<int> offsets, ArrayView<int> windows, int step, int load)
        where TInput : struct, IConvolutionInput
        where TTile : struct, IConvolutionTile
    {
        int i = Group.IdxX + load * (TTile.Channels * TTile.Pixels / 64);
        return TInput.Load(input, offsets, windows[i & (TTile.Pixels - 1)], step, i / TTile.Pixels);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int FilterIndex<TTile>(int filterAt, int filterPitch, int load)
        where TTile : struct, IConvolutionTile
    {
        int i = Group.IdxX + load * (TTile.Channels * TTile.Pixels / 64);
        return filterAt + i / (TTile.Channels / 4) * filterPitch + (i & (TTile.Channels / 4 - 1));
    }

    /// <summary>Lays four products of a pixel into their rows of shared memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PutPixels<TTile>(ArrayView<float> pixelTile, int load, Float4 values)
        where TTile : struct, IConvolutionTile
    {
        int i = Group.IdxX + load * (TTile.Channels * TTile.Pixels / 64);
        int to = i / TTile.Pixels * 4 * TTile.Pixels + (i & (TTile.Pixels - 1));
        pixelTile[to] = values.A;
        pixelTile[to + TTile.Pixels] = values.B;
        pixelTile[to + 2 * TTile.Pixels] = values.C;
        pixelTile[to + 3 * TTile.Pixels] = values.D;
    }

    /// <summary>Adds one product of eight pixels and eight channels each, four and four from half a tile further on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Tile8X8 Multiply<TTile>(ArrayView<Float4> pixelQuads, ArrayView<Float4> filterTile, int pixels, int channels, Tile8X8 sums)
        where TTile : struct, IConvolutionTile
    {
        Tile8X8 next = sums;
        next.Add(
            pixelQuads[pixels], pixelQuads[pixels + TTile.Pixels / 8], filterTile[channels], filterTile[channels + TTile.Channels / 8]);
        return next;
    }

    /// <summary>Where the window of an output pixel starts in the input. Pixels past the end read the last one's window.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Window(int pixel, int group, ConvolutionArguments a)
    {
        int p = Math.Min(pixel, a.Pixels - 1);
        int image = p / a.MapArea;
        int inMap = p - image * a.MapArea;
        int y = inMap / a.MapWidth;
        int x = inMap - y * a.MapWidth;
        return image * a.ImageStep + group * a.GroupStep + y * a.RowStep + x * a.ColumnStep;
    }

    /// <summary>
    /// One pixel of eight channels: four from <paramref name="channel"/> on, four from half a tile further on. That is whole blocks
    /// further on, and in the narrowest tile half a block.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TTile>(
        Finishing low, Finishing high, ArrayView<float> output, ConvolutionArguments a, int group, int channel, int pixel, Float8 sums)
        where TTile : struct, IConvolutionTile
    {
        if (pixel >= a.Pixels)
            return;
        ArrayView<Float4> quads = output.Cast<Float4>();
        int at = (Grid.IdxZ * a.PartLength + Place(a, group, channel, pixel)) / 4;
        if (channel < a.GroupLanes)
            quads[at] = low.Of(sums.Low);
        if (channel + TTile.Channels / 2 < a.GroupLanes)
            quads[at + TTile.Channels / 32 * a.MapArea * 4 + TTile.Channels / 2 % Block.Lanes / 4] = high.Of(sums.High);
    }

    /// <summary>One pixel of sixteen channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreSixteen(
        Finishing f0, Finishing f1, Finishing f2, Finishing f3, ArrayView<float> output, ConvolutionArguments a, int group, int channel, int pixel,
        Float8 low, Float8 high)
    {
        if (pixel >= a.Pixels)
            return;
        ArrayView<Float4> quads = output.Cast<Float4>();
        int at = Place(a, group, channel, pixel) / 4;
        quads[at] = f0.Of(low.Low);
        quads[at + 1] = f1.Of(low.High);
        quads[at + 2] = f2.Of(high.Low);
        quads[at + 3] = f3.Of(high.High);
    }

    /// <summary>Where a channel of a pixel lies in the output.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Place(ConvolutionArguments a, int group, int channel, int pixel)
    {
        int image = pixel / a.MapArea;
        int outChannel = group * a.GroupChannels + channel;
        return ((image * a.OutBlocks + outChannel / Block.Lanes) * a.MapArea + pixel - image * a.MapArea) * Block.Lanes
            + (outChannel & (Block.Lanes - 1));
    }

    /// <summary>The pixels and filters of the next step, which a thread has loaded while it computes the current step.</summary>
    private struct Fetched
    {
        internal Float4 P0, P1, P2, P3, F0, F1, F2, F3;
    }

    /// <summary>Bias and ReLU of four channels. NaN stays NaN, except in unused lanes, which are 0.</summary>
    internal readonly struct Finishing
    {
        private readonly Float4 bias;
        private readonly float least;
        private readonly int used;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal Finishing(ArrayView<float> bias, int at, int used, float least)
        {
            this.bias = bias.Cast<Float4>()[at / 4];
            this.least = least;
            this.used = used;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal Float4 Of(Float4 sums)
        {
            Float4 result;
            result.A = Of(sums.A + bias.A, 0);
            result.B = Of(sums.B + bias.B, 1);
            result.C = Of(sums.C + bias.C, 2);
            result.D = Of(sums.D + bias.D, 3);
            return result;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private float Of(float value, int lane)
        {
            float most = value < least ? least : value;
            return lane < used ? most : 0;
        }
    }
}
