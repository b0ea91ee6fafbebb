using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tracking;

/// <summary>
/// The position and size of one target. A box sets them, and the peak of each response changes them. All this is computed on the host, in
/// double precision.
/// </summary>
internal sealed class TrackedTarget
{
    // A box may be this many times as wide or high as the frame. A larger one is surely a mistake.
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

    /// <summary>Index of the scale that won in the last frame.</summary>
    internal int Scale { get; private set; }

    /// <summary>Throws if tracking cannot start with this box.</summary>
    /// <exception cref="ArgumentException">The box is not finite, has no area, lies outside the frame or is far larger than it.</exception>
    internal static void Check(in FrameView frame, BoundingBox box)
    {
        if (!box.IsValid)
            throw new ArgumentException($"a box needs finite numbers and a positive width and height, got {box}");
        if (box.X >= frame.Width || box.Y >= frame.Height || box.X + box.Width <= 0 || box.Y + box.Height <= 0)
            throw new ArgumentException($"the box {box} lies outside the {frame.Width}x{frame.Height} frame");
        if (box.Width > LargestBox * frame.Width || box.Height > LargestBox * frame.Height)
            throw new ArgumentException($"the box {box} is over {LargestBox} times as large as the {frame.Width}x{frame.Height} frame");
    }

    /// <summary>Starts with a checked box in a frame that is in the host's memory.</summary>
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

    /// <summary>The search crops at the last position, one per scale. They are valid until the next call for this target.</summary>
    internal CropPyramid SearchCrops()
    {
        CropSquare region = CropGeometry.Pyramid(center, Scaled(searchSide), definition.SearchSize, out int regionSize, levels);
        return Pyramid(region, regionSize, levels);
    }

    /// <summary>The exemplar crop at the last position. It is valid until the next call for this target.</summary>
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

        // The size follows the winning scale with damping. The search side stays within its limits.
        (Scale, scale) = (peak.Scale, scales[peak.Scale]);
        searchSide = Damp(searchSide, searchLimits);
        size = (Damp(size.Width), Damp(size.Height));
    }

    /// <summary>Lets the exemplar's side follow the winning scale. Call it after the exemplar was cut with the old side.</summary>
    internal void ResizeExemplar() => exemplarSide = Damp(exemplarSide, exemplarLimits);

    /// <summary>The result for the target at its current position.</summary>
    /// <param name="peak">The peak that the target was moved to.</param>
    /// <param name="score">The network's trained score of that peak.</param>
    internal TrackResult Report(PeakResult peak, double score)
    {
        double confidence = 1 / (1 + Math.Exp(-score));
        // Written with negations, so that a confidence of NaN counts as lost.
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
