using System.Runtime.CompilerServices;
using ILGPU;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>The arguments of the kernel that spreads an output's gradient out.</summary>
internal readonly record struct SpreadArguments
{
    /// <summary>Groups of four floats of the gradient, and of one block of one image.</summary>
    internal int Quads { get; init; }

    /// <inheritdoc cref="Quads"/>
    internal int MapQuads { get; init; }

    /// <summary>Columns of the gradient.</summary>
    internal int MapWidth { get; init; }

    /// <summary>Where the first value goes, and from one block, row and column to the next, in groups of four floats.</summary>
    internal int First { get; init; }

    /// <inheritdoc cref="First"/>
    internal int BlockStep { get; init; }

    /// <inheritdoc cref="First"/>
    internal int RowStep { get; init; }

    /// <inheritdoc cref="First"/>
    internal int ColumnStep { get; init; }
}

/// <summary>The arguments of the kernels of the filters' gradient.</summary>
internal readonly record struct FilterGradientArguments
{
    /// <summary>The convolution. Its filters' order is that of the partial sums, its steps their runs of sixteen products.</summary>
    internal ConvolutionArguments Convolution { get; init; }

    /// <summary>Steps of the whole sum, sixteen pixels each, and those that one part of it takes.</summary>
    internal int Steps { get; init; }

    /// <inheritdoc cref="Steps"/>
    internal int StepsPerPart { get; init; }
}

/// <summary>The arguments of the kernel of the bias's gradient.</summary>
internal readonly record struct BiasGradientArguments
{
    /// <summary>Pixels of a part of the sum.</summary>
    internal const int PixelsPerPart = 2048;

    /// <summary>Output pixels: batch x map.</summary>
    internal int Pixels { get; init; }

    /// <summary>Pixels of one map.</summary>
    internal int MapArea { get; init; }

    /// <summary>Blocks of sixteen output channels.</summary>
    internal int OutBlocks { get; init; }
}

/// <summary>The arguments of the kernel that adds up the parts of gradients.</summary>
internal readonly record struct GradientPartsArguments
{
    /// <summary>How a part of the filters' gradient lies.</summary>
    internal FilterOrder Order { get; init; }

    /// <summary>Number of parts, and floats of each.</summary>
    internal int Parts { get; init; }

    /// <inheritdoc cref="Parts"/>
    internal int PartLength { get; init; }

    /// <summary>Parts of the bias's gradient, and floats of each.</summary>
    internal int BiasParts { get; init; }

    /// <inheritdoc cref="BiasParts"/>
    internal int BiasPartLength { get; init; }

    /// <summary>1 to add to what is there, 0 to overwrite it.</summary>
    internal int Accumulate { get; init; }
}

/// <summary>
/// The gradients of a convolution y[o,i,j] = b[o] + sum over c,v,u of w[o,c,v,u] * x[c,i*s+v,j*s+u].
/// <code>
/// dL/dx[c,a,b]   = sum over o,v,u of w[o,c,v,u] * dL/dy[o,(a-v)/s,(b-u)/s]  where the divisions leave no rest
///                = sum over o,v,u of w[o,c,S-1-v,S-1-u] * p[o,a+v,b+u]      with p[o,S-1+i*s,S-1+j*s] = dL/dy[o,i,j], else 0
/// dL/dw[o,c,v,u] = sum over images,i,j of x[c,i*s+v,j*s+u] * dL/dy[o,i,j]
/// </code>
/// So the input's gradient is a convolution of p, which <see cref="Spread"/> makes, with other filters. The filters' is a product
/// [products x pixels] times [pixels x channels], products counted as in the packed filters; its left-hand side is gathered
/// from the input on the way. Sums over pixels are long: they are split into parts, which another kernel adds up in order.
/// </summary>
internal static class ConvolutionBackwardKernels
{
    /// <summary>Threads of the kernels without tiles.</summary>
    internal const int Threads = 256;

    /// <summary>Threads of <see cref="Bias"/>.</summary>
    internal const int BiasThreads = 64;

    private const int Depth = ConvolutionArguments.Depth;

    /// <summary>p from dL/dy. Thread = four channels of a pixel. What lies between and around is zero from p's allocation on.</summary>
    internal static void Spread(ArrayView<float> outputGradient, ArrayView<float> spread, SpreadArguments a)
    {
        int quad = Grid.IdxX * Threads + Group.IdxX;
        if (quad >= a.Quads)
            return;
        int block = quad / a.MapQuads;
        int pixel = (quad - block * a.MapQuads) / 4;
        int y = pixel / a.MapWidth;
        int x = pixel - y * a.MapWidth;
        int to = a.First + block * a.BlockStep + y * a.RowStep + x * a.ColumnStep + (quad & 3);
        spread.Cast<Float4>()[to] = outputGradient.Cast<Float4>()[quad];
    }

    /// <summary>
    /// Group (x, y, z) = tile x of the products, tile y of the channels (tiles of one group of channels, then of the next), part z of
    /// the sum. A tile's "pixels" are products here. A step is sixteen pixels; threads compute what they compute in
    /// <see cref="ConvolutionKernels.Forward"/>. parts: [part][group][product][channel].
    /// </summary>
    internal static void Filters<TInput, TTile>(
        ArrayView<float> input, ArrayView<float> outputGradient, ArrayView<int> offsets, ArrayView<float> parts, FilterGradientArguments a)
        where TInput : struct, IConvolutionInput
        where TTile : struct, IConvolutionTile
    {
        int threads = TTile.Channels * TTile.Pixels / 64;
        int productQuads = TTile.Pixels / 4;
        int channelQuads = TTile.Channels / 4;
        ArrayView<Float4> productTile = SharedMemory.Allocate<Float4>(Depth * TTile.Pixels / 4);
        ArrayView<Float4> channelTile = SharedMemory.Allocate<Float4>(Depth * TTile.Channels / 4);
        ArrayView<int> windows = SharedMemory.Allocate<int>(Depth);
        ArrayView<int> places = SharedMemory.Allocate<int>(Depth);

        int t = Group.IdxX;
        int tilesPerGroup = a.Convolution.GroupLanes.DivideUp(TTile.Channels);
        int group = Grid.IdxY / tilesPerGroup;
        int firstChannel = (Grid.IdxY - group * tilesPerGroup) * TTile.Channels;
        int firstProduct = Grid.IdxX * TTile.Pixels;

        int columns = TTile.Channels / 8;
        int channelQuad = t & (columns - 1);
        int productQuad = t / columns;
        ArrayView<Float4> gradients = outputGradient.Cast<Float4>();
        int blockQuads = a.Convolution.MapArea * 4;
        int firstBlock = (group * a.Convolution.GroupChannels + firstChannel) / Depth;
        Tile8X8 sums = default;

        int step = Grid.IdxZ * a.StepsPerPart;
        int end = Math.Min(step + a.StepsPerPart, a.Steps);
        if (t < Depth)
            Locate(windows, places, step * Depth + t, group, a.Convolution);

        Group.Barrier();

        for (; step < end; step++)
        {
            for (int i = t; i < Depth * productQuads; i += threads)
            {
                int quad = i & (productQuads - 1);
                // Products past the last one's run are not stored.
                int run = Math.Min(firstProduct / Depth + quad / 4, a.Convolution.Steps - 1);
                productTile[i] = TInput.Load(input, offsets, windows[i / productQuads], run, quad & 3);
            }
            for (int i = t; i < Depth * channelQuads; i += threads)
            {
                int quad = i & (channelQuads - 1);
                int place = places[i / channelQuads];
                Float4 values = default;
                if (place >= 0 && firstChannel + 4 * quad < a.Convolution.GroupLanes)
                    values = gradients[place + (firstBlock + quad / 4) * blockQuads + (quad & 3)];
                channelTile[i] = values;
            }

            Group.Barrier();

            if (t < Depth)
                Locate(windows, places, (step + 1) * Depth + t, group, a.Convolution);
            for (int k = 0; k < Depth; k += 4)
            {
                int products = k * productQuads + productQuad;
                int channels = k * channelQuads + channelQuad;
                sums = ConvolutionKernels.Multiply<TTile>(productTile, channelTile, products, channels, sums);
                sums = ConvolutionKernels.Multiply<TTile>(productTile, channelTile, products + productQuads, channels + channelQuads, sums);
                sums = ConvolutionKernels.Multiply<TTile>(
                    productTile, channelTile, products + 2 * productQuads, channels + 2 * channelQuads, sums);
                sums = ConvolutionKernels.Multiply<TTile>(
                    productTile, channelTile, products + 3 * productQuads, channels + 3 * channelQuads, sums);
            }

            Group.Barrier();
        }

        int channel = firstChannel + 4 * channelQuad;
        int product = firstProduct + 4 * productQuad;
        int half = TTile.Pixels / 2;
        Store<TTile>(parts, a.Convolution, group, product, channel, sums.R0);
        Store<TTile>(parts, a.Convolution, group, product + 1, channel, sums.R1);
        Store<TTile>(parts, a.Convolution, group, product + 2, channel, sums.R2);
        Store<TTile>(parts, a.Convolution, group, product + 3, channel, sums.R3);
        Store<TTile>(parts, a.Convolution, group, product + half, channel, sums.R4);
        Store<TTile>(parts, a.Convolution, group, product + half + 1, channel, sums.R5);
        Store<TTile>(parts, a.Convolution, group, product + half + 2, channel, sums.R6);
        Store<TTile>(parts, a.Convolution, group, product + half + 3, channel, sums.R7);
    }

    /// <summary>
    /// Group (x, y) = part x of the sum, block y of sixteen channels. Thread = four channels of every sixteenth pixel; then the
    /// threads' sums are added up. parts: [part][block][channel].
    /// </summary>
    internal static void Bias(ArrayView<float> outputGradient, ArrayView<float> parts, BiasGradientArguments a)
    {
        ArrayView<Float4> shares = SharedMemory.Allocate<Float4>(BiasThreads);
        int t = Group.IdxX;
        ArrayView<Float4> gradients = outputGradient.Cast<Float4>();
        Float4 sum = default;
        int first = Grid.IdxX * BiasGradientArguments.PixelsPerPart;
        int end = Math.Min(first + BiasGradientArguments.PixelsPerPart, a.Pixels);
        for (int pixel = first + t / 4; pixel < end; pixel += BiasThreads / 4)
        {
            int image = pixel / a.MapArea;
            int block = image * a.OutBlocks + Grid.IdxY;
            sum = Add(sum, gradients[(block * a.MapArea + pixel - image * a.MapArea) * 4 + (t & 3)]);
        }
        shares[t] = sum;
        for (int half = BiasThreads / 2; half >= 4; half /= 2)
        {
            Group.Barrier();

            if (t < half)
                shares[t] = Add(shares[t], shares[t + half]);
        }
        // Each of the last four threads added up its share itself.
        if (t < 4)
            parts.Cast<Float4>()[(Grid.IdxX * a.OutBlocks + Grid.IdxY) * 4 + t] = shares[t];
    }

    /// <summary>Adds up the parts of both gradients. Thread = one value of the filters, and one bias.</summary>
    internal static void SumParts(
        ArrayView<float> parts, ArrayView<float> biasParts, ArrayView<float> filterGradient, ArrayView<float> biasGradient,
        GradientPartsArguments a)
    {
        int i = Grid.IdxX * Threads + Group.IdxX;
        if (i >= a.Order.Values)
            return;
        FilterPlace place = FilterPlace.Of(i, a.Order);
        float sum = 0;
        for (int part = 0; part < a.Parts; part++)
            sum += parts[part * a.PartLength + place.InForm];
        Write(filterGradient, place.Planar, sum, a.Accumulate);
        if (i >= a.Order.Columns)
            return;
        float biasSum = 0;
        for (int part = 0; part < a.BiasParts; part++)
            biasSum += biasParts[part * a.BiasPartLength + i];
        Write(biasGradient, i, biasSum, a.Accumulate);
    }

    /// <summary>
    /// Where this thread's pixel of a step has its window in the input, and itself in a block of the output's gradient; -1 for pixels
    /// past the end, which count as zeros there and read the last one's window.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Locate(ArrayView<int> windows, ArrayView<int> places, int pixel, int group, ConvolutionArguments a)
    {
        windows[Group.IdxX] = ConvolutionKernels.Window(pixel, group, a);
        int image = pixel / a.MapArea;
        places[Group.IdxX] = pixel < a.Pixels ? (image * (a.OutBlocks - 1) * a.MapArea + pixel) * 4 : -1;
    }

    /// <summary>One product of eight channels: four from <paramref name="channel"/> on, four from half a tile further on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TTile>(ArrayView<float> parts, ConvolutionArguments a, int group, int product, int channel, Float8 sums)
        where TTile : struct, IConvolutionTile
    {
        int products = a.Steps * Depth;
        if (product >= products)
            return;
        ArrayView<Float4> quads = parts.Cast<Float4>();
        int at = (Grid.IdxZ * a.PartLength + (group * products + product) * a.GroupPitch + channel) / 4;
        if (channel < a.GroupLanes)
            quads[at] = sums.Low;
        if (channel + TTile.Channels / 2 < a.GroupLanes)
            quads[at + TTile.Channels / 8] = sums.High;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(ArrayView<float> gradient, int at, float sum, int accumulate)
    {
        // A value to be overwritten is not read, because it might be NaN.
        float before = 0;
        if (accumulate != 0)
            before = gradient[at];
        gradient[at] = before + sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Float4 Add(Float4 a, Float4 b)
    {
        a.A += b.A;
        a.B += b.B;
        a.C += b.C;
        a.D += b.D;
        return a;
    }
}
