namespace SiamIlgpu.Kernels.Gpu;

/// <summary>Which kernel computes a convolution, in how many groups of threads.</summary>
/// <param name="Tile">The last part of the kernel's name.</param>
/// <param name="Groups">Groups of threads.</param>
/// <param name="Parts">Parts that each sum is split into, for layers with too few pixels to fill the device.</param>
internal readonly record struct ConvolutionSchedule(string Tile, GridSize Groups, int Parts)
{
    // A unit with fewer threads than this takes the same time as with this many. A part with fewer steps than this does not pay.
    private const int ThreadsPerUnit = 256;
    private const int FewestSteps = 8;
    private const int MostParts = 8;

    // The sums of the filters' gradient run over all pixels of all images. They are few and long; longer ones than this lose digits.
    private const int MostGradientParts = 64;
    private const int MostGradientSteps = 256;

    // Floats of partial sums that a unit writes, or reads back, in the time that one thread takes for a step. With tensor cores a
    // step takes a tenth of the time.
    private const double PartialSums = 20;
    private const double TensorCorePartialSums = 2;

    // The kernels: size, pixels x channels of a thread, and what each reaches of the peak next to the best of its kind. The shares
    // are estimates: no GPU has measured them yet.
    private static readonly (string Name, int Channels, int Pixels, int PerThread, double Speed)[] Tiles =
    [
        ("128x128", Tile128X128.Channels, Tile128X128.Pixels, 64, 1),
        ("64x64", Tile64X64.Channels, Tile64X64.Pixels, 64, 0.9),
        ("32x128", Tile32X128.Channels, Tile32X128.Pixels, 64, 0.8),
        ("16x256", Tile16X256.Channels, Tile16X256.Pixels, 64, 0.6),
    ];

    private static readonly (string Name, int Channels, int Pixels, int PerThread, double Speed)[] TensorCoreTiles =
    [
        ("Tf32.128x128", Tile128X128.Channels, Tile128X128.Pixels, 32, 1),
        ("Tf32.64x64", Tile64X64.Channels, Tile64X64.Pixels, 32, 0.9),
    ];

    /// <summary>The schedule of a convolution with the shortest estimated time.</summary>
    internal static ConvolutionSchedule For(GpuDevice device, in ConvolutionSpec spec, in FilterLayout filters)
    {
        int pixels = checked(spec.Batch * spec.MapHeight * spec.MapWidth);
        if (device.LikeProcessor)
        {
            var groups = new GridSize(
                pixels.DivideUp(ConvolutionArguments.ProcessorPixels), filters.Groups * filters.GroupLanes / Block.Lanes);
            return new("Processor", groups, 1);
        }
        int mostParts = Math.Clamp(filters.Steps / FewestSteps, 1, MostParts);
        return device.Math == ConvolutionMath.Tf32
            ? Fastest(device, TensorCoreTiles, pixels, filters, filters.Steps, 1, mostParts, TensorCorePartialSums)
            : Fastest(device, Tiles, pixels, filters, filters.Steps, 1, mostParts, PartialSums);
    }

    /// <summary>
    /// The schedule of the filters' gradient, which has products in the place of pixels, and steps of pixels in the place of the filters'
    /// steps.
    /// </summary>
    internal static ConvolutionSchedule ForFilterGradient(GpuDevice device, in FilterLayout filters, int steps)
    {
        int leastParts = (steps - 1) / MostGradientSteps + 1;
        int mostParts = Math.Clamp(steps / FewestSteps, leastParts, Math.Max(leastParts, MostGradientParts));
        return Fastest(device, Tiles, filters.Order.Products, filters, steps, leastParts, mostParts, PartialSums);
    }

    private static ConvolutionSchedule Fastest(
        GpuDevice device, (string Name, int Channels, int Pixels, int PerThread, double Speed)[] tiles, int pixels, in FilterLayout filters,
        int steps, int leastParts, int mostParts, double partialSums)
    {
        var best = default(ConvolutionSchedule);
        double least = double.PositiveInfinity;
        foreach ((string name, int channels, int tilePixels, int perThread, double speed) in tiles)
        {
            int x = pixels.DivideUp(tilePixels);
            int y = filters.Groups * filters.GroupLanes.DivideUp(channels);
            int threads = channels * tilePixels / perThread;
            for (int parts = leastParts; parts <= mostParts; parts++)
            {
                // The unit with the most groups decides. The unit of time: one thread, one step.
                double onBusiest = Math.Ceiling((double)x * y * parts / device.ComputeUnits) * threads;
                double time = Math.Max(onBusiest, ThreadsPerUnit) * Math.Ceiling((double)steps / parts) / speed;
                if (parts > 1)
                    time += (double)pixels * filters.Groups * filters.GroupChannels * (parts + 1) / device.ComputeUnits / partialSums;
                if (time < least)
                    (least, best) = (time, new(name, new GridSize(x, y, parts), parts));
            }
        }
        return best;
    }
}
