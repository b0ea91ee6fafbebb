namespace SiamIlgpu.Kernels.Cpu;

internal sealed unsafe class CropResizeCpu : CropResize, IParallelWork
{
    private const int RowsAtATime = SquareResampler.RowsAtATime;

    private readonly WorkerPool workers;
    private readonly SquareResampler region = new();
    private readonly SquareResampler[] levels;
    private readonly CpuScratch regionMemory = new();
    private readonly CpuScratch scratchMemory = new();
    private readonly int groupsPerLevel;

    // The arguments of the current call, which its tasks share.
    private PixelRows<byte> frameRows;
    private PixelRows<float> regionRows;
    private CropBounds needed;
    private float* scratch;
    private long scratchPerWorker;
    private float* output;
    private bool cuttingRegion;

    internal CropResizeCpu(CpuDevice device, CropResizeSpec spec)
        : base(device, spec)
    {
        workers = device.Workers;
        levels = new SquareResampler[spec.Levels];
        for (int i = 0; i < levels.Length; i++)
            levels[i] = new SquareResampler();
        groupsPerLevel = spec.Size.DivideUp(RowsAtATime);
    }

    public void Run(int task, int worker)
    {
        float* mine = scratch + worker * scratchPerWorker;
        if (cuttingRegion)
        {
            int row = task * RowsAtATime;
            region.Resample(
                frameRows, needed.Top + row, Math.Min(RowsAtATime, needed.Height - row), needed.Left, needed.Width,
                regionRows.At(needed.Top + row, needed.Left), regionRows.Stride, mine);
        }
        else
        {
            (int level, int group) = Math.DivRem(task, groupsPerLevel);
            int row = group * RowsAtATime;
            nint stride = (nint)Spec.Size * 3;
            levels[level].Resample(
                regionRows, row, Math.Min(RowsAtATime, Spec.Size - row), 0, Spec.Size,
                output + ((nint)level * Spec.Size + row) * stride, stride, mine);
        }
    }

    protected override void ForwardCore(in FrameView frame, in CropPyramid pyramid, TensorView crops)
    {
        int regionSize = pyramid.RegionSize;
        needed = CropBounds.Of(pyramid.Levels, regionSize);
        region.Prepare(pyramid.Region, regionSize, frame.Width, frame.Height, pyramid.Padding);
        scratchPerWorker = region.ScratchLength(frame.BytesPerPixel);
        for (int i = 0; i < levels.Length; i++)
        {
            levels[i].Prepare(pyramid.Levels[i], Spec.Size, regionSize, regionSize, pyramid.Padding);
            scratchPerWorker = Math.Max(scratchPerWorker, levels[i].ScratchLength(3));
        }
        scratch = scratchMemory.Reserve<float>(scratchPerWorker * workers.Threads);

        // Only the needed part of the region is stored. The pointer is shifted so that rows and columns count from the region's own corner.
        float* stored = regionMemory.Reserve<float>(3L * needed.Width * needed.Height);
        nint regionStride = 3 * (nint)needed.Width;
        nint origin = (nint)(stored - needed.Top * regionStride - 3 * needed.Left);
        regionRows = new PixelRows<float>(origin, regionStride, 3, BlueFirst: false);
        output = crops.Pointer();
        fixed (byte* pixels = frame.Pixels)
        {
            bool blueFirst = frame.ChannelOffsets.Blue < frame.ChannelOffsets.Red;
            frameRows = new PixelRows<byte>((nint)pixels, frame.StrideBytes, frame.BytesPerPixel, blueFirst);
            cuttingRegion = true;
            workers.Run(this, needed.Height.DivideUp(RowsAtATime));
            frameRows = default;
        }
        cuttingRegion = false;
        workers.Run(this, levels.Length * groupsPerLevel);
    }

    protected override void Dispose(bool disposing)
    {
        region.Dispose();
        foreach (SquareResampler level in levels)
            level.Dispose();
        regionMemory.Dispose();
        scratchMemory.Dispose();
    }
}
