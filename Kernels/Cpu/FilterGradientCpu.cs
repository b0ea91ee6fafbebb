using System.Numerics;
using System.Runtime.CompilerServices;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// The gradients of a convolution's filters and biases, with the register tiles of the convolution itself. Under filter row u,
/// an output pixel sees Size * Pixel neighboring floats of the input, q = v * Pixel + c, and sixteen channels of dL/dy lie side
/// by side:
/// <code>
/// dL/dw[u][q][o] = sum over images, i, j of x[i*s+u][j*s*Pixel + q] * dL/dy[i][j][o]
/// </code>
/// So a tile has neighboring q in the place of pixels, and runs over the output pixels of some rows. Its sums have the order of
/// <see cref="DirectFilters"/>.
/// </summary>
/// <remarks>
/// A task has as many blocks of output channels as a tile takes, one block of input channels and some filter rows. It processes the map in
/// bands of rows: all tiles of the task use a band of dL/dy, and the rows of x that belong to it, while they are in the first-level cache.
/// Every element is written by one task, and bands and images have a fixed order, so the result does not depend on the number of threads.
///
/// All tasks read the same x and dL/dy. So where the sums of all tasks are small, as in a first layer, all tasks process a stretch of bands
/// that fits into the second-level cache before they go on to the next stretch. CFNet's first layer, whose crops would otherwise be read
/// from memory four times, takes an eighth less time. Bands half as long gained nothing.
/// </remarks>
internal sealed unsafe class FilterGradientCpu : IParallelWork
{
    // More tasks than threads, so that the others need not wait for a thread that was interrupted.
    private const int TasksPerThread = 4;

    // Products of a band, which make one short sum, see ConvolutionTiles.
    private const int StepsOfASum = 250;

    // What a stretch of bands may take of the second-level cache, and up to which size the sums of all tasks may go along.
    private const int StretchBytes = 256 * 1024;
    private const int SumsBytes = 128 * 1024;

    private readonly CpuDevice device;
    private readonly ConvolutionSpec spec;
    private readonly DirectInput source;
    private readonly TileWalk walk;
    // Neighboring floats under a filter row.
    private readonly int run;
    private readonly int bands;
    private readonly int bandsOfAStretch;
    private readonly int blocks;
    private readonly int blocksOfATeam;
    private readonly int teamsOfAGroup;
    private readonly int parts;
    private readonly int pairFloats;
    private GradientWrite write;
    private float* input;
    private float* outputGradient;
    private float* filterGradient;
    private float* biasGradient;
    private float* scratch;
    // Bands of the current stretch; those of the second image follow those of the first one.
    private Part stretch;

    internal FilterGradientCpu(CpuDevice device, in ConvolutionSpec spec)
    {
        this.device = device;
        this.spec = spec;
        source = DirectInput.Of(spec, device);
        run = spec.Size * source.Pixel;
        int rows = Math.Clamp(StepsOfASum / spec.MapWidth, 1, spec.MapHeight);
        bands = spec.MapHeight.DivideUp(rows);
        blocks = spec.Output.Blocks;
        // A tile reads each float of x once for all its channels.
        blocksOfATeam = Math.Max(1, ConvolutionTiles.LanesOf(2 * Block.Lanes) / Block.Lanes);
        teamsOfAGroup = (blocks / source.Groups).DivideUp(blocksOfATeam);
        int pairs = source.Groups * teamsOfAGroup * source.Blocks;
        parts = Math.Clamp((TasksPerThread * device.Threads).DivideUp(pairs), 1, spec.Size);
        int step = spec.Stride * source.Pixel;
        walk = new TileWalk
        {
            Blocks = 1,
            BlocksOfASum = 1,
            RowStride = (nint)spec.Stride * spec.Width * source.Pixel,
            Run = spec.MapWidth * step,
            PixelStep = step,
            WeightBlock = (nint)spec.MapHeight * spec.MapWidth * Block.Lanes,
        };
        pairFloats = spec.Size * run * Block.Lanes;
        device.Scratch.Reserve(SumsFloats);

        bool together = SumsFloats * sizeof(float) <= SumsBytes;
        long inputRow = (long)spec.Stride * spec.Width * source.Pixel * source.Groups * source.Blocks;
        long rowBytes = (inputRow + spec.MapWidth * blocks * Block.Lanes) * sizeof(float);
        bandsOfAStretch = together ? (int)Math.Clamp(StretchBytes / (rowBytes * rows), 1, bands) : spec.Batch * bands;
    }

    internal void Compute(
        TensorView input, TensorView outputGradient, TensorView filterGradient, TensorView biasGradient, GradientWrite write)
    {
        this.write = write;
        this.input = input.Pointer();
        this.outputGradient = outputGradient.Pointer();
        this.filterGradient = filterGradient.Pointer();
        this.biasGradient = biasGradient.Pointer();
        CpuBuffer rented = device.Scratch.Rent(SumsFloats);
        try
        {
            scratch = rented.Pointer;
            int all = spec.Batch * bands;
            for (int first = 0; first < all; first += bandsOfAStretch)
            {
                stretch = new Part(first, Math.Min(first + bandsOfAStretch, all));
                device.Workers.Run(this, source.Groups * teamsOfAGroup * source.Blocks * parts);
            }
        }
        finally
        {
            device.Scratch.Return(rented);
        }
    }

    /// <summary>
    /// One task: some filter rows of a block of input and a team of blocks of output channels; the first of these also has the biases.
    /// </summary>
    public void Run(int task, int worker)
    {
        (int pair, int part) = Math.DivRem(task, parts);
        (int team, int inputBlock) = Math.DivRem(pair, source.Blocks);
        Part filterRows = Part.Of(spec.Size, part, parts);
        Part outputs = TeamOf(team);
        if (stretch.First == 0)
        {
            for (int block = outputs.First; block < outputs.End; block++)
                new Span<float>(SumsOf(block, inputBlock, filterRows), filterRows.Count * run * Block.Lanes).Clear();
        }
        switch (walk.PixelStep)
        {
            case Block.Lanes: Sum<FeatureStep>(outputs, inputBlock, filterRows); break;
            case 6: Sum<Rgb2Step>(outputs, inputBlock, filterRows); break;
            case 12: Sum<Rgb4Step>(outputs, inputBlock, filterRows); break;
            default: Sum<AnyStep>(outputs, inputBlock, filterRows); break;
        }
        if (stretch.End < spec.Batch * bands)
            return;
        for (int block = outputs.First; block < outputs.End; block++)
        {
            Unpack(block, inputBlock, filterRows, SumsOf(block, inputBlock, filterRows));
            if (inputBlock == 0 && part == 0)
                SumBiases(block);
        }
    }

    // Of all tasks: [output block][input block][u][q][lane].
    private long SumsFloats => (long)blocks * source.Blocks * pairFloats;

    private float* SumsOf(int block, int inputBlock, Part filterRows) =>
        scratch + ((nint)block * source.Blocks + inputBlock) * pairFloats + filterRows.First * run * Block.Lanes;

    private Part TeamOf(int team)
    {
        (int group, int ofGroup) = Math.DivRem(team, teamsOfAGroup);
        int blocksOfAGroup = blocks / source.Groups;
        int first = ofGroup * blocksOfATeam;
        return new Part(first, Math.Min(first + blocksOfATeam, blocksOfAGroup)).After(group * blocksOfAGroup);
    }

    private int GroupOf(int block) => block / (blocks / source.Groups);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Sum<TStep>(Part outputs, int inputBlock, Part filterRows)
        where TStep : struct, IPixelStep
    {
        nint rowFloats = (nint)spec.Width * source.Pixel;
        nint inputImage = (nint)spec.Input.ImageLength(source.Pixel == Block.Lanes ? TensorLayout.Blocked16 : TensorLayout.Interleaved);
        nint mapImage = (nint)spec.Output.ImageLength(TensorLayout.Blocked16);
        float* plane = input + (GroupOf(outputs.First) * source.Blocks + inputBlock) * rowFloats * spec.Height;
        float* map = outputGradient + (nint)outputs.First * spec.MapHeight * spec.MapWidth * Block.Lanes;
        float* sums = SumsOf(outputs.First, inputBlock, filterRows);
        nint nextSums = (nint)source.Blocks * pairFloats;
        int lanes = outputs.Count * Block.Lanes;
        int widest = ConvolutionTiles.PixelsOf(lanes);
        for (int at = stretch.First; at < stretch.End; at++)
        {
            (int image, int band) = Math.DivRem(at, bands);
            Part rows = Part.Of(spec.MapHeight, band, bands);
            TileWalk some = walk with { Rows = rows.Count };
            float* gradient = map + image * mapImage + (nint)rows.First * spec.MapWidth * Block.Lanes;
            float* to = sums;
            for (int u = filterRows.First; u < filterRows.End; u++)
            {
                float* x = plane + image * inputImage + (rows.First * spec.Stride + u) * rowFloats;
                for (int left = run; left > 0;)
                {
                    int pixels = ConvolutionTiles.NextOf(left, widest);
                    AddTile<TStep>(lanes, pixels, some, x, gradient, to, nextSums);
                    x += pixels;
                    to += pixels * Block.Lanes;
                    left -= pixels;
                }
            }
        }
    }

    private static void AddTile<TStep>(int lanes, int pixels, in TileWalk walk, float* x, float* gradient, float* sums, nint nextSums)
        where TStep : struct, IPixelStep
    {
        if (ConvolutionTiles.LanesOf(Block.Lanes) == Block.Lanes)
        {
            ConvolutionTiles.Run<Exchanged<TStep>, AddSums>(lanes, pixels, walk, x, gradient, float.NegativeInfinity, sums, nextSums);
            return;
        }
        // Without vectors a tile has only two lanes, so the sums of sixteen channels are computed one by one.
        for (int p = 0; p < pixels; p++)
            for (int lane = 0; lane < Block.Lanes; lane++)
            {
                float sum = 0;
                float* dy = gradient + lane;
                for (int row = 0; row < walk.Rows; row++)
                    for (int k = 0; k < walk.Run; k += (int)walk.PixelStep, dy += Block.Lanes)
                        sum += x[row * walk.RowStride + k + p] * *dy;
                sums[p * Block.Lanes + lane] += sum;
            }
    }

    // From [u][v][c][lane] to OIHW. Where groups are computed as one, only the channels of a filter's own group are taken.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Unpack(int block, int inputBlock, Part filterRows, float* sums)
    {
        int size = spec.Size;
        int pixel = source.Pixel;
        int inPerFilter = spec.InChannels / spec.Groups;
        int outPerGroup = spec.OutChannels / spec.Groups;
        int end = Math.Min((block + 1) * Block.Lanes, spec.OutChannels);
        for (int o = block * Block.Lanes; o < end; o++)
        {
            // The filter's first channel, counted from the first one of this block; it may lie outside the block.
            int firstChannel = o / outPerGroup * inPerFilter - GroupOf(block) * (spec.InChannels / source.Groups) - inputBlock * pixel;
            int endOfChannels = Math.Min(inPerFilter, pixel - firstChannel);
            for (int c = Math.Max(0, -firstChannel); c < endOfChannels; c++)
            {
                float* from = sums + (firstChannel + c) * Block.Lanes + o % Block.Lanes;
                float* to = filterGradient + (((nint)o * inPerFilter + c) * size + filterRows.First) * size;
                for (int tap = filterRows.Count * size; tap > 0; tap--, from += pixel * Block.Lanes, to++)
                    ParameterGradients.Write(ref *to, *from, write);
            }
        }
    }

    // One vector of channels at a time. Each row has a sum, each image the sum of its rows, and the result is the sum of the images.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SumBiases(int block)
    {
        float* totals = stackalloc float[Block.Lanes];
        (int height, int width) = (spec.MapHeight, spec.MapWidth);
        nint mapImage = (nint)spec.Output.ImageLength(TensorLayout.Blocked16);
        for (int lane = 0; lane < Block.Lanes; lane += Vector<float>.Count)
        {
            Vector<float> total = default;
            for (int image = 0; image < spec.Batch; image++)
            {
                float* pixel = outputGradient + image * mapImage + (nint)block * height * width * Block.Lanes + lane;
                Vector<float> ofImage = default;
                for (int y = 0; y < height; y++)
                {
                    Vector<float> ofRow = default;
                    for (int x = 0; x < width; x++, pixel += Block.Lanes)
                        ofRow += Vector.Load(pixel);
                    ofImage += ofRow;
                }
                total += ofImage;
            }
            total.Store(totals + lane);
        }
        int channels = Math.Min(Block.Lanes, spec.OutChannels - block * Block.Lanes);
        for (int lane = 0; lane < channels; lane++)
            ParameterGradients.Write(ref biasGradient[block * Block.Lanes + lane], totals[lane], write);
    }
}
