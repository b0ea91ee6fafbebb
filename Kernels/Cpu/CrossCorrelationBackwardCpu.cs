using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// With d = dL/dr, both gradients are sums of pixels, sixteen channels side by side, times scalars:
///   dL/dz[u,v] = sum over n,i,j of d[n,i,j] x[n,i+u,j+v],
///   dL/dx[n,a,b] = sum over i,j of d[n,i,j] z[a-i,b-j] = sum over i,j of d'[n,i,j] z[a-r+1+i,b-r+1+j],
/// where d'[i,j] = d[r-1-i,r-1-j] has both axes turned around. So one kernel does for both: out[p] += sum over rows and q of
/// taps[q] pixels[q+p], for as many neighbouring p as registers hold. z is put between columns of zeros, as many as a tile
/// reaches past its edges; rows and taps that would meet nothing but zeros are left out. A task is a row of one block of channels.
/// </summary>
internal sealed unsafe class CrossCorrelationBackwardCpu : CrossCorrelationBackward, IParallelWork
{
    private const int WideTile = 11;
    private const int NarrowTile = 6;
    // Zeros on each side of a row of z: a tile that begins or ends with it reaches that much further.
    private const int Border = WideTile - 1;
    // Of a first cache of 32 to 48 KB.
    private const int StretchBytes = 24 * 1024;

    private readonly WorkerPool workers;
    private readonly int blocks, borderedSize;
    private readonly CpuScratch memory = new();
    private readonly float* bordered;   // z [block][t][border + t + border][16]
    private readonly float* turned;     // d' [n][r][r]

    // What the tasks of the call under way share.
    private Step step;
    private float* template, search, gradient, templateGradient, searchGradient;

    internal CrossCorrelationBackwardCpu(CpuDevice device, CrossCorrelationSpec spec)
        : base(device, spec)
    {
        workers = device.Workers;
        blocks = (spec.Channels + 15) / 16;
        borderedSize = spec.TemplateSize + 2 * Border;
        long borderedLength = (long)blocks * spec.TemplateSize * borderedSize * 16;
        bordered = memory.Reserve<float>(borderedLength + spec.Response.Count);
        turned = bordered + borderedLength;
    }

    private enum Step
    {
        Template,
        Search,
    }

    public void Run(int task, int worker)
    {
        if (Vector512.IsHardwareAccelerated)
            Run<Lanes512>(task);
        else if (Vector256.IsHardwareAccelerated)
            Run<Lanes256>(task);
        else
            Run<Lanes128>(task);
    }

    protected override void BackwardCore(
        TensorView template, TensorView search, TensorView responseGradient, TensorView templateGradient, TensorView searchGradient)
    {
        this.template = template.Pointer();
        this.search = search.Pointer();
        gradient = responseGradient.Pointer();
        this.templateGradient = templateGradient.Pointer();
        this.searchGradient = searchGradient.Pointer();
        Prepare();
        Run(Step.Template, blocks * Spec.TemplateSize);
        Run(Step.Search, Spec.Batch * blocks * Spec.SearchSize);
    }

    protected override void Dispose(bool disposing) => memory.Dispose();

    private void Run(Step todo, int tasks)
    {
        step = todo;
        workers.Run(this, tasks);
    }

    private void Run<TLanes>(int task)
        where TLanes : struct, ILanes<TLanes>
    {
        if (step == Step.Template)
            TemplateRow<TLanes>(task);
        else
            SearchRow<TLanes>(task);
    }

    /// <summary>Borders z and turns d around: some hundred kilobytes at most.</summary>
    private void Prepare()
    {
        int rowFloats = Spec.TemplateSize * 16;
        for (int row = 0; row < blocks * Spec.TemplateSize; row++)
        {
            float* to = bordered + ((nint)row * borderedSize + Border) * 16;
            new Span<float>(template + (nint)row * rowFloats, rowFloats).CopyTo(new Span<float>(to, rowFloats));
        }
        int places = Spec.ResponseSize * Spec.ResponseSize;
        for (int image = 0; image < Spec.Batch; image++)
        {
            var to = new Span<float>(turned + (nint)image * places, places);
            new Span<float>(gradient + (nint)image * places, places).CopyTo(to);
            to.Reverse();
        }
    }

    private void TemplateRow<TLanes>(int task)
        where TLanes : struct, ILanes<TLanes>
    {
        int t = Spec.TemplateSize, s = Spec.SearchSize, r = Spec.ResponseSize;
        (int block, int u) = Math.DivRem(task, t);
        float* to = templateGradient + (nint)task * t * 16;
        new Span<float>(to, t * 16).Clear();
        for (int image = 0; image < Spec.Batch; image++)
        {
            float* x = search + (((nint)image * blocks + block) * s + u) * s * 16;
            float* d = gradient + (nint)image * r * r;
            int rowsAtATime = RowsAtATime(s);
            for (int i = 0; i < r; i += rowsAtATime)
            {
                int rows = Math.Min(rowsAtATime, r - i);
                for (int v = 0; v < t;)
                {
                    int tile = TileOf(t - v);
                    AddTile<TLanes>(tile, d + (nint)i * r, r, x + ((nint)i * s + v) * 16, s * 16, rows, r, to + v * 16);
                    v += tile;
                }
            }
        }
    }

    private void SearchRow<TLanes>(int task)
        where TLanes : struct, ILanes<TLanes>
    {
        int t = Spec.TemplateSize, s = Spec.SearchSize, r = Spec.ResponseSize;
        (int plane, int a) = Math.DivRem(task, s);
        (int image, int block) = Math.DivRem(plane, blocks);
        float* to = searchGradient + (nint)task * s * 16;
        new Span<float>(to, s * 16).Clear();
        float* z = bordered + (nint)block * t * borderedSize * 16;
        float* d = turned + (nint)image * r * r;
        // Row i of d' meets row a - r + 1 + i of z, which has rows 0..t-1; columns likewise.
        int end = Math.Min(r, t + r - 1 - a);
        int rowsAtATime = RowsAtATime(borderedSize);
        for (int i = Math.Max(0, r - 1 - a); i < end; i += rowsAtATime)
        {
            int rows = Math.Min(rowsAtATime, end - i);
            float* zRow = z + ((nint)(a - r + 1 + i) * borderedSize + Border) * 16;
            for (int b = 0; b < s;)
            {
                int tile = TileOf(s - b);
                int j = Math.Max(0, r - b - tile);
                int taps = Math.Min(r, t + r - 1 - b) - j;
                float* pixels = zRow + (nint)(b - r + 1 + j) * 16;
                AddTile<TLanes>(tile, d + (nint)i * r + j, r, pixels, borderedSize * 16, rows, taps, to + b * 16);
                b += tile;
            }
        }
    }

    private static int RowsAtATime(int width) => Math.Max(1, StretchBytes / (width * 16 * sizeof(float)));

    private static int TileOf(int left) => left >= WideTile ? WideTile : left >= NarrowTile ? NarrowTile : 1;

    private static void AddTile<TLanes>(int tile, float* taps, nint tapRow, float* pixels, nint pixelRow, int rows, int count, float* to)
        where TLanes : struct, ILanes<TLanes>
    {
        if (tile == WideTile)
            AddWide<TLanes>(taps, tapRow, pixels, pixelRow, rows, count, to);
        else if (tile == NarrowTile)
            AddNarrow<TLanes>(taps, tapRow, pixels, pixelRow, rows, count, to);
        else
            AddOne<TLanes>(taps, tapRow, pixels, pixelRow, rows, count, to);
    }

    /// <summary>to[p] += sum over rows and q of taps[q] * pixels[q+p], lane by lane, for eleven p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddWide<TLanes>(float* taps, nint tapRow, float* pixels, nint pixelRow, int rows, int count, float* to)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int lane = 0; lane < 16; lane += TLanes.Count)
        {
            float* sum = to + lane;
            TLanes s0 = TLanes.Load(sum), s1 = TLanes.Load(sum + 16), s2 = TLanes.Load(sum + 32), s3 = TLanes.Load(sum + 48);
            TLanes s4 = TLanes.Load(sum + 64), s5 = TLanes.Load(sum + 80), s6 = TLanes.Load(sum + 96), s7 = TLanes.Load(sum + 112);
            TLanes s8 = TLanes.Load(sum + 128), s9 = TLanes.Load(sum + 144), s10 = TLanes.Load(sum + 160);
            for (int row = 0; row < rows; row++)
            {
                float* tap = taps + row * tapRow;
                float* p = pixels + row * pixelRow + lane;
                int q = 0;
                // Two taps at once: each pixel, once loaded, serves two neighbouring sums.
                for (; q < count - 1; q += 2, tap += 2, p += 32)
                {
                    TLanes w0 = TLanes.Broadcast(tap[0]), w1 = TLanes.Broadcast(tap[1]);
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
                if (q < count)
                {
                    var w = TLanes.Broadcast(tap[0]);
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

    /// <summary>The same for six p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddNarrow<TLanes>(float* taps, nint tapRow, float* pixels, nint pixelRow, int rows, int count, float* to)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int lane = 0; lane < 16; lane += TLanes.Count)
        {
            float* sum = to + lane;
            TLanes s0 = TLanes.Load(sum), s1 = TLanes.Load(sum + 16), s2 = TLanes.Load(sum + 32);
            TLanes s3 = TLanes.Load(sum + 48), s4 = TLanes.Load(sum + 64), s5 = TLanes.Load(sum + 80);
            for (int row = 0; row < rows; row++)
            {
                float* tap = taps + row * tapRow;
                float* p = pixels + row * pixelRow + lane;
                for (int q = 0; q < count; q++, p += 16)
                {
                    var w = TLanes.Broadcast(tap[q]);
                    s0 = TLanes.MultiplyAdd(w, TLanes.Load(p), s0);
                    s1 = TLanes.MultiplyAdd(w, TLanes.Load(p + 16), s1);
                    s2 = TLanes.MultiplyAdd(w, TLanes.Load(p + 32), s2);
                    s3 = TLanes.MultiplyAdd(w, TLanes.Load(p + 48), s3);
                    s4 = TLanes.MultiplyAdd(w, TLanes.Load(p + 64), s4);
                    s5 = TLanes.MultiplyAdd(w, TLanes.Load(p + 80), s5);
                }
            }
            s0.Store(sum);
            s1.Store(sum + 16);
            s2.Store(sum + 32);
            s3.Store(sum + 48);
            s4.Store(sum + 64);
            s5.Store(sum + 80);
        }
    }

    /// <summary>The same for one p.</summary>
    private static void AddOne<TLanes>(float* taps, nint tapRow, float* pixels, nint pixelRow, int rows, int count, float* to)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int lane = 0; lane < 16; lane += TLanes.Count)
        {
            var sum = TLanes.Load(to + lane);
            for (int row = 0; row < rows; row++)
                for (int q = 0; q < count; q++)
                    sum = TLanes.MultiplyAdd(
                        TLanes.Broadcast(taps[row * tapRow + q]), TLanes.Load(pixels + row * pixelRow + q * 16 + lane), sum);
            sum.Store(to + lane);
        }
    }
}
