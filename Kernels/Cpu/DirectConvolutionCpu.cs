using System.Runtime.Intrinsics;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// Convolution by its definition. Each output row of a block of output channels is cut into register tiles, and each tile reads its
/// filters once.
/// </summary>
internal sealed unsafe class DirectConvolutionCpu : Convolution, IParallelWork
{
    // More tasks than threads, so that the others need not wait for a thread that was interrupted.
    private const int TasksPerThread = 8;

    // Products of one short sum, see ConvolutionTiles; at least those of one block of channels. One sum over all 2304 products of conv3
    // had three times the error.
    private const int StepsOfASum = 150;

    private readonly CpuDevice cpu;
    private readonly CpuFilters filters;
    private readonly DirectFilters packed;
    private readonly TileWalk walk;
    private readonly int bands;
    private readonly long inputImage;
    private readonly long inputGroup;
    private readonly float floor;
    private float* input;
    private float* output;

    internal DirectConvolutionCpu(CpuFilters filters, ConvolutionSpec spec)
        : base(filters, spec)
    {
        cpu = (CpuDevice)filters.Device;
        this.filters = filters;
        packed = filters.Packed<DirectFilters>(spec);
        long plane = (long)spec.Height * spec.Width * packed.Input.Pixel;
        inputImage = spec.Input.ImageLength(spec.InputLayout(cpu));
        inputGroup = packed.Input.Blocks * plane;
        floor = spec.Relu ? 0 : float.NegativeInfinity;
        walk = new TileWalk
        {
            Blocks = packed.Input.Blocks,
            BlocksOfASum = Math.Max(1, StepsOfASum / packed.StepsOfABlock),
            BlockStride = (nint)plane,
            Rows = spec.Size,
            RowStride = spec.Width * packed.Input.Pixel,
            Run = spec.Size * packed.Input.Pixel,
            PixelStep = spec.Stride * packed.Input.Pixel,
        };
        int maps = packed.Blocks.Length * spec.Batch;
        bands = Math.Clamp((TasksPerThread * cpu.Threads).DivideUp(maps), 1, spec.MapHeight);
    }

    /// <summary>One task: a band of output rows of one block of output channels of one image.</summary>
    public void Run(int task, int worker)
    {
        // Blocks change slowest, so that a block's weights are still in the cache for the next image.
        int band = task % bands;
        int image = task / bands % Spec.Batch;
        OutputBlock block = packed.Blocks[task / bands / Spec.Batch];
        Part rows = Part.Of(Spec.MapHeight, band, bands);
        float* from = input + image * inputImage + block.Group * inputGroup;
        float* to = output + image * Spec.Output.ImageLength(TensorLayout.Blocked16)
            + (long)(block.FirstChannel / Block.Lanes) * Spec.MapHeight * Spec.MapWidth * Block.Lanes + block.FirstChannel % Block.Lanes;

        switch (walk.PixelStep)
        {
            case Block.Lanes: Rows<FeatureStep>(block, from, to, rows); break;
            case 6: Rows<Rgb2Step>(block, from, to, rows); break;
            case 12: Rows<Rgb4Step>(block, from, to, rows); break;
            default: Rows<AnyStep>(block, from, to, rows); break;
        }
    }

    protected override void ForwardCore(TensorView input, TensorView output)
    {
        this.input = input.Pointer();
        this.output = output.Pointer();
        cpu.Workers.Run(this, packed.Blocks.Length * Spec.Batch * bands);
    }

    private void Rows<TStep>(in OutputBlock block, float* from, float* to, Part rows)
        where TStep : struct, IPixelStep
    {
        int width = Spec.MapWidth;
        int widest = ConvolutionTiles.PixelsOf(block.Lanes);
        nint outputBlock = (nint)Spec.MapHeight * width * Block.Lanes;
        for (int y = rows.First; y < rows.End; y++)
        {
            float* x = from + y * Spec.Stride * walk.RowStride;
            float* o = to + (nint)y * width * Block.Lanes;
            FillWithBias(block, o);
            for (int left = width; left > 0;)
            {
                int pixels = ConvolutionTiles.NextOf(left, widest);
                ConvolutionTiles.Run<TStep, AddSums>(block.Lanes, pixels, walk, x, packed.Pointer + block.Weights, floor, o, outputBlock);
                x += pixels * walk.PixelStep;
                o += pixels * Block.Lanes;
                left -= pixels;
            }
        }
    }

    private void FillWithBias(in OutputBlock block, float* row)
    {
        float* bias = filters.Biases + block.FirstChannel;
        nint outputBlock = (nint)Spec.MapHeight * Spec.MapWidth * Block.Lanes;
        for (int lane = 0; lane < block.Lanes; lane += Block.Lanes, row += outputBlock)
        {
            if (block.Lanes < Block.Lanes)
            {
                for (int x = 0; x < Spec.MapWidth; x++)
                    new Span<float>(bias, block.Lanes).CopyTo(new Span<float>(row + x * Block.Lanes, block.Lanes));
                continue;
            }
            Vector512<float> values = Vector512.Load(bias + lane);
            for (int x = 0; x < Spec.MapWidth; x++)
                values.Store(row + x * Block.Lanes);
        }
    }
}
