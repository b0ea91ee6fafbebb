namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// With d = dL/dr, both gradients are sums of pixels, sixteen channels side by side, times scalars:
///   dL/dz[u,v] = sum over n,i,j of d[n,i,j] x[n,i+u,j+v],
///   dL/dx[n,a,b] = sum over i,j of d[n,i,j] z[a-i,b-j] = sum over i,j of d'[n,i,j] z[a-r+1+i,b-r+1+j],
/// where d'[i,j] = d[r-1-i,r-1-j] has both axes reversed. So one kernel computes both: out[p] += sum over rows and q of
/// taps[q] pixels[q+p], for as many neighboring p as registers hold. A copy of z has columns of zeros on both sides, as many as a tile
/// reaches past its edges. Rows and taps whose products would all be zero are skipped. A task is a row of one block of channels.
/// </summary>
internal sealed unsafe class CrossCorrelationBackwardCpu : CrossCorrelationBackward, ILanesWork
{
    // Zeros on each side of a row of z: a tile that begins or ends with it reaches that much further.
    private const int Border = CorrelationTiles.Wide - 1;

    private readonly WorkerPool workers;
    private readonly int blocks, borderedSize;
    private readonly CpuScratch memory = new();
    private readonly float* bordered;   // z [block][t][border + t + border][16]
    private readonly float* turned;     // d' [n][r][r]

    // The arguments of the current call, which its tasks share.
    private Step step;
    private float* template, search, gradient, templateGradient, searchGradient;

    internal CrossCorrelationBackwardCpu(CpuDevice device, CrossCorrelationSpec spec)
        : base(device, spec)
    {
        workers = device.Workers;
        blocks = spec.Search.Blocks;
        borderedSize = spec.TemplateSize + 2 * Border;
        long borderedLength = (long)blocks * spec.TemplateSize * borderedSize * Block.Lanes;
        bordered = memory.Reserve<float>(borderedLength + spec.Response.Count);
        turned = bordered + borderedLength;
    }

    private enum Step
    {
        Template,
        Search,
    }

    public void Run<TLanes>(int task, int worker)
        where TLanes : struct, ILanes<TLanes>
    {
        if (step == Step.Template)
            TemplateRow<TLanes>(task);
        else
            SearchRow<TLanes>(task);
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

    /// <summary>Makes z with its border, and the reversed d. They take a few hundred kilobytes at most.</summary>
    private void Prepare()
    {
        int rowFloats = Spec.TemplateSize * Block.Lanes;
        for (int row = 0; row < blocks * Spec.TemplateSize; row++)
        {
            float* to = bordered + ((nint)row * borderedSize + Border) * Block.Lanes;
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
        float* to = templateGradient + (nint)task * t * Block.Lanes;
        new Span<float>(to, t * Block.Lanes).Clear();
        for (int image = 0; image < Spec.Batch; image++)
        {
            float* x = search + (((nint)image * blocks + block) * s + u) * s * Block.Lanes;
            float* d = gradient + (nint)image * r * r;
            int rowsAtATime = RowsAtATime(s);
            for (int i = 0; i < r; i += rowsAtATime)
            {
                int rows = Math.Min(rowsAtATime, r - i);
                for (int v = 0; v < t;)
                {
                    int tile = TileOf(t - v);
                    float* pixels = x + ((nint)i * s + v) * Block.Lanes;
                    AddTile<TLanes>(tile, d + (nint)i * r, r, pixels, s * Block.Lanes, rows, r, to + v * Block.Lanes);
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
        float* to = searchGradient + (nint)task * s * Block.Lanes;
        new Span<float>(to, s * Block.Lanes).Clear();
        float* z = bordered + (nint)block * t * borderedSize * Block.Lanes;
        float* d = turned + (nint)image * r * r;
        // Row i of d' meets row a - r + 1 + i of z, which has rows 0..t-1; columns likewise.
        int end = Math.Min(r, t + r - 1 - a);
        int rowsAtATime = RowsAtATime(borderedSize);
        for (int i = Math.Max(0, r - 1 - a); i < end; i += rowsAtATime)
        {
            int rows = Math.Min(rowsAtATime, end - i);
            float* zRow = z + ((nint)(a - r + 1 + i) * borderedSize + Border) * Block.Lanes;
            for (int b = 0; b < s;)
            {
                int tile = TileOf(s - b);
                int j = Math.Max(0, r - b - tile);
                int taps = Math.Min(r, t + r - 1 - b) - j;
                float* pixels = zRow + (nint)(b - r + 1 + j) * Block.Lanes;
                AddTile<TLanes>(tile, d + (nint)i * r + j, r, pixels, borderedSize * Block.Lanes, rows, taps, to + b * Block.Lanes);
                b += tile;
            }
        }
    }

    private static int RowsAtATime(int width) => Math.Max(1, CorrelationTiles.StretchBytes / (width * Block.Lanes * sizeof(float)));

    private static int TileOf(int left) =>
        left >= CorrelationTiles.Wide ? CorrelationTiles.Wide : left >= CorrelationTiles.Narrow ? CorrelationTiles.Narrow : 1;

    private static void AddTile<TLanes>(int tile, float* taps, nint tapRow, float* pixels, nint pixelRow, int rows, int count, float* to)
        where TLanes : struct, ILanes<TLanes>
    {
        if (tile == CorrelationTiles.Wide)
            CorrelationTiles.AddWide<TLanes, ScalarTaps>(taps, tapRow, pixels, pixelRow, rows, count, to);
        else if (tile == CorrelationTiles.Narrow)
            CorrelationTiles.AddNarrow<TLanes, ScalarTaps>(taps, tapRow, pixels, pixelRow, rows, count, to);
        else
            CorrelationTiles.AddOne<TLanes, ScalarTaps>(taps, tapRow, pixels, pixelRow, rows, count, to);
    }
}
