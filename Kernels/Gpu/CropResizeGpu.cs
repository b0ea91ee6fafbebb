using SiamIlgpu.Kernels.Cpu;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>
/// One upload: the jobs, the tap tables, which the host computes in double, and, unless the frame is on the device already, the part
/// of it that the region covers. Then four launches: the region down its columns and along its rows, and all levels likewise.
/// </summary>
internal sealed unsafe class CropResizeGpu : CropResize
{
    private readonly GpuDevice device;
    private readonly GpuKernel downBytes, downFloats, along;
    private readonly Square region = new();
    private readonly Square[] levels;
    private readonly GpuFence uploaded;
    private PinnedMemory? staging;
    private GpuBuffer? staged, cut, middle;

    internal CropResizeGpu(GpuDevice device, CropResizeSpec spec)
        : base(device, spec)
    {
        this.device = device;
        downBytes = device.Load("CropResize.DownBytes");
        downFloats = device.Load("CropResize.DownFloats");
        along = device.Load("CropResize.Along");
        levels = new Square[spec.Levels];
        for (int i = 0; i < levels.Length; i++)
            levels[i] = new Square();
        uploaded = device.Driver.CreateFence();
    }

    protected override void ForwardCore(in FrameView frame, in CropPyramid pyramid, TensorView crops)
    {
        int size = Spec.Size, regionSize = pyramid.RegionSize;
        CropBounds needed = CropBounds.Of(pyramid.Levels, regionSize);
        region.Prepare(pyramid.Region, regionSize, frame.Width, frame.Height);
        int bytes = frame.BytesPerPixel;
        // Of a frame of the host's the region's pixels alone are on the device, rows close together.
        var there = frame.OnDevice as GpuFrame;
        int rowBytes = there is null ? region.KnownWidth * bytes : there.StrideBytes;
        int firstPixel = there is null ? 0 : checked(region.KnownY * rowBytes + region.KnownX * bytes);

        // What goes up, in words of four bytes: jobs, tap tables, pixels.
        int words = (1 + levels.Length) * CropResizeJob.Length + Words(region.Down, needed.Height) + Words(region.Along, needed.Width);
        int levelColumns = 0, mostColumns = 0;
        for (int i = 0; i < levels.Length; i++)
        {
            levels[i].Prepare(pyramid.Levels[i], size, regionSize, regionSize);
            words += Words(levels[i].Down, size) + Words(levels[i].Along, size);
            levelColumns += levels[i].KnownWidth;
            mostColumns = Math.Max(mostColumns, levels[i].KnownWidth);
        }
        long tableBytes = (long)words * sizeof(int);
        long total = there is null ? tableBytes + (long)rowBytes * region.KnownHeight : tableBytes;
        Reserve(total, 3L * needed.Width * needed.Height, 3L * Math.Max((long)needed.Height * region.KnownWidth, (long)size * levelColumns));

        var tables = new TableWriter((int*)staging!.Pointer, 1 + levels.Length);
        tables.Add(new CropResizeJob
        {
            Source = firstPixel,
            Columns = region.KnownWidth,
            Rows = needed.Height,
            OutColumns = needed.Width,
            OutStep = needed.Width * 3,
            Down = tables.Add(region.Down, needed.Top, needed.Height),
            Along = tables.Add(region.Along, needed.Left, needed.Width),
        });
        int columnsBefore = 0;
        for (int i = 0; i < levels.Length; i++)
        {
            Square level = levels[i];
            tables.Add(new CropResizeJob
            {
                Source = level.KnownWidth == 0 ? 0 : ((level.KnownY - needed.Top) * needed.Width + level.KnownX - needed.Left) * 3,
                Columns = level.KnownWidth,
                Rows = size,
                Middle = 3 * size * columnsBefore,
                OutColumns = size,
                Out = i * size * size * 3,
                OutStep = size * 3,
                Down = tables.Add(level.Down, 0, size),
                Along = tables.Add(level.Along, 0, size),
            });
            columnsBefore += level.KnownWidth;
        }
        byte* to = staging.Pointer + tableBytes;
        // A region left or right of the frame shares its rows but no columns.
        for (int y = 0; there is null && y < region.KnownHeight && rowBytes > 0; y++, to += rowBytes)
            frame.Row(region.KnownY + y).Slice(region.KnownX * bytes, rowBytes).CopyTo(new Span<byte>(to, rowBytes));
        device.Driver.Upload(staging.Pointer, staged!.Memory, 0, total);
        uploaded.Set();

        (int red, int green, int blue) = frame.ChannelOffsets;
        var arguments = new CropResizeArguments
        {
            RowStep = rowBytes,
            PixelStep = bytes,
            Red = red,
            Green = green,
            Blue = blue,
            PadRed = pyramid.Padding.Red,
            PadGreen = pyramid.Padding.Green,
            PadBlue = pyramid.Padding.Blue,
        };
        GpuView table = new(staged.Memory, 0, words), pixels = there?.Pixels ?? new(staged.Memory, tableBytes, total - tableBytes);
        downBytes.LaunchOver(needed.Height * region.KnownWidth, [pixels, table, table, middle!.All], arguments);
        along.LaunchOver(needed.Height * needed.Width, [middle.All, table, table, cut!.All], arguments);
        arguments = arguments with { FirstJob = 1, RowStep = needed.Width * 3, PixelStep = 3, Red = 0, Green = 1, Blue = 2 };
        downFloats.LaunchOver(size * mostColumns, [cut.All, table, table, middle.All], arguments, levels.Length);
        along.LaunchOver(size * size, [middle.All, table, table, crops.OnGpu(alignment: 1)], arguments, levels.Length);
    }

    protected override void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        region.Dispose();
        foreach (Square level in levels)
            level.Dispose();
        uploaded.Dispose();
        staging?.Dispose();
        staged?.Dispose();
        cut?.Dispose();
        middle?.Dispose();
    }

    private static int Words(BicubicTaps taps, int count) => checked(count * (taps.Count + 2));

    /// <summary>
    /// Room for the upload, the region and the scratch. Before the staging memory is filled anew, the last upload must be over.
    /// </summary>
    private void Reserve(long bytes, long cutLength, long middleLength)
    {
        uploaded.Wait();
        if (staging is null || staging.Length < bytes)
        {
            staging?.Dispose();
            staging = null;
            staging = device.Driver.AllocatePinned(bytes + bytes / 4);
        }
        Grow(ref staged, (bytes + sizeof(float) - 1) / sizeof(float));
        Grow(ref cut, cutLength);
        Grow(ref middle, middleLength);
    }

    private void Grow(ref GpuBuffer? buffer, long length)
    {
        if (buffer is not null && buffer.Length >= length)
            return;
        buffer?.Dispose();
        buffer = null;
        buffer = new GpuBuffer(device, length + length / 4);
    }

    /// <summary>A square to be resized: its part inside the image, and the taps for it.</summary>
    private sealed class Square : IDisposable
    {
        internal int KnownX { get; private set; }

        internal int KnownY { get; private set; }

        internal int KnownWidth { get; private set; }

        internal int KnownHeight { get; private set; }

        internal BicubicTaps Down { get; } = new();

        internal BicubicTaps Along { get; } = new();

        public void Dispose()
        {
            Down.Dispose();
            Along.Dispose();
        }

        internal void Prepare(CropSquare square, int outSize, int imageWidth, int imageHeight)
        {
            (KnownX, KnownWidth) = CropSquare.Overlap(square.X, square.Side, imageWidth);
            (KnownY, KnownHeight) = CropSquare.Overlap(square.Y, square.Side, imageHeight);
            Along.Compute(square.Side, outSize, KnownX - square.X, KnownWidth);
            Down.Compute(square.Side, outSize, KnownY - square.Y, KnownHeight);
        }
    }

    /// <summary>Writes jobs, and behind them tap tables.</summary>
    private struct TableWriter(int* words, int jobs)
    {
        private int job;
        private int next = jobs * CropResizeJob.Length;

        internal void Add(CropResizeJob description) => ((CropResizeJob*)words)[job++] = description;

        /// <summary>The table of results first .. first + count.</summary>
        internal CropResizeJob.TapTable Add(BicubicTaps taps, int first, int count)
        {
            var table = new CropResizeJob.TapTable(taps.Count, next, next + count, next + count + count * taps.Count);
            new ReadOnlySpan<int>(taps.First + first, count).CopyTo(new Span<int>(words + table.First, count));
            new ReadOnlySpan<float>(taps.Weights + (long)first * taps.Count, count * taps.Count)
                .CopyTo(new Span<float>(words + table.Weights, count * taps.Count));
            new ReadOnlySpan<float>(taps.Outside + first, count).CopyTo(new Span<float>(words + table.Outside, count));
            next = table.Outside + count;
            return table;
        }
    }
}
