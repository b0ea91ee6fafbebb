using System.Runtime.CompilerServices;
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

    // Products that are summed in one go, see ConvolutionTiles; at least those of one block of channels. One chain over all 2304
    // products of conv3 had three times the error.
    private const int StepsOfASum = 150;

    private readonly CpuDevice cpu;
    private readonly OutputBlock[] blocks;
    private readonly CpuBuffer weights;
    private readonly CpuBuffer biases;
    private readonly TileWalk walk;
    private readonly int pixel;
    private readonly int groups;
    private readonly int inBlocks;
    private readonly int bands;
    private readonly long inputImage;
    private readonly long inputGroup;
    private readonly float floor;
    private float* filters;
    private float* input;
    private float* output;

    internal DirectConvolutionCpu(CpuDevice device, ConvolutionSpec spec, ReadOnlySpan<float> filters, ReadOnlySpan<float> bias)
        : base(device, spec)
    {
        cpu = device;
        TensorLayout layout = spec.InputLayout(device);
        // Channels that lie side by side in one pixel.
        pixel = layout == TensorLayout.Interleaved ? spec.InChannels : 16;
        // Groups that do not end where a block ends are computed as one group whose filters are zero outside their own.
        bool splits = layout == TensorLayout.Blocked16 && spec.InChannels / spec.Groups % 16 == 0 && spec.OutChannels / spec.Groups % 16 == 0;
        groups = splits ? spec.Groups : 1;
        inBlocks = (spec.InChannels / groups + pixel - 1) / pixel;
        long plane = (long)spec.Height * spec.Width * pixel;

        inputImage = spec.Input.ImageLength(layout);
        inputGroup = inBlocks * plane;
        floor = spec.Relu ? 0 : float.NegativeInfinity;
        int stepsOfABlock = spec.Size * spec.Size * pixel;
        walk = new TileWalk
        {
            Blocks = inBlocks,
            BlocksOfASum = Math.Max(1, StepsOfASum / stepsOfABlock),
            BlockStride = (nint)plane,
            Rows = spec.Size,
            RowStride = spec.Width * pixel,
            Run = spec.Size * pixel,
            PixelStep = spec.Stride * pixel,
        };

        blocks = OutputBlock.Cut(spec.OutChannels, groups, inBlocks * stepsOfABlock);
        bands = Math.Clamp((TasksPerThread * device.Threads + blocks.Length * spec.Batch - 1) / (blocks.Length * spec.Batch), 1, spec.MapHeight);
        biases = new CpuBuffer(device, (spec.OutChannels + 15) / 16 * 16);
        bias.CopyTo(new Span<float>(biases.Pointer, bias.Length));
        weights = new CpuBuffer(device, (long)inBlocks * stepsOfABlock * ((spec.OutChannels + 15) / 16 * 16));
        fixed (float* pinned = filters)
        {
            this.filters = pinned;
            cpu.Workers.Run(this, blocks.Length);
            this.filters = null;
        }
    }

    /// <summary>
    /// One task: a band of output rows of one block of output channels of one image; at first, the filters of one block.
    /// </summary>
    public void Run(int task, int worker)
    {
        if (filters != null)
        {
            Pack(blocks[task]);
            return;
        }
        // Blocks change slowest, so that a block's weights are still in the cache for the next image.
        int band = task % bands;
        int image = task / bands % Spec.Batch;
        OutputBlock block = blocks[task / bands / Spec.Batch];
        Part rows = Part.Of(Spec.MapHeight, band, bands);
        float* from = input + image * inputImage + block.Group * inputGroup;
        float* to = output + image * Spec.Output.ImageLength(TensorLayout.Blocked16)
            + (long)(block.FirstChannel / 16) * Spec.MapHeight * Spec.MapWidth * 16 + block.FirstChannel % 16;

        switch (walk.PixelStep)
        {
            case 16: Rows<FeatureStep>(block, from, to, rows); break;
            case 6: Rows<Rgb2Step>(block, from, to, rows); break;
            case 12: Rows<Rgb4Step>(block, from, to, rows); break;
            default: Rows<AnyStep>(block, from, to, rows); break;
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

    private void Rows<TStep>(in OutputBlock block, float* from, float* to, Part rows)
        where TStep : struct, IPixelStep
    {
        int width = Spec.MapWidth;
        // Tiles of nearly the same width: 57 pixels are 12+12+11+11+11, not four times 14 and a lonely 1.
        int widest = ConvolutionTiles.PixelsOf(block.Lanes);
        int tiles = (width + widest - 1) / widest;
        int narrow = width / tiles;
        int wideTiles = width % tiles;
        nint outputBlock = (nint)Spec.MapHeight * width * 16;
        for (int y = rows.First; y < rows.End; y++)
        {
            float* x = from + y * Spec.Stride * walk.RowStride;
            float* o = to + (nint)y * width * 16;
            FillWithBias(block, o);
            for (int tile = 0; tile < tiles; tile++)
            {
                int pixels = tile < wideTiles ? narrow + 1 : narrow;
                ConvolutionTiles.Run<TStep, AddSums>(block.Lanes, pixels, walk, x, weights.Pointer + block.Weights, floor, o, outputBlock);
                x += pixels * walk.PixelStep;
                o += pixels * 16;
            }
        }
    }

    private void FillWithBias(in OutputBlock block, float* row)
    {
        float* bias = biases.Pointer + block.FirstChannel;
        nint outputBlock = (nint)Spec.MapHeight * Spec.MapWidth * 16;
        for (int lane = 0; lane < block.Lanes; lane += 16, row += outputBlock)
        {
            if (block.Lanes < 16)
            {
                for (int x = 0; x < Spec.MapWidth; x++)
                    new Span<float>(bias, block.Lanes).CopyTo(new Span<float>(row + x * 16, block.Lanes));
                continue;
            }
            Vector512<float> values = Vector512.Load(bias + lane);
            for (int x = 0; x < Spec.MapWidth; x++)
                values.Store(row + x * 16);
        }
    }

    // From OIHW to [input block][ky][kx][c][lane]. What belongs to no channel, or to another group, stays zero.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Pack(in OutputBlock block)
    {
        int area = Spec.Size * Spec.Size;
        int inPerFilter = Spec.InChannels / Spec.Groups;
        int outPerGroup = Spec.OutChannels / Spec.Groups;
        int lanes = Math.Min(block.Lanes, Spec.OutChannels - block.FirstChannel);
        for (int lane = 0; lane < lanes; lane++)
        {
            int o = block.FirstChannel + lane;
            // Of the channels that the tile sees, the first that this filter sees.
            int firstChannel = o / outPerGroup * inPerFilter - block.Group * (Spec.InChannels / groups);
            float* from = filters + (nint)o * inPerFilter * area;
            for (int c = 0; c < inPerFilter; c++)
            {
                (int inBlock, int inLane) = Math.DivRem(firstChannel + c, pixel);
                float* to = weights.Pointer + block.Weights + ((nint)inBlock * area * pixel + inLane) * block.Lanes + lane;
                for (int tap = 0; tap < area; tap++, to += pixel * block.Lanes)
                    *to = *from++;
            }
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
    /// <summary>Cuts the channels of each group into blocks. What does not fill a tile goes to narrower ones.</summary>
    internal static OutputBlock[] Cut(int channels, int groups, int steps)
    {
        int perGroup = (channels / groups + 15) / 16 * 16;
        var blocks = new List<OutputBlock>();
        for (int first = 0; first < groups * perGroup;)
        {
            int left = perGroup - first % perGroup;
            int lanes = ConvolutionTiles.LanesOf(left);
            blocks.Add(new OutputBlock(first, lanes, first / perGroup, (long)first * steps));
            first += lanes;
        }
        return [.. blocks];
    }
}
