using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tracking;

/// <summary>One target's place and size: set from a box, moved by the peak of its response. Host arithmetic in double.</summary>
internal sealed class TrackedTarget
{
    // How far beyond the frame's own size a target's box may reach: more is a slip, not a target.
    private const double LargestBox = 16;

    private readonly NetworkDefinition definition;
    private readonly TrackerOptions options;
    private readonly double[] scales;
    private readonly double[] sides;
    private readonly CropSquare[] levels;

    private RgbColor padding;
    private (double X, double Y) center;
    private (double Width, double Height) size;
    private (double Min, double Max) exemplarLimits;
    private (double Min, double Max) searchLimits;
    private double exemplarSide;
    private double searchSide;
    private double scale;
    private bool lost;

    internal TrackedTarget(NetworkDefinition definition, TrackerOptions options)
    {
        this.definition = definition;
        this.options = options;
        scales = [.. Enumerable.Range(0, options.Scales).Select(i => Math.Pow(options.ScaleStep, i - options.Scales / 2))];
        sides = new double[options.Scales];
        levels = new CropSquare[options.Scales];
    }

    /// <summary>The last box.</summary>
    internal BoundingBox Box => new(center.X - size.Width / 2, center.Y - size.Height / 2, size.Width, size.Height);

    /// <summary>The scale that won in the last frame.</summary>
    internal int Scale { get; private set; }

    /// <summary>Throws unless a target can be initialized with this box.</summary>
    /// <exception cref="ArgumentException">The box is not finite, has no area, lies outside the frame or dwarfs it.</exception>
    internal static void Check(in FrameView frame, BoundingBox box)
    {
        if (!box.IsValid)
            throw new ArgumentException($"a box needs finite numbers and a positive width and height, got {box}");
        if (box.X >= frame.Width || box.Y >= frame.Height || box.X + box.Width <= 0 || box.Y + box.Height <= 0)
            throw new ArgumentException($"the box {box} lies outside the {frame.Width}x{frame.Height} frame");
        if (box.Width > LargestBox * frame.Width || box.Height > LargestBox * frame.Height)
            throw new ArgumentException($"the box {box} is more than {LargestBox} times the {frame.Width}x{frame.Height} frame");
    }

    /// <summary>Begins with a checked box in a frame in the host's memory.</summary>
    internal void Initialize(in FrameView frame, BoundingBox box)
    {
        padding = RgbColor.MeanOf(frame);
        center = box.Center;
        size = (box.Width, box.Height);
        exemplarSide = CropGeometry.ContextSide(box.Width, box.Height, options.Context);
        searchSide = exemplarSide * definition.SearchSize / definition.ExemplarSize;
        exemplarLimits = (options.SizeLimits.Min * exemplarSide, options.SizeLimits.Max * exemplarSide);
        searchLimits = (options.SizeLimits.Min * searchSide, options.SizeLimits.Max * searchSide);
        (Scale, scale) = (options.Scales / 2, 1);
        lost = false;
    }

    /// <summary>The search crops at the last position, one a scale. Valid until the next call for this target.</summary>
    internal CropPyramid SearchCrops()
    {
        CropSquare region = CropGeometry.Pyramid(center, Scaled(searchSide), definition.SearchSize, out int regionSize, levels);
        return Pyramid(region, regionSize, levels);
    }

    /// <summary>The exemplar crop at the last position. Valid until the next call for this target.</summary>
    internal CropPyramid ExemplarCrop()
    {
        if (options.Conventions == TrackerConventions.SiamFc)
        {
            CropSquare square = CropGeometry.Single(center, exemplarSide, definition.ExemplarSize, out int size, levels);
            return Pyramid(square, size, levels.AsSpan(0, 1));
        }
        CropSquare region = CropGeometry.Pyramid(center, Scaled(exemplarSide), definition.ExemplarSize, out int regionSize, levels);
        return Pyramid(region, regionSize, levels.AsSpan(levels.Length / 2, 1));
    }

    /// <summary>Moves to the peak of the search crops' response.</summary>
    /// <param name="peak">The peak.</param>
    /// <param name="mapSize">Rows and columns of the map that it was found in.</param>
    internal void Move(PeakResult peak, int mapSize)
    {
        // Position: from cells of the upsampled map to pixels of the frame.
        center.X += Displacement(peak.Column, mapSize);
        center.Y += Displacement(peak.Row, mapSize);

        // Size, damped; the search side within limits.
        (Scale, scale) = (peak.Scale, scales[peak.Scale]);
        searchSide = Damp(searchSide, searchLimits);
        size = (Damp(size.Width), Damp(size.Height));
    }

    /// <summary>The exemplar side follows once the template was cut with the old one.</summary>
    internal void ResizeExemplar() => exemplarSide = Damp(exemplarSide, exemplarLimits);

    /// <summary>What is to be said about the target where it is now.</summary>
    /// <param name="peak">The peak that it was moved to.</param>
    /// <param name="score">The network's trained score of that peak.</param>
    internal TrackResult Report(PeakResult peak, double score)
    {
        double confidence = 1 / (1 + Math.Exp(-score));
        lost = lost ? !(confidence > options.LostThresholds.Above) : !(confidence >= options.LostThresholds.Below);
        return new TrackResult(Box, confidence, lost, peak.Response, peak.PeakToSidelobe);
    }

    private CropPyramid Pyramid(CropSquare region, int regionSize, ReadOnlySpan<CropSquare> wanted) =>
        new() { Region = region, RegionSize = regionSize, Levels = wanted, Padding = padding };

    private ReadOnlySpan<double> Scaled(double side)
    {
        for (int i = 0; i < scales.Length; i++)
            sides[i] = side * scales[i];
        return sides;
    }

    private double Displacement(int peak, int mapSize) => CropGeometry.Displacement(
        peak, mapSize, definition.Stride, options.Upsampling, searchSide, definition.SearchSize, options.Conventions);

    private double Damp(double value) => (1 - options.ScaleRate) * value + options.ScaleRate * value * scale;

    private double Damp(double value, (double Min, double Max) limits) => Math.Clamp(Damp(value), limits.Min, limits.Max);
}
