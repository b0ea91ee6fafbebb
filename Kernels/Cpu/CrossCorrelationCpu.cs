namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// A task is one row of one response. A tile sums eleven neighboring responses (33 = 3 x 11), for the sixteen channels of a block side by
/// side: a template vector in a register serves eleven products, a search vector two. As many search rows as fit into the first-level
/// cache together with their template rows are used for all tiles of the row, before the next rows are. Meanwhile the sums are in
/// scratch memory. The lanes of a sum are added at the very end.
/// </summary>
internal sealed unsafe class CrossCorrelationCpu : CrossCorrelation, ILanesWork
{
    private const int Tile = CorrelationTiles.Wide;

    private readonly WorkerPool workers;
    private readonly CpuScratch sumsMemory = new();
    private readonly int blocks;
    private readonly int tiles;
    private readonly int rowsAtATime;
    private readonly float* sums;

    // The arguments of the current call, which its tasks share.
    private float* template, search, response;

    internal CrossCorrelationCpu(CpuDevice device, CrossCorrelationSpec spec)
        : base(device, spec)
    {
        workers = device.Workers;
        blocks = spec.Search.Blocks;
        // The last tile is shifted so that it ends with the row. The responses of a row that is shorter than a tile are summed one by one.
        tiles = spec.ResponseSize < Tile ? spec.ResponseSize : spec.ResponseSize.DivideUp(Tile);
        int rowBytes = (spec.SearchSize + spec.TemplateSize) * Block.Lanes * sizeof(float);
        rowsAtATime = Math.Clamp(CorrelationTiles.StretchBytes / rowBytes, 1, spec.TemplateSize);
        sums = sumsMemory.Reserve<float>((long)workers.Threads * tiles * Tile * Block.Lanes);
    }

    public void Run<TLanes>(int task, int worker)
        where TLanes : struct, ILanes<TLanes>
    {
        (int image, int row) = Math.DivRem(task, Spec.ResponseSize);
        Row<TLanes>(image, row, sums + (nint)worker * tiles * Tile * Block.Lanes);
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
        new Span<float>(tileSums, tiles * Tile * Block.Lanes).Clear();
        for (int block = 0; block < blocks; block++)
        {
            float* z = template + (nint)block * t * t * Block.Lanes;
            float* x = search + (((nint)image * blocks + block) * s + row) * s * Block.Lanes;
            for (int u = 0; u < t; u += rowsAtATime)
            {
                int rows = Math.Min(rowsAtATime, t - u);
                for (int tile = 0; tile < tiles; tile++)
                {
                    float* taps = z + (nint)u * t * Block.Lanes;
                    float* from = x + ((nint)u * s + Start(tile)) * Block.Lanes;
                    float* to = tileSums + (nint)tile * Tile * Block.Lanes;
                    if (whole)
                        CorrelationTiles.AddWide<TLanes, ChannelTaps>(taps, t * Block.Lanes, from, s * Block.Lanes, rows, t, to);
                    else
                        CorrelationTiles.AddOne<TLanes, ChannelTaps>(taps, t * Block.Lanes, from, s * Block.Lanes, rows, t, to);
                }
            }
        }
        float* responses = response + ((nint)image * r + row) * r;
        for (int tile = 0; tile < tiles; tile++)
        {
            for (int p = 0; p < (whole ? Tile : 1); p++)
            {
                float* lanes = tileSums + ((nint)tile * Tile + p) * Block.Lanes;
                TLanes sum = default;
                for (int lane = 0; lane < Block.Lanes; lane += TLanes.Count)
                    sum += TLanes.Load(lanes + lane);
                responses[Start(tile) + p] = Spec.Gain * TLanes.Sum(sum) + Spec.Bias;
            }
        }
    }

    /// <summary>The first response of a tile.</summary>
    private int Start(int tile) => Spec.ResponseSize < Tile ? tile : Math.Min(tile * Tile, Spec.ResponseSize - Tile);
}
