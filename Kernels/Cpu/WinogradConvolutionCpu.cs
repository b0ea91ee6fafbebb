using System.Runtime.CompilerServices;

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
/// schedule that moves less through the outer caches is taken, but by range only while there are ranges enough for all threads.
/// (Tried and no faster: groups of 6, 18 and 24 tiles at 256 bits; all of V for a chunk at a time; a row of V in parts that fit
/// the second-level cache; one call of the tile for all points of a row; prefetching the next row's filters or V; four steps of
/// a tile's loop at once. Prefetching the next patch gained one to three percent.)</para>
/// <para>A map that is pooled is computed in bands of rows, each by ranges; a band is pooled while it lies in the second-level
/// cache.</para>
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
    private const int StreamedPerTransformed = 10;
    // What a band's map may take beside it, until it is pooled.
    private const int FloatsOfAMap = 384 * 1024 / sizeof(float);
    // More tasks than threads, so that the others need not wait for a thread that was interrupted.
    private const int TasksPerThread = 4;
    // A patch row has room for eight pixels of sixteen floats, and for what the transform reads past it.
    private const int PatchRow = 9 * Block.Lanes;
    private const int TransformFloats = 8 * 8 * Block.Lanes + 8 * PatchRow;

    private readonly CpuDevice cpu;
    private readonly WinogradInput source;
    private readonly WinogradTile[] tiles;
    private readonly WinogradFilters<TTransform> weights;
    private readonly OutputBlock[] chunks;
    private readonly float* biases;
    private readonly float floor;
    // How the register tiles walk over V at one point, and how many tiles the next of them takes of those that are left.
    private readonly TileWalk product;
    private readonly byte[] nextRun;
    // The tiles of each group. A group of a pooled map lies in one band.
    private readonly Part[] groups;
    private readonly PooledBands? bands;
    private readonly int groupsOfABand;
    private readonly int ranges;
    private readonly bool byRange;
    // V: from a point to the next, and from a group of tiles to the next within a row of points.
    private readonly nint pointStride;
    private readonly nint groupStride;
    private readonly long inputFloats;
    private readonly long sharedFloats;
    private readonly long rangeFloats;
    private readonly long workerFloats;
    private Step step;
    private int parts;
    private float* input;
    private float* output;
    private float* scratch;

    internal WinogradConvolutionCpu(CpuFilters filters, ConvolutionSpec spec)
        : base(filters, spec)
    {
        cpu = (CpuDevice)filters.Device;
        source = WinogradInput.Of(spec, cpu);
        tiles = WinogradTile.Cover(spec, source, TTransform.Outputs);
        floor = spec.Relu ? 0 : float.NegativeInfinity;
        biases = filters.Biases;
        weights = filters.Packed<WinogradFilters<TTransform>>(spec);
        chunks = weights.Chunks;
        nextRun = [.. Enumerable.Range(0, GroupTiles + 1).Select(left => (byte)ConvolutionTiles.NextOf(left, WidestRun))];
        // Maps that are not pooled are one band.
        bands = spec.Pool is { } window ? Bands(window) : null;
        Part[] groupBands = bands is null
            ? [new Part(0, tiles.Length)]
            : [.. Enumerable.Range(0, spec.Batch * bands.Rows.Length).Select(i => TilesOfBand(i))];
        groupsOfABand = groupBands.Max(b => b.Count).DivideUp(GroupTiles);
        groups = [.. groupBands.SelectMany(b => Enumerable.Range(0, groupsOfABand).Select(g => Part.Of(b.Count, g, groupsOfABand).After(b.First)))];

        // An odd number of cache lines: a tile's points are written one after the other, and a power of two apart they would
        // all fall into the same few sets of the cache.
        pointStride = (source.TransformedBlocks * GroupTiles | 1) * Block.Lanes;
        groupStride = Size * pointStride;
        product = new TileWalk
        {
            Blocks = source.TransformedBlocks,
            BlocksOfASum = TTransform.StepsOfASum / Block.Lanes,
            BlockStride = GroupTiles * Block.Lanes,
            Rows = 1,
            Run = source.Run,
        };

        // Filters that stay in the cache themselves ask for no more than one group at a time.
        bool small = weights.Length / source.Groups <= FloatsOfARange;
        int fitting = small ? 1 : (int)Math.Clamp((FloatsOfARange - ProductFloats) / (Size * groupStride + SumFloats), 1, groupsOfABand);
        ranges = groupsOfABand.DivideUp(fitting);
        int groupsOfARange = groupsOfABand.DivideUp(ranges);
        inputFloats = Size * groupStride * groups.Length * source.Groups;
        long sumFloats = (long)SumFloats * groups.Length * chunks.Length;
        bool streamsLess = (ranges - 1) * weights.Length < StreamedPerTransformed * (inputFloats + sumFloats);
        bool enough = source.Groups * ranges >= TasksPerThread * cpu.Threads;
        byRange = bands is not null || small || (streamsLess && enough);
        rangeFloats = byRange ? groupsOfARange * (Size * groupStride + SumFloats) : 0;
        workerFloats = TransformFloats + ProductFloats + rangeFloats;
        sharedFloats = byRange ? 0 : inputFloats + sumFloats;
        if (bands is not null)
        {
            workerFloats += bands.Rows.Max(rows => rows.Count) * MapRow * BlocksOfAGroup;
            sharedFloats = (long)bands.SeamFloats * OutBlocks * spec.Batch * bands.Rows.Length;
        }
        cpu.Scratch.Reserve(sharedFloats + cpu.Threads * workerFloats);
    }

    /// <summary>
    /// Whether a map can be pooled as it is computed: no window may reach over a whole band, which may be one row of tiles.
    /// </summary>
    internal static bool CanPool(PoolWindow window) => window.Size - 1 <= TTransform.Outputs;

    private static int Size => TTransform.Outputs + TTransform.Taps - 1;

    private static int WidestRun => ConvolutionTiles.PixelsOf(WinogradFilters<TTransform>.ChunkChannels);

    private static int GroupTiles => Math.Max(WidestRun, 12);

    // Of a group and a chunk: a row of products, and all sums.
    private static int ProductFloats => Size * GroupTiles * WinogradFilters<TTransform>.ChunkChannels;

    private static int SumFloats => TTransform.Outputs * ProductFloats;

    private int TilesDown => Spec.MapHeight.DivideUp(TTransform.Outputs);

    private int TilesAlong => Spec.MapWidth.DivideUp(TTransform.Outputs);

    private int MapRow => Spec.MapWidth * Block.Lanes;

    private int OutBlocks => Spec.OutChannels.DivideUp(Block.Lanes);

    private int BlocksOfAGroup => OutBlocks / source.Groups;

    private enum Step
    {
        Range,
        Band,
        Seam,
        Input,
        Rows,
        Columns,
    }

    /// <summary>One task of the step under way: one of the parts of one of its things.</summary>
    public void Run(int task, int worker)
    {
        int thing = task / parts;
        int part = task % parts;
        Part range = Part.Of(groups.Length, part, parts);
        switch (step)
        {
            case Step.Range:
                // Ranges change fastest: the filters of these channels may still be in the cache.
                RunRange(thing, range, OutputMap(), worker);
                break;
            case Step.Band:
                RunBand(thing, part, worker);
                break;
            case Step.Seam:
                for (int block = 0; block < OutBlocks; block++)
                    bands!.Join(part, PooledPlane(thing, block), Seam(thing, part, block));
                break;
            case Step.Input:
                Part blocks = Part.Of(source.TransformedBlocks * source.Groups, part, parts);
                for (int block = blocks.First; block < blocks.End; block++)
                    TransformInput(block, new Part(thing, thing + 1), AllInputs(block / source.TransformedBlocks), worker);
                break;
            case Step.Rows:
                Part some = Part.Of(chunks.Length, part, parts);
                for (int c = some.First; c < some.End; c++)
                    Row(chunks[c], thing, new Part(0, groups.Length), AllInputs(chunks[c].Group), AllSums(c), worker);
                break;
            case Step.Columns:
                Columns(chunks[thing], range, AllSums(thing) + (nint)range.First * SumFloats, OutputMap());
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
            if (bands is not null)
            {
                Do(Step.Band, source.Groups, Spec.Batch * bands.Rows.Length);
                Do(Step.Seam, Spec.Batch, bands.Rows.Length - 1);
                return;
            }
            if (byRange)
            {
                Do(Step.Range, source.Groups, ranges);
                return;
            }
            Do(Step.Input, groups.Length, PartsOf(groups.Length, source.Groups * source.TransformedBlocks));
            Do(Step.Rows, Size, PartsOf(Size, chunks.Length));
            Do(Step.Columns, chunks.Length, PartsOf(chunks.Length, groups.Length));
        }
        finally
        {
            cpu.Scratch.Return(rented);
        }
    }

    private void Do(Step what, int things, int partsOfEach)
    {
        step = what;
        parts = partsOfEach;
        cpu.Workers.Run(this, things * partsOfEach);
    }

    // Into how many parts to cut each of so many things.
    private int PartsOf(int things, int atMost) => Math.Clamp((TasksPerThread * cpu.Threads).DivideUp(things), 1, atMost);

    // V of all tiles, for one group of channels.
    private Transformed AllInputs(int group) => new(scratch + group * (inputFloats / source.Groups), 0, groups.Length * groupStride);

    // The sums of all tiles, for one chunk.
    private float* AllSums(int chunk) => scratch + inputFloats + (nint)chunk * groups.Length * SumFloats;

    private float* WorkerScratch(int worker) => scratch + sharedFloats + worker * workerFloats;

    // The map as it lies in the output.
    private Map OutputMap() => new(output, (nint)OutBlocks * Spec.MapHeight * MapRow, (nint)Spec.MapHeight * MapRow);

    private float* PooledPlane(int image, int block)
    {
        TensorShape pooled = Spec.Output;
        return output + ((nint)image * OutBlocks + block) * pooled.Height * pooled.Width * Block.Lanes;
    }

    // What a band leaves below itself, of sixteen channels.
    private float* Seam(int image, int band, int block) =>
        scratch + (((nint)image * bands!.Rows.Length + band) * OutBlocks + block) * bands.SeamFloats;

    // One transformed block of the channels of some groups of tiles; packed, it is made of several blocks of the input.
    private void TransformInput(int block, Part range, in Transformed v, int worker)
    {
        nint to = block % source.TransformedBlocks * GroupTiles * Block.Lanes;
        if (!source.Packed)
        {
            TransformInput(block, to, range, v, worker);
            return;
        }
        for (int phase = 0; phase < source.Blocks; phase++)
            TransformInput(phase, phase * source.Pixel, range, v, worker);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TransformInput(int block, nint place, Part range, in Transformed v, int worker)
    {
        float* transform = WorkerScratch(worker);
        float* patch = transform + 8 * 8 * Block.Lanes;
        float* plane = input + block * source.BlockStride;
        for (int group = range.First; group < range.End; group++)
        {
            Part some = groups[group];
            float* to = v.Start + (group - v.FirstGroup) * groupStride + place;
            for (int i = some.First; i < some.End; i++, to += Block.Lanes)
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

    private void RunRange(int channels, Part range, in Map map, int worker)
    {
        float* sums = WorkerScratch(worker) + TransformFloats + ProductFloats;
        var v = new Transformed(sums + range.Count * SumFloats, range.First, range.Count * groupStride);
        for (int block = channels * source.TransformedBlocks; block < (channels + 1) * source.TransformedBlocks; block++)
            TransformInput(block, range, v, worker);
        foreach (OutputBlock chunk in chunks)
        {
            if (chunk.Group != channels)
                continue;
            for (int y = 0; y < Size; y++)
                Row(chunk, y, range, v, sums, worker);
            Columns(chunk, range, sums, map);
        }
    }

    private void RunBand(int channels, int imageAndBand, int worker)
    {
        int image = imageAndBand / bands!.Rows.Length;
        int band = imageAndBand % bands.Rows.Length;
        Part rows = bands.Rows[band];
        nint plane = rows.Count * MapRow;
        int firstBlock = channels * BlocksOfAGroup;
        float* start = WorkerScratch(worker) + TransformFloats + ProductFloats + rangeFloats;
        var map = new Map(start - firstBlock * plane - (nint)rows.First * MapRow, 0, plane);
        for (int range = 0; range < ranges; range++)
            RunRange(channels, Part.Of(groupsOfABand, range, ranges).After(imageAndBand * groupsOfABand), map, worker);
        for (int block = 0; block < BlocksOfAGroup; block++)
            bands.Pool(band, start + block * plane, PooledPlane(image, firstBlock + block), Seam(image, band, firstBlock + block));
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
                Multiply(chunk.Lanes, groups[group].Count, from + x * pointStride, w + x * panel, products + x * stride);
            TTransform.OutputRows(products, stride, to);
        }
    }

    // From sums to the map.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Columns(in OutputBlock chunk, Part range, float* sums, in Map map)
    {
        nint stride = GroupTiles * chunk.Lanes;
        nint rowStride = MapRow;
        for (int group = range.First; group < range.End; group++, sums += SumFloats)
            for (int channel = 0; channel < chunk.Lanes; channel += Block.Lanes)
            {
                int block = (chunk.FirstChannel + channel) / Block.Lanes;
                float* from = sums + channel * GroupTiles;
                Part some = groups[group];
                for (int i = some.First; i < some.End; i++, from += Block.Lanes)
                {
                    ref readonly WinogradTile tile = ref tiles[i];
                    float* to = map.Origin + tile.Image * map.Image + block * map.Block + tile.Y * rowStride + tile.X * Block.Lanes;
                    TTransform.OutputColumns(
                        from, stride, biases + block * Block.Lanes, floor, to, rowStride, tile.FirstRow, tile.FirstColumn);
                }
            }
    }

    // M = U V at one point. Tiles take the place of the pixels.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply(int channels, int count, float* v, float* w, float* m)
    {
        int lanes = ConvolutionTiles.LanesOf(channels);
        for (int lane = 0; lane < channels; lane += lanes, w += source.Depth * lanes)
        {
            float* from = v;
            float* to = m + lane / Block.Lanes * Block.Lanes * GroupTiles + lane % Block.Lanes;
            for (int left = count; left > 0;)
            {
                int pixels = nextRun[left];
                ConvolutionTiles.Run<FeatureStep, StoreSums>(lanes, pixels, product, from, w, 0, to, GroupTiles * Block.Lanes);
                from += pixels * Block.Lanes;
                to += pixels * Block.Lanes;
                left -= pixels;
            }
        }
    }

    private PooledBands Bands(PoolWindow window)
    {
        // As high as fits into the cache, but no higher than all threads can share.
        int fitting = Math.Max(FloatsOfAMap / (MapRow * BlocksOfAGroup * TTransform.Outputs), 1);
        int count = Math.Max(TilesDown.DivideUp(fitting), PartsOf(Spec.Batch * source.Groups, TilesDown));
        return new PooledBands(Spec.Pooling(window), [.. Enumerable.Range(0, count).Select(band =>
        {
            Part tileRows = Part.Of(TilesDown, band, count);
            return new Part(tileRows.First * TTransform.Outputs, Math.Min(tileRows.End * TTransform.Outputs, Spec.MapHeight));
        })]);
    }

    private Part TilesOfBand(int imageAndBand)
    {
        int count = bands!.Rows.Length;
        Part tileRows = Part.Of(TilesDown, imageAndBand % count, count).After(imageAndBand / count * TilesDown);
        return new Part(tileRows.First * TilesAlong, tileRows.End * TilesAlong);
    }

    // Where the output's columns go: the pointer to row 0 of image 0, even when only some rows are there; and the way to the
    // next image and the next block of channels.
    private readonly struct Map(float* origin, nint image, nint block)
    {
        internal float* Origin => origin;

        internal nint Image => image;

        internal nint Block => block;
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
