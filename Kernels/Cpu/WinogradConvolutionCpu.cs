using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// Convolution by Winograd's minimal filtering. The output is cut into tiles of m x m pixels. Each tile's input patch is
/// transformed to n x n points; at every point the channels of all tiles are multiplied with the transformed filters, one
/// matrix product a point; each tile's products are transformed back:
/// <code>
/// V[point][c][tile] = B^T d B;   M[point][o][tile] = sum over c of U[point][o][c] V[point][c][tile];   y = A^T M A + bias
/// </code>
/// </summary>
/// <remarks>
/// <para>Order of work. Tiles go in groups as wide as a register tile, output channels in chunks. For a chunk and a row of
/// points, the products of a group are n matrices that fit into the first-level cache; they are at once reduced to m sums
/// along the row. When all rows are done, the sums are reduced down the columns. So the outer caches hold m / n of the
/// products.</para>
/// <para>Schedules. By range: V of some groups stays in one core's second-level cache while all chunks use it, and the sums
/// stay there too; the filters stream through once per range. By row: V of all tiles is written, then a row of its points is
/// read by all chunks while it stays in the second-level cache, then the sums are read; the filters stream through once. The
/// schedule that moves less through the outer caches is taken. (Tried and no faster: all of V for a
/// chunk at a time, huge pages, prefetching the next row's filters.)</para>
/// <para>Edges: the last tile of a row or column is shifted inside the map and writes only its new pixels. No pixel has two
/// writers and every sum has one order, so the bits do not depend on how the work is shared among threads.</para>
/// </remarks>
internal sealed unsafe class WinogradConvolutionCpu<TTransform> : Convolution, IParallelWork
    where TTransform : struct, IWinogradTransform
{
    // Half of a second-level cache of 1 MiB: what a range may take, the other half is for filters.
    private const int FloatsOfARange = 512 * 1024 / sizeof(float);
    // Writing V and the sums past the second-level cache and reading them again takes as long as streaming so many times
    // as many filter values, which come in order and are only read.
    private const int StreamedPerTransformed = 4;
    // Output channels of which products and sums are held: those of the widest register tile.
    private const int ChunkChannels = 32;
    // More tasks than threads, so that a thread that was interrupted does not hold up the others.
    private const int TasksPerThread = 4;
    // A patch row has room for eight pixels of sixteen floats, and for what the transform reads past it.
    private const int PatchRow = 8 * 16 + 16;
    private const int TransformFloats = 8 * 8 * 16 + 8 * PatchRow;

    private readonly CpuDevice cpu;
    private readonly WinogradInput source;
    private readonly WinogradTile[] tiles;
    private readonly OutputBlock[] chunks;
    private readonly CpuBuffer weights;
    private readonly CpuBuffer biases;
    private readonly float floor;
    private readonly int groups;
    private readonly int ranges;
    private readonly bool byRange;
    // V: from a point to the next, and from a group of tiles to the next within a row of points.
    private readonly nint pointStride;
    private readonly nint groupStride;
    private readonly long inputFloats;
    private readonly long sharedFloats;
    private readonly long workerFloats;
    private Step step;
    private int parts;
    private float* input;
    private float* output;
    private float* scratch;
    private float* filters;

    internal WinogradConvolutionCpu(CpuDevice device, ConvolutionSpec spec, ReadOnlySpan<float> filters, ReadOnlySpan<float> bias)
        : base(device, spec)
    {
        cpu = device;
        source = WinogradInput.Of(spec, device);
        tiles = WinogradTile.Cover(spec, source, TTransform.Outputs);
        floor = spec.Relu ? 0 : float.NegativeInfinity;
        biases = new CpuBuffer(device, spec.OutChannels);
        bias.CopyTo(new Span<float>(biases.Pointer, bias.Length));
        weights = new CpuBuffer(device, (long)Size * Size * source.Depth * spec.OutChannels, zeroed: false);
        chunks = Chunks();

        groups = (tiles.Length + GroupTiles - 1) / GroupTiles;
        // An odd number of cache lines: a tile's points are written one after the other, and a power of two apart they would
        // all fall into the same few sets of the cache.
        pointStride = (source.Blocks * GroupTiles * source.Lanes / 16 | 1) * 16;
        groupStride = Size * pointStride;

        // Filters that stay in the cache themselves ask for no more than one group at a time.
        bool small = weights.Length / source.Groups <= FloatsOfARange;
        int fitting = small ? 1 : (int)Math.Clamp((FloatsOfARange - ProductFloats) / (Size * groupStride + SumFloats), 1, groups);
        ranges = (groups + fitting - 1) / fitting;
        int groupsOfARange = (groups + ranges - 1) / ranges;
        inputFloats = Size * groupStride * groups * source.Groups;
        long sumFloats = (long)SumFloats * groups * chunks.Length;
        byRange = small || (ranges - 1) * weights.Length < StreamedPerTransformed * (inputFloats + sumFloats);
        workerFloats = TransformFloats + ProductFloats + (byRange ? groupsOfARange * (Size * groupStride + SumFloats) : 0);
        sharedFloats = byRange ? 0 : inputFloats + sumFloats;
        device.Scratch.Reserve(sharedFloats + device.Threads * workerFloats);

        fixed (float* pinned = filters)
        {
            this.filters = pinned;
            Do(Step.TransformFilters, chunks.Length, 1);
        }
    }

    private static int Size => TTransform.Outputs + TTransform.Taps - 1;

    private static int GroupTiles => Math.Max(ConvolutionTiles.PixelsOf(ChunkChannels), 12);

    // Of a group and a chunk: a row of products, and all sums.
    private static int ProductFloats => Size * GroupTiles * ChunkChannels;

    private static int SumFloats => TTransform.Outputs * ProductFloats;

    private enum Step
    {
        TransformFilters,
        Range,
        Input,
        Rows,
        Columns,
    }

    /// <summary>One task of the step under way: one of the parts of one of its things.</summary>
    public void Run(int task, int worker)
    {
        int thing = task / parts;
        int part = task % parts;
        Part range = Part.Of(groups, part, parts);
        switch (step)
        {
            case Step.TransformFilters:
                TransformFilters(chunks[thing]);
                break;
            case Step.Range:
                // Ranges change fastest: the filters of these channels may still be in the cache.
                RunRange(thing, range, worker);
                break;
            case Step.Input:
                Part blocks = Part.Of(source.Blocks * source.Groups, part, parts);
                for (int block = blocks.First; block < blocks.End; block++)
                    TransformInput(block, new Part(thing, thing + 1), AllInputs(block / source.Blocks), worker);
                break;
            case Step.Rows:
                Part some = Part.Of(chunks.Length, part, parts);
                for (int c = some.First; c < some.End; c++)
                    Row(chunks[c], thing, new Part(0, groups), AllInputs(chunks[c].Group), AllSums(c), worker);
                break;
            case Step.Columns:
                Columns(chunks[thing], range, AllSums(thing) + (nint)range.First * SumFloats);
                break;
        }
    }

    protected override void ForwardCore(TensorView input, TensorView output)
    {
        this.input = input.Pointer();
        this.output = output.Pointer();
        CpuBuffer rented = cpu.Scratch.Rent(sharedFloats + cpu.Threads * workerFloats);
        try
        {
            scratch = rented.Pointer;
            if (byRange)
            {
                Do(Step.Range, source.Groups, ranges);
                return;
            }
            Do(Step.Input, groups, PartsOf(groups, source.Groups * source.Blocks));
            Do(Step.Rows, Size, PartsOf(Size, chunks.Length));
            Do(Step.Columns, chunks.Length, PartsOf(chunks.Length, groups));
        }
        finally
        {
            cpu.Scratch.Return(rented);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            weights.Dispose();
            biases.Dispose();
        }
    }

    private void Do(Step what, int things, int partsOfEach)
    {
        step = what;
        parts = partsOfEach;
        cpu.Workers.Run(this, things * partsOfEach);
    }

    // Into how many parts to cut each of so many things.
    private int PartsOf(int things, int atMost) => Math.Clamp((TasksPerThread * cpu.Threads + things - 1) / things, 1, atMost);

    // V of all tiles, for one group of channels.
    private Transformed AllInputs(int group) => new(scratch + group * (inputFloats / source.Groups), 0, groups * groupStride);

    // The sums of all tiles, for one chunk.
    private float* AllSums(int chunk) => scratch + inputFloats + (nint)chunk * groups * SumFloats;

    private float* WorkerScratch(int worker) => scratch + sharedFloats + worker * workerFloats;

    private Part TilesOf(int group) => Part.Of(tiles.Length, group, groups);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TransformInput(int block, Part range, in Transformed v, int worker)
    {
        float* transform = WorkerScratch(worker);
        float* patch = transform + 8 * 8 * 16;
        float* plane = input + block * source.BlockStride;
        for (int group = range.First; group < range.End; group++)
        {
            Part some = TilesOf(group);
            float* to = v.Start + (group - v.FirstGroup) * groupStride + block % source.Blocks * GroupTiles * source.Lanes;
            for (int i = some.First; i < some.End; i++, to += source.Lanes)
            {
                ref readonly WinogradTile tile = ref tiles[i];
                float* from = plane + tile.Image * source.ImageStride + tile.Y * source.RowStride + tile.X * source.Pixel;
                nint rowStride = source.RowStride;
                if (tile.Clipped)
                {
                    CopyPatch(tile, block, from, patch);
                    from = patch;
                    rowStride = PatchRow;
                }
                TTransform.Input(from, rowStride, source.Pixel, source.Lanes, to, pointStride, v.RowStride, transform);
            }
        }
    }

    // The part of a patch that lies in the image, the rest zero. Only images are clipped; their blocks are rows.
    private void CopyPatch(in WinogradTile tile, int block, float* from, float* patch)
    {
        int floats = Size * source.Pixel;
        int inside = Math.Clamp(Spec.Width * Spec.InChannels - tile.X * source.Pixel, 0, floats);
        for (int y = 0; y < Size; y++)
        {
            var row = new Span<float>(patch + y * PatchRow, floats);
            row.Clear();
            if (source.Stride * (tile.Y + y) + block < Spec.Height)
                new Span<float>(from + y * source.RowStride, inside).CopyTo(row);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunRange(int channels, Part range, int worker)
    {
        float* sums = WorkerScratch(worker) + TransformFloats + ProductFloats;
        var v = new Transformed(sums + range.Count * SumFloats, range.First, range.Count * groupStride);
        for (int block = channels * source.Blocks; block < (channels + 1) * source.Blocks; block++)
            TransformInput(block, range, v, worker);
        foreach (OutputBlock chunk in chunks)
        {
            if (chunk.Group != channels)
                continue;
            for (int y = 0; y < Size; y++)
                Row(chunk, y, range, v, sums, worker);
            Columns(chunk, range, sums);
        }
    }

    // A row of points, from V to sums, for the channels of a chunk and the tiles of a range.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Row(in OutputBlock chunk, int y, Part range, in Transformed v, float* sums, int worker)
    {
        nint stride = GroupTiles * chunk.Lanes;
        float* products = WorkerScratch(worker) + TransformFloats;
        float* to = sums + y * TTransform.Outputs * stride;
        nint panel = (nint)source.Depth * chunk.Lanes;
        float* w = weights.Pointer + chunk.Weights + y * Size * panel;
        for (int group = range.First; group < range.End; group++, to += SumFloats)
        {
            float* from = v.Start + y * v.RowStride + (group - v.FirstGroup) * groupStride;
            for (int x = 0; x < Size; x++)
                Multiply(chunk.Lanes, TilesOf(group).Count, from + x * pointStride, w + x * panel, products + x * stride);
            TTransform.OutputRows(products, stride, to);
        }
    }

    // From sums to the output.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Columns(in OutputBlock chunk, Part range, float* sums)
    {
        nint stride = GroupTiles * chunk.Lanes;
        nint rowStride = (nint)Spec.OutWidth * 16;
        nint plane = Spec.OutHeight * rowStride;
        for (int group = range.First; group < range.End; group++, sums += SumFloats)
            for (int channel = 0; channel < chunk.Lanes; channel += 16)
            {
                int block = (chunk.FirstChannel + channel) / 16;
                float* from = sums + channel * GroupTiles;
                Part some = TilesOf(group);
                for (int i = some.First; i < some.End; i++, from += 16)
                {
                    ref readonly WinogradTile tile = ref tiles[i];
                    float* to = output + ((nint)tile.Image * (Spec.OutChannels / 16) + block) * plane + tile.Y * rowStride + tile.X * 16;
                    TTransform.OutputColumns(from, stride, biases.Pointer + block * 16, floor, to, rowStride, tile.FirstRow, tile.FirstColumn);
                }
            }
    }

    // M = U V at one point. Tiles take the place of the pixels.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply(int channels, int count, float* v, float* w, float* m)
    {
        var walk = new TileWalk
        {
            Blocks = source.Blocks,
            BlockStride = GroupTiles * source.Lanes,
            Rows = 1,
            Run = source.Pixel,
            PixelStep = source.Lanes,
        };
        int lanes = ConvolutionTiles.LanesOf(channels);
        for (int lane = 0; lane < channels; lane += lanes, w += source.Depth * lanes)
        {
            float* o = m + lane / 16 * 16 * GroupTiles + lane % 16;
            if (source.Lanes == 16)
                Multiply<FeatureStep>(lanes, count, walk, v, w, o);
            else
                Multiply<HalfBlockStep>(lanes, count, walk, v, w, o);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply<TStep>(int lanes, int count, in TileWalk walk, float* v, float* w, float* m)
        where TStep : struct, IPixelStep
    {
        nint outputBlock = GroupTiles * 16;
        int widest = ConvolutionTiles.PixelsOf(lanes);
        int runs = (count + widest - 1) / widest;
        for (int run = 0; run < runs; run++)
        {
            int pixels = Part.Of(count, run, runs).Count;
            ConvolutionTiles.Run<TStep, StoreSums>(lanes, pixels, walk, v, w, 0, m, outputBlock);
            v += pixels * walk.PixelStep;
            m += pixels * 16;
        }
    }

    private OutputBlock[] Chunks()
    {
        int perGroup = Spec.OutChannels / source.Groups;
        var cut = new List<OutputBlock>();
        for (int first = 0; first < Spec.OutChannels; first += cut[^1].Lanes)
        {
            int lanes = Math.Min(ChunkChannels, perGroup - first % perGroup);
            cut.Add(new OutputBlock(first, lanes, first / perGroup, (long)first * Size * Size * source.Depth));
        }
        return [.. cut];
    }

    // U = G g G^T in double, packed as the products read it: [chunk][point][lanes of a tile][depth][lane]. All lanes of a tile
    // side by side: one filter at a time, its points went to places a power of two apart, and the stores took longer than the
    // arithmetic.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TransformFilters(OutputBlock chunk)
    {
        int taps = TTransform.Taps;
        int lanes = ConvolutionTiles.LanesOf(chunk.Lanes);
        int width = Vector<double>.Count;
        double* g = stackalloc double[Size * taps];
        TTransform.Filter.CopyTo(new Span<double>(g, Size * taps));
        double* filter = stackalloc double[taps * taps * lanes];
        double* half = stackalloc double[taps * lanes];
        double* full = stackalloc double[lanes];
        for (int first = 0; first < chunk.Lanes; first += lanes)
            for (int k = 0; k < source.Depth; k++)
            {
                GatherFilters(chunk.FirstChannel + first, lanes, k, filter);
                float* to = weights.Pointer + chunk.Weights + (first * source.Depth + k * lanes);
                for (int i = 0; i < Size; i++)
                {
                    for (int x = 0; x < taps * lanes; x += width)
                    {
                        Vector<double> sum = Vector<double>.Zero;
                        for (int y = 0; y < taps; y++)
                            sum += g[i * taps + y] * Vector.Load(filter + y * taps * lanes + x);
                        sum.Store(half + x);
                    }
                    for (int j = 0; j < Size; j++, to += source.Depth * chunk.Lanes)
                    {
                        for (int lane = 0; lane < lanes; lane += width)
                        {
                            Vector<double> sum = Vector<double>.Zero;
                            for (int x = 0; x < taps; x++)
                                sum += g[j * taps + x] * Vector.Load(half + x * lanes + lane);
                            sum.Store(full + lane);
                        }
                        for (int lane = 0; lane < lanes; lane++)
                            to[lane] = (float)full[lane];
                    }
                }
            }
    }

    // One channel's taps [ky][kx][lane] of consecutive filters; a phase that ends early has zeros.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void GatherFilters(int firstChannel, int lanes, int depth, double* filter)
    {
        int size = Spec.Size;
        int inPerGroup = Spec.InChannels / source.Groups;
        (int channel, int firstRow, int firstColumn) = source.FilterAt(depth, Spec.InChannels);
        for (int y = 0; y < TTransform.Taps; y++)
            for (int x = 0; x < TTransform.Taps; x++)
            {
                int row = y * source.Stride + firstRow;
                int column = x * source.Stride + firstColumn;
                bool inside = row < size && column < size;
                for (int lane = 0; lane < lanes; lane++)
                    *filter++ = inside ? filters[(((long)(firstChannel + lane) * inPerGroup + channel) * size + row) * size + column] : 0;
            }
    }

    // V of consecutive groups of tiles and one group of channels, [point row][group of tiles][point][block][tile][lane]: in
    // the order in which it is read.
    private readonly struct Transformed(float* start, int firstGroup, nint rowStride)
    {
        internal float* Start => start;

        internal int FirstGroup => firstGroup;

        internal nint RowStride => rowStride;
    }
}

/// <summary>Half a block of lanes a pixel: the phases of an image at stride 2.</summary>
internal readonly struct HalfBlockStep : IPixelStep
{
    public static nint Floats(in TileWalk walk) => 8;
}
