using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// A task is one row of one response. Eleven neighbouring responses (33 = 3 x 11) are summed at a time, each over the sixteen
/// channels of a block side by side: a template vector in a register serves eleven products, a search vector two. Search rows
/// are walked once for all tiles of the row, as many as stay in the first cache with their template rows; between such
/// stretches the sums wait in scratch. The lanes are added up at the very end.
/// </summary>
internal sealed unsafe class CrossCorrelationCpu : CrossCorrelation, IParallelWork
{
    private const int Tile = 11;
    // Of a first cache of 32 to 48 KB; half as much and twice as much were slower for CFNet's sizes.
    private const int StretchBytes = 24 * 1024;

    private readonly WorkerPool workers;
    private readonly CpuScratch sumsMemory = new();
    private readonly int blocks;
    private readonly int tiles;
    private readonly int rowsAtATime;
    private readonly float* sums;

    // What the tasks of the call under way share.
    private float* template, search, response;

    internal CrossCorrelationCpu(CpuDevice device, CrossCorrelationSpec spec)
        : base(device, spec)
    {
        workers = device.Workers;
        blocks = (spec.Channels + 15) / 16;
        // The last tile is shifted inside the row; a row shorter than a tile is summed one by one.
        tiles = spec.ResponseSize < Tile ? spec.ResponseSize : (spec.ResponseSize + Tile - 1) / Tile;
        rowsAtATime = Math.Clamp(StretchBytes / ((spec.SearchSize + spec.TemplateSize) * 16 * sizeof(float)), 1, spec.TemplateSize);
        sums = sumsMemory.Reserve<float>((long)workers.Threads * tiles * Tile * 16);
    }

    public void Run(int task, int worker)
    {
        float* mine = sums + (nint)worker * tiles * Tile * 16;
        (int image, int row) = Math.DivRem(task, Spec.ResponseSize);
        if (Vector512.IsHardwareAccelerated)
            Row<Lanes512>(image, row, mine);
        else if (Vector256.IsHardwareAccelerated)
            Row<Lanes256>(image, row, mine);
        else
            Row<Lanes128>(image, row, mine);
    }

    protected override void ForwardCore(TensorView template, TensorView search, TensorView response)
    {
        this.template = template.Pointer();
        this.search = search.Pointer();
        this.response = response.Pointer();
        workers.Run(this, Spec.Batch * Spec.ResponseSize);
    }

    protected override void Dispose(bool disposing) => sumsMemory.Dispose();

    private void Row<TLanes>(int image, int row, float* tileSums)
        where TLanes : struct, ILanes<TLanes>
    {
        int t = Spec.TemplateSize, s = Spec.SearchSize, r = Spec.ResponseSize;
        bool whole = r >= Tile;
        new Span<float>(tileSums, tiles * Tile * 16).Clear();
        for (int block = 0; block < blocks; block++)
        {
            float* z = template + (nint)block * t * t * 16;
            float* x = search + (((nint)image * blocks + block) * s + row) * s * 16;
            for (int u = 0; u < t; u += rowsAtATime)
            {
                int rows = Math.Min(rowsAtATime, t - u);
                for (int tile = 0; tile < tiles; tile++)
                {
                    float* from = x + ((nint)u * s + Start(tile)) * 16;
                    if (whole)
                        SumTile<TLanes>(z + (nint)u * t * 16, from, rows, t, s, tileSums + (nint)tile * Tile * 16);
                    else
                        SumOne<TLanes>(z + (nint)u * t * 16, from, rows, t, s, tileSums + (nint)tile * Tile * 16);
                }
            }
        }
        float* to = response + ((nint)image * r + row) * r;
        for (int tile = 0; tile < tiles; tile++)
        {
            for (int p = 0; p < (whole ? Tile : 1); p++)
            {
                float* lanes = tileSums + ((nint)tile * Tile + p) * 16;
                TLanes sum = default;
                for (int lane = 0; lane < 16; lane += TLanes.Count)
                    sum += TLanes.Load(lanes + lane);
                to[Start(tile) + p] = Spec.Gain * TLanes.Sum(sum) + Spec.Bias;
            }
        }
    }

    /// <summary>The first response of a tile.</summary>
    private int Start(int tile) => Spec.ResponseSize < Tile ? tile : Math.Min(tile * Tile, Spec.ResponseSize - Tile);

    /// <summary>sums[p] += sum over u,v of z[u,v] * x[u,v+p], lane by lane, for eleven p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SumTile<TLanes>(float* z, float* x, int rows, int templateSize, int searchSize, float* sums)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int lane = 0; lane < 16; lane += TLanes.Count)
        {
            float* sum = sums + lane;
            TLanes s0 = TLanes.Load(sum), s1 = TLanes.Load(sum + 16), s2 = TLanes.Load(sum + 32), s3 = TLanes.Load(sum + 48);
            TLanes s4 = TLanes.Load(sum + 64), s5 = TLanes.Load(sum + 80), s6 = TLanes.Load(sum + 96), s7 = TLanes.Load(sum + 112);
            TLanes s8 = TLanes.Load(sum + 128), s9 = TLanes.Load(sum + 144), s10 = TLanes.Load(sum + 160);
            for (int u = 0; u < rows; u++)
            {
                float* zRow = z + (nint)u * templateSize * 16 + lane;
                float* p = x + (nint)u * searchSize * 16 + lane;
                int v = 0;
                // Two taps at once: each search vector, once loaded, serves two neighbouring responses.
                for (; v < templateSize - 1; v += 2, zRow += 32, p += 32)
                {
                    TLanes w0 = TLanes.Load(zRow), w1 = TLanes.Load(zRow + 16);
                    var value = TLanes.Load(p);
                    s0 = TLanes.MultiplyAdd(w0, value, s0);
                    value = TLanes.Load(p + 16);
                    s0 = TLanes.MultiplyAdd(w1, value, s0);
                    s1 = TLanes.MultiplyAdd(w0, value, s1);
                    value = TLanes.Load(p + 32);
                    s1 = TLanes.MultiplyAdd(w1, value, s1);
                    s2 = TLanes.MultiplyAdd(w0, value, s2);
                    value = TLanes.Load(p + 48);
                    s2 = TLanes.MultiplyAdd(w1, value, s2);
                    s3 = TLanes.MultiplyAdd(w0, value, s3);
                    value = TLanes.Load(p + 64);
                    s3 = TLanes.MultiplyAdd(w1, value, s3);
                    s4 = TLanes.MultiplyAdd(w0, value, s4);
                    value = TLanes.Load(p + 80);
                    s4 = TLanes.MultiplyAdd(w1, value, s4);
                    s5 = TLanes.MultiplyAdd(w0, value, s5);
                    value = TLanes.Load(p + 96);
                    s5 = TLanes.MultiplyAdd(w1, value, s5);
                    s6 = TLanes.MultiplyAdd(w0, value, s6);
                    value = TLanes.Load(p + 112);
                    s6 = TLanes.MultiplyAdd(w1, value, s6);
                    s7 = TLanes.MultiplyAdd(w0, value, s7);
                    value = TLanes.Load(p + 128);
                    s7 = TLanes.MultiplyAdd(w1, value, s7);
                    s8 = TLanes.MultiplyAdd(w0, value, s8);
                    value = TLanes.Load(p + 144);
                    s8 = TLanes.MultiplyAdd(w1, value, s8);
                    s9 = TLanes.MultiplyAdd(w0, value, s9);
                    value = TLanes.Load(p + 160);
                    s9 = TLanes.MultiplyAdd(w1, value, s9);
                    s10 = TLanes.MultiplyAdd(w0, value, s10);
                    value = TLanes.Load(p + 176);
                    s10 = TLanes.MultiplyAdd(w1, value, s10);
                }
                if (v < templateSize)
                {
                    var w = TLanes.Load(zRow);
                    s0 = TLanes.MultiplyAdd(w, TLanes.Load(p), s0);
                    s1 = TLanes.MultiplyAdd(w, TLanes.Load(p + 16), s1);
                    s2 = TLanes.MultiplyAdd(w, TLanes.Load(p + 32), s2);
                    s3 = TLanes.MultiplyAdd(w, TLanes.Load(p + 48), s3);
                    s4 = TLanes.MultiplyAdd(w, TLanes.Load(p + 64), s4);
                    s5 = TLanes.MultiplyAdd(w, TLanes.Load(p + 80), s5);
                    s6 = TLanes.MultiplyAdd(w, TLanes.Load(p + 96), s6);
                    s7 = TLanes.MultiplyAdd(w, TLanes.Load(p + 112), s7);
                    s8 = TLanes.MultiplyAdd(w, TLanes.Load(p + 128), s8);
                    s9 = TLanes.MultiplyAdd(w, TLanes.Load(p + 144), s9);
                    s10 = TLanes.MultiplyAdd(w, TLanes.Load(p + 160), s10);
                }
            }
            s0.Store(sum);
            s1.Store(sum + 16);
            s2.Store(sum + 32);
            s3.Store(sum + 48);
            s4.Store(sum + 64);
            s5.Store(sum + 80);
            s6.Store(sum + 96);
            s7.Store(sum + 112);
            s8.Store(sum + 128);
            s9.Store(sum + 144);
            s10.Store(sum + 160);
        }
    }

    /// <summary>The same for one p.</summary>
    private static void SumOne<TLanes>(float* z, float* x, int rows, int templateSize, int searchSize, float* sums)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int lane = 0; lane < 16; lane += TLanes.Count)
        {
            var sum = TLanes.Load(sums + lane);
            for (int u = 0; u < rows; u++)
                for (int v = 0; v < templateSize; v++)
                {
                    var w = TLanes.Load(z + ((nint)u * templateSize + v) * 16 + lane);
                    sum = TLanes.MultiplyAdd(w, TLanes.Load(x + ((nint)u * searchSize + v) * 16 + lane), sum);
                }
            sum.Store(sums + lane);
        }
    }
}
