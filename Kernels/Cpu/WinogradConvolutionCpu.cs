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
/// <para>Edges: the last tile of a row or column is shifted inside the map and writes only its new pixels. No pixel has two
/// writers and every sum has one order, so the bits do not depend on how the tiles are shared among threads.</para>
/// <para>Schedules. Blocked: some tiles go through all three steps while their V and M stay in one core's second-level cache;
/// the filters stream through once per such range of tiles. By point: the steps run one after the other over all tiles; the
/// filters stream once, but V and M are written and read through the outer caches. The one that moves less is taken.</para>
/// </remarks>
internal sealed unsafe class WinogradConvolutionCpu<TTransform> : Convolution, IParallelWork
    where TTransform : struct, IWinogradTransform
{
    // What V and M of a range may take: half of a second-level cache of 1 MiB; the rest is for the filters.
    private const int FloatsOfARange = 512 * 1024 / sizeof(float);
    // Output channels whose products are held before they are transformed back.
    private const int ChunkChannels = 32;
    // More tasks than threads, so that a thread that was interrupted does not hold up the others.
    private const int TasksPerThread = 8;
    // A patch row has room for eight pixels of sixteen floats, and for what the transform reads past it.
    private const int PatchRow = 8 * 16 + 16;

    private const int TransformFloats = WinogradScratch.Floats + 8 * PatchRow;

    private static readonly int Size = TTransform.Outputs + TTransform.Taps - 1;
    private static readonly int Points = Size * Size;

    private readonly CpuDevice cpu;
    private readonly WinogradInput source;
    private readonly WinogradTile[] tiles;
    private readonly OutputBlock[] chunks;
    private readonly CpuBuffer weights;
    private readonly CpuBuffer biases;
    private readonly CpuBuffer zeros;
    private readonly float floor;
    private readonly int ranges;
    private readonly bool blocked;
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
        zeros = new CpuBuffer(device, ChunkChannels);
        biases = new CpuBuffer(device, spec.OutChannels);
        bias.CopyTo(new Span<float>(biases.Pointer, bias.Length));
        weights = new CpuBuffer(device, (long)Points * source.Depth * spec.OutChannels);
        chunks = Chunks();

        int tileFloats = Points * (source.Blocks * source.Lanes + ChunkChannels);
        int fullTiles = OutputBlock.TilePixels;
        int fitting = Math.Max(FloatsOfARange / tileFloats / fullTiles, 1) * fullTiles;
        ranges = (tiles.Length + fitting - 1) / fitting;
        long transformed = (long)Points * tiles.Length * (source.Groups * source.Blocks * source.Lanes + spec.OutChannels);
        blocked = (ranges - 1) * weights.Length < 2 * transformed;
        workerFloats = TransformFloats;
        if (blocked)
            workerFloats += PanelFloats(source.Blocks, ChunkChannels / 16, (tiles.Length + ranges - 1) / ranges);
        else
            sharedFloats = PanelFloats(source.Groups * source.Blocks, spec.OutChannels / 16, tiles.Length);
        device.Scratch.Reserve(sharedFloats + device.Threads * workerFloats);

        fixed (float* pinned = filters)
        {
            this.filters = pinned;
            Do(Step.TransformFilters, chunks.Length, 1);
        }
    }

    private enum Step
    {
        TransformFilters,
        Blocked,
        TransformInput,
        Multiply,
        TransformOutput,
    }

    /// <summary>One task of the step under way: one of its parts of one of its things.</summary>
    public void Run(int task, int worker)
    {
        int thing = task / parts;
        int part = task % parts;
        switch (step)
        {
            case Step.TransformFilters:
                TransformFilters(chunks[thing]);
                break;
            case Step.Blocked:
                // Groups change slowest: the filters of one may stay in the cache from range to range.
                RunRange(thing, Part.Of(tiles.Length, part, parts), worker);
                break;
            case Step.TransformInput:
                TransformInput(thing, Part.Of(tiles.Length, part, parts), AllInputs, worker);
                break;
            case Step.Multiply:
                Part some = Part.Of(chunks.Length, part, parts);
                for (int c = some.First; c < some.End; c++)
                    Multiply(chunks[c], thing, AllInputs, AllProducts);
                break;
            case Step.TransformOutput:
                TransformOutput(thing, Part.Of(tiles.Length, part, parts), AllProducts, worker);
                break;
        }
    }

    protected override void ForwardCore(TensorView input, TensorView output)
    {
        this.input = input.Pointer();
        this.output = output.Pointer();
        scratch = cpu.Scratch.Pointer;
        if (blocked)
        {
            Do(Step.Blocked, source.Groups, ranges);
            return;
        }
        Do(Step.TransformInput, InputBlocks, PartsOf(InputBlocks, tiles.Length));
        Do(Step.Multiply, Points, PartsOf(Points, chunks.Length));
        Do(Step.TransformOutput, OutputBlocks, PartsOf(OutputBlocks, tiles.Length));
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            weights.Dispose();
            biases.Dispose();
            zeros.Dispose();
        }
    }

    private int InputBlocks => source.Groups * source.Blocks;

    private int OutputBlocks => Spec.OutChannels / 16;

    private WinogradPanel AllInputs => new(scratch, new Part(0, InputBlocks), new Part(0, tiles.Length), source.Lanes);

    private WinogradPanel AllProducts =>
        new(scratch + Points * AllInputs.PointStride, new Part(0, OutputBlocks), new Part(0, tiles.Length), 16);

    private long PanelFloats(int inputBlocks, int outputBlocks, int count) => Points
        * (WinogradPanel.PointFloats(inputBlocks, count, source.Lanes) + WinogradPanel.PointFloats(outputBlocks, count, 16));

    // Into how many parts to cut each of so many things.
    private int PartsOf(int things, int atMost) => Math.Clamp((TasksPerThread * cpu.Threads + things - 1) / things, 1, atMost);

    private void Do(Step what, int things, int partsOfEach)
    {
        step = what;
        parts = partsOfEach;
        cpu.Workers.Run(this, things * partsOfEach);
    }

    private void RunRange(int group, Part range, int worker)
    {
        float* own = scratch + sharedFloats + worker * workerFloats + TransformFloats;
        var inputs = new Part(group * source.Blocks, (group + 1) * source.Blocks);
        var v = new WinogradPanel(own, inputs, range, source.Lanes);
        for (int block = inputs.First; block < inputs.End; block++)
            TransformInput(block, range, v, worker);
        foreach (OutputBlock chunk in chunks)
        {
            if (chunk.Group != group)
                continue;
            var outputs = new Part(chunk.FirstChannel / 16, (chunk.FirstChannel + chunk.Lanes) / 16);
            var m = new WinogradPanel(own + Points * v.PointStride, outputs, range, 16);
            for (int point = 0; point < Points; point++)
                Multiply(chunk, point, v, m);
            for (int block = outputs.First; block < outputs.End; block++)
                TransformOutput(block, range, m, worker);
        }
    }

    private void TransformInput(int block, Part range, in WinogradPanel to, int worker)
    {
        float* transform = scratch + sharedFloats + worker * workerFloats;
        float* patch = transform + WinogradScratch.Floats;
        float* plane = input + block * source.BlockStride;
        nint pointStride = to.PointStride;
        for (int i = range.First; i < range.End; i++)
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
            TTransform.Input(from, rowStride, source.Pixel, source.Lanes, to.At(0, block, i), pointStride, transform);
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

    // M = U V at one point, for the channels of a chunk and the tiles of the panels. Tiles take the place of pixels.
    private void Multiply(in OutputBlock chunk, int point, in WinogradPanel v, in WinogradPanel m)
    {
        var walk = new TileWalk
        {
            Blocks = source.Blocks,
            BlockStride = v.BlockStride,
            Rows = 1,
            Run = source.Pixel,
            PixelStep = source.Lanes,
        };
        float* w = weights.Pointer + chunk.Weights + (nint)point * source.Depth * chunk.Lanes;
        float* x = v.At(point, chunk.Group * source.Blocks, v.Tiles.First);
        int lanes = Math.Min(chunk.Lanes, OutputBlock.TileLanes);
        for (int lane = 0; lane < chunk.Lanes; lane += lanes, w += source.Depth * lanes)
        {
            float* o = m.At(point, (chunk.FirstChannel + lane) / 16, m.Tiles.First) + lane % 16;
            if (source.Lanes == 16)
                Multiply<FeatureStep>(lanes, v.Tiles.Count, walk, x, w, o, m.BlockStride);
            else
                Multiply<HalfBlockStep>(lanes, v.Tiles.Count, walk, x, w, o, m.BlockStride);
        }
    }

    private void Multiply<TStep>(int lanes, int count, in TileWalk walk, float* x, float* w, float* o, nint outputBlock)
        where TStep : struct, IPixelStep
    {
        int runs = (count + OutputBlock.TilePixels - 1) / OutputBlock.TilePixels;
        for (int i = 0; i < runs; i++)
        {
            int pixels = Part.Of(count, i, runs).Count;
            if (Vector512.IsHardwareAccelerated && lanes == 32)
                ConvolutionTiles.Run512x2<TStep>(pixels, walk, x, w, zeros.Pointer, float.NegativeInfinity, o, outputBlock);
            else if (Vector512.IsHardwareAccelerated)
                ConvolutionTiles.Run512x1<TStep>(pixels, walk, x, w, zeros.Pointer, float.NegativeInfinity, o, outputBlock);
            else if (Vector256.IsHardwareAccelerated)
                ConvolutionTiles.Run256x2<TStep>(pixels, walk, x, w, zeros.Pointer, float.NegativeInfinity, o, outputBlock);
            else if (Vector128.IsHardwareAccelerated)
                ConvolutionTiles.Run128x2<TStep>(pixels, walk, x, w, zeros.Pointer, float.NegativeInfinity, o, outputBlock);
            else
                ConvolutionTiles.Run32x4<TStep>(pixels, walk, x, w, zeros.Pointer, float.NegativeInfinity, o, outputBlock);
            x += pixels * walk.PixelStep;
            o += pixels * 16;
        }
    }

    private void TransformOutput(int block, Part range, in WinogradPanel from, int worker)
    {
        float* transform = scratch + sharedFloats + worker * workerFloats;
        float* bias = biases.Pointer + block * 16;
        nint rowStride = (nint)Spec.OutWidth * 16;
        nint plane = Spec.OutHeight * rowStride;
        nint pointStride = from.PointStride;
        for (int i = range.First; i < range.End; i++)
        {
            ref readonly WinogradTile tile = ref tiles[i];
            float* to = output + ((nint)tile.Image * OutputBlocks + block) * plane + tile.Y * rowStride + tile.X * 16;
            TTransform.Output(from.At(0, block, i), pointStride, bias, floor, to, rowStride, tile.FirstRow, tile.FirstColumn, transform);
        }
    }

    private OutputBlock[] Chunks()
    {
        int perGroup = Spec.OutChannels / source.Groups;
        var cut = new List<OutputBlock>();
        for (int first = 0; first < Spec.OutChannels; first += cut[^1].Lanes)
        {
            int lanes = Math.Min(ChunkChannels, perGroup - first % perGroup);
            cut.Add(new OutputBlock(first, lanes, first / perGroup, (long)first * Points * source.Depth));
        }
        return [.. cut];
    }

    // U = G g G^T in double, packed as the products read it: [chunk][point][tile lanes][depth][lane].
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TransformFilters(OutputBlock chunk)
    {
        int taps = TTransform.Taps;
        int size = Spec.Size;
        int inPerGroup = Spec.InChannels / source.Groups;
        int lanes = Math.Min(chunk.Lanes, OutputBlock.TileLanes);
        ReadOnlySpan<double> g = TTransform.Filter;
        double* filter = stackalloc double[taps * taps];
        double* half = stackalloc double[Size * taps];
        for (int k = 0; k < source.Depth; k++)
        {
            // Features: one tap a channel. Images: channel, row phase and column phase.
            int block = k / source.Pixel;
            int within = k % source.Pixel;
            bool image = source.Pixel != 16 || source.Stride > 1;
            int channel = image ? within % Spec.InChannels : k;
            int firstRow = image ? block : 0;
            int firstColumn = image ? within / Spec.InChannels : 0;
            for (int lane = 0; lane < chunk.Lanes; lane++)
            {
                float* from = filters + ((long)(chunk.FirstChannel + lane) * inPerGroup + channel) * size * size;
                for (int y = 0; y < taps; y++)
                    for (int x = 0; x < taps; x++)
                    {
                        int row = y * source.Stride + firstRow;
                        int column = x * source.Stride + firstColumn;
                        filter[y * taps + x] = row < size && column < size ? from[row * size + column] : 0;
                    }
                for (int i = 0; i < Size; i++)
                    for (int x = 0; x < taps; x++)
                    {
                        double sum = 0;
                        for (int y = 0; y < taps; y++)
                            sum += g[i * taps + y] * filter[y * taps + x];
                        half[i * taps + x] = sum;
                    }
                float* to = weights.Pointer + chunk.Weights + (lane / lanes * source.Depth + k) * lanes + lane % lanes;
                for (int i = 0; i < Size; i++)
                    for (int j = 0; j < Size; j++)
                    {
                        double sum = 0;
                        for (int x = 0; x < taps; x++)
                            sum += half[i * taps + x] * g[j * taps + x];
                        *to = (float)sum;
                        to += source.Depth * chunk.Lanes;
                    }
            }
        }
    }
}

/// <summary>Half a block of lanes a pixel: the phases of an image at stride 2.</summary>
internal readonly struct HalfBlockStep : IPixelStep
{
    public static nint Floats(in TileWalk walk) => 8;
}
