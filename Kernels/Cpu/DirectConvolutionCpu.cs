using System.Runtime.Intrinsics;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// Convolution by its definition: each output row of a block of output channels is cut into register tiles, each tile walks
/// over its filters once. Packed weights are read in order, [output block][input block][ky][kx][c][lane].
/// </summary>
internal sealed unsafe class DirectConvolutionCpu : Convolution, IParallelWork
{
    // More tasks than threads, so that a thread that was interrupted does not hold up the others.
    private const int TasksPerThread = 8;

    private readonly CpuDevice cpu;
    private readonly OutputBlock[] blocks;
    private readonly CpuBuffer weights;
    private readonly CpuBuffer biases;
    private readonly TileWalk walk;
    private readonly int bands;
    private readonly long inputImage;
    private readonly long inputGroup;
    private readonly float floor;
    private float* input;
    private float* output;

    internal DirectConvolutionCpu(CpuDevice device, ConvolutionSpec spec, ReadOnlySpan<float> filters, ReadOnlySpan<float> bias)
        : base(device, spec)
    {
        cpu = device;
        TensorLayout layout = spec.InputLayout(device);
        // Channels that lie side by side in one pixel.
        int pixel = layout == TensorLayout.Interleaved ? spec.InChannels : 16;
        // Groups that do not end where a block ends are computed as one group whose filters are zero outside their own.
        bool splits = layout == TensorLayout.Blocked16 && spec.InChannels / spec.Groups % 16 == 0 && spec.OutChannels / spec.Groups % 16 == 0;
        int groups = splits ? spec.Groups : 1;
        int inBlocks = (spec.InChannels / groups + pixel - 1) / pixel;
        long plane = (long)spec.Height * spec.Width * pixel;

        inputImage = spec.Input.ImageLength(layout);
        inputGroup = inBlocks * plane;
        floor = spec.Relu ? 0 : float.NegativeInfinity;
        walk = new TileWalk
        {
            Blocks = inBlocks,
            BlockStride = (nint)plane,
            Rows = spec.Size,
            RowStride = spec.Width * pixel,
            Run = spec.Size * pixel,
            PixelStep = spec.Stride * pixel,
        };

        int steps = inBlocks * spec.Size * spec.Size * pixel;
        blocks = OutputBlock.Cut(spec.OutChannels, groups, steps);
        bands = Math.Clamp((TasksPerThread * device.Threads + blocks.Length * spec.Batch - 1) / (blocks.Length * spec.Batch), 1, spec.OutHeight);
        biases = new CpuBuffer(device, (spec.OutChannels + 15) / 16 * 16);
        bias.CopyTo(new Span<float>(biases.Pointer, bias.Length));
        weights = new CpuBuffer(device, (long)steps * (spec.OutChannels + 15) / 16 * 16);
        foreach (OutputBlock block in blocks)
            Pack(filters, block, pixel, inBlocks, groups);
    }

    /// <summary>One task: a band of output rows of one block of output channels of one image.</summary>
    public void Run(int task, int worker)
    {
        // Blocks change slowest, so that a block's weights are still in the cache for the next image.
        int band = task % bands;
        int image = task / bands % Spec.Batch;
        OutputBlock block = blocks[task / bands / Spec.Batch];
        int firstRow = (int)((long)Spec.OutHeight * band / bands);
        int endRow = (int)((long)Spec.OutHeight * (band + 1) / bands);
        float* from = input + image * inputImage + block.Group * inputGroup;
        float* to = output + image * Spec.Output.ImageLength(TensorLayout.Blocked16)
            + (long)(block.FirstChannel / 16) * Spec.OutHeight * Spec.OutWidth * 16 + block.FirstChannel % 16;

        switch (walk.PixelStep)
        {
            case 16: Rows<FeatureStep>(block, from, to, firstRow, endRow); break;
            case 6: Rows<Rgb2Step>(block, from, to, firstRow, endRow); break;
            case 12: Rows<Rgb4Step>(block, from, to, firstRow, endRow); break;
            default: Rows<AnyStep>(block, from, to, firstRow, endRow); break;
        }
    }

    protected override void ForwardCore(TensorView input, TensorView output)
    {
        this.input = input.Pointer();
        this.output = output.Pointer();
        cpu.Workers.Run(this, blocks.Length * Spec.Batch * bands);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            weights.Dispose();
            biases.Dispose();
        }
    }

    private void Rows<TStep>(in OutputBlock block, float* from, float* to, int firstRow, int endRow)
        where TStep : struct, IPixelStep
    {
        float* w = weights.Pointer + block.Weights;
        float* bias = biases.Pointer + block.FirstChannel;
        nint outputBlock = (nint)Spec.OutHeight * Spec.OutWidth * 16;
        int width = Spec.OutWidth;
        // Tiles of nearly the same width: 57 pixels are 12+12+11+11+11, not four times 14 and a lonely 1.
        int tiles = (width + OutputBlock.TilePixels - 1) / OutputBlock.TilePixels;
        int narrow = width / tiles;
        int wideTiles = width % tiles;
        for (int y = firstRow; y < endRow; y++)
        {
            float* x = from + y * Spec.Stride * walk.RowStride;
            float* o = to + (nint)y * width * 16;
            for (int tile = 0; tile < tiles; tile++)
            {
                int pixels = tile < wideTiles ? narrow + 1 : narrow;
                if (Vector512.IsHardwareAccelerated && block.Lanes == 32)
                    ConvolutionTiles.Run512x2<TStep>(pixels, walk, x, w, bias, floor, o, outputBlock);
                else if (Vector512.IsHardwareAccelerated)
                    ConvolutionTiles.Run512x1<TStep>(pixels, walk, x, w, bias, floor, o, outputBlock);
                else if (Vector256.IsHardwareAccelerated)
                    ConvolutionTiles.Run256x2<TStep>(pixels, walk, x, w, bias, floor, o, outputBlock);
                else if (Vector128.IsHardwareAccelerated)
                    ConvolutionTiles.Run128x4<TStep>(pixels, walk, x, w, bias, floor, o, outputBlock);
                else
                    ConvolutionTiles.Run32x2<TStep>(pixels, walk, x, w, bias, floor, o, outputBlock);
                x += pixels * walk.PixelStep;
                o += pixels * 16;
            }
        }
    }

    // From OIHW to [input block][ky][kx][c][lane]. What belongs to no channel, or to another group, stays zero.
    private void Pack(ReadOnlySpan<float> filters, in OutputBlock block, int pixel, int inBlocks, int groups)
    {
        int size = Spec.Size;
        int inPerFilter = Spec.InChannels / Spec.Groups;
        int outPerGroup = Spec.OutChannels / Spec.Groups;
        float* next = weights.Pointer + block.Weights;
        for (int b = 0; b < inBlocks; b++)
            for (int ky = 0; ky < size; ky++)
                for (int kx = 0; kx < size; kx++)
                    for (int c = 0; c < pixel; c++)
                        for (int lane = 0; lane < block.Lanes; lane++, next++)
                        {
                            int o = block.FirstChannel + lane;
                            if (o >= Spec.OutChannels)
                                continue;
                            int channel = block.Group * (Spec.InChannels / groups) + b * pixel + c;
                            int channelOfFilter = channel - o / outPerGroup * inPerFilter;
                            if (channel < Spec.InChannels && channelOfFilter >= 0 && channelOfFilter < inPerFilter)
                                *next = filters[((o * inPerFilter + channelOfFilter) * size + ky) * size + kx];
                        }
    }
}

/// <summary>Output channels that one tile computes together.</summary>
/// <param name="FirstChannel">The first of them.</param>
/// <param name="Lanes">How many.</param>
/// <param name="Group">The group whose input they see.</param>
/// <param name="Weights">Where their packed weights begin.</param>
internal readonly record struct OutputBlock(int FirstChannel, int Lanes, int Group, long Weights)
{
    /// <summary>Pixels of the widest tile at the vector width of this machine.</summary>
    internal static int TilePixels =>
        Vector512.IsHardwareAccelerated ? ConvolutionTiles.Pixels512x2
        : Vector256.IsHardwareAccelerated ? ConvolutionTiles.Pixels256x2
        : Vector128.IsHardwareAccelerated ? ConvolutionTiles.Pixels128x4
        : ConvolutionTiles.Pixels32x2;

    /// <summary>Channels of the widest tile at the vector width of this machine.</summary>
    internal static int TileLanes =>
        Vector512.IsHardwareAccelerated ? ConvolutionTiles.Lanes512x2
        : Vector256.IsHardwareAccelerated ? ConvolutionTiles.Lanes256x2
        : Vector128.IsHardwareAccelerated ? ConvolutionTiles.Lanes128x4
        : ConvolutionTiles.Lanes32x2;

    /// <summary>Cuts the channels of each group into blocks. An odd number of sixteens leaves a block of sixteen at 512 bits.</summary>
    internal static OutputBlock[] Cut(int channels, int groups, int steps)
    {
        int perGroup = (channels / groups + 15) / 16 * 16;
        var blocks = new List<OutputBlock>();
        for (int first = 0; first < groups * perGroup;)
        {
            int left = perGroup - first % perGroup;
            int lanes = Math.Min(TileLanes, left);
            blocks.Add(new OutputBlock(first, lanes, first / perGroup, (long)first * steps));
            first += lanes;
        }
        return [.. blocks];
    }
}
