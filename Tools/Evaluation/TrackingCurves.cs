namespace SiamIlgpu.Evaluation;

/// <summary>
/// The curves of OTB (Wu, Lim and Yang, "Object Tracking Benchmark", PAMI 2015) and the normalized precision of TrackingNet and
/// LaSOT, with the numbers read off them. Immutable.
/// </summary>
public sealed class TrackingCurves
{
    private const int PrecisionPixels = 20;

    private TrackingCurves(int frames, double meanIou, double[] success, double[] precision, double[] normalizedPrecision)
    {
        Frames = frames;
        MeanIou = meanIou;
        Success = success;
        Precision = precision;
        NormalizedPrecision = normalizedPrecision;
    }

    /// <summary>IoU thresholds of <see cref="Success"/>: 0, 0.05, ..., 1.</summary>
    public static IReadOnlyList<double> SuccessThresholds { get; } = [.. Enumerable.Range(0, 21).Select(i => i / 20.0)];

    /// <summary>Pixel thresholds of <see cref="Precision"/>: 0, 1, ..., 50.</summary>
    public static IReadOnlyList<double> PrecisionThresholds { get; } = [.. Enumerable.Range(0, 51).Select(i => (double)i)];

    /// <summary>Thresholds of <see cref="NormalizedPrecision"/>, in sizes of the target: 0, 0.01, ..., 0.5.</summary>
    public static IReadOnlyList<double> NormalizedThresholds { get; } = [.. Enumerable.Range(0, 51).Select(i => i / 100.0)];

    /// <summary>Frames that count.</summary>
    public int Frames { get; }

    /// <summary>Mean intersection over union; NaN without a frame, as all other numbers are then.</summary>
    public double MeanIou { get; }

    /// <summary>For each threshold the share of frames whose IoU is greater.</summary>
    public IReadOnlyList<double> Success { get; }

    /// <summary>For each threshold the share of frames whose centers lie at most that many pixels apart.</summary>
    public IReadOnlyList<double> Precision { get; }

    /// <summary>The same with distances in widths and heights of the target.</summary>
    public IReadOnlyList<double> NormalizedPrecision { get; }

    /// <summary>Area under the success curve: its mean.</summary>
    public double Auc => Success.Average();

    /// <summary>Precision at 20 pixels.</summary>
    public double Precision20 => Precision[PrecisionPixels];

    /// <summary>Area under the normalized precision curve: its mean.</summary>
    public double NormalizedPrecisionAuc => NormalizedPrecision.Average();

    /// <summary>The curves of frames, each of which counts once: those of one run, or of all runs on one sequence.</summary>
    public static TrackingCurves Of(IReadOnlyCollection<FrameFit> fits) => new(
        fits.Count,
        fits.Count == 0 ? double.NaN : fits.Average(f => f.Iou),
        [.. SuccessThresholds.Select(t => Share(fits, f => f.Iou > t))],
        [.. PrecisionThresholds.Select(t => Share(fits, f => f.CenterError <= t))],
        [.. NormalizedThresholds.Select(t => Share(fits, f => f.NormalizedCenterError <= t))]);

    /// <summary>
    /// The curves of a data set, as OTB has them: the means of its sequences', each of which counts once, however long it is.
    /// Sequences without a frame that counts are left out.
    /// </summary>
    public static TrackingCurves Mean(IEnumerable<TrackingCurves> sequences)
    {
        TrackingCurves[] all = [.. sequences.Where(s => s.Frames > 0)];
        if (all.Length == 0)
            return Of([]);
        return new TrackingCurves(
            all.Sum(s => s.Frames), all.Average(s => s.MeanIou), MeanOf(s => s.Success), MeanOf(s => s.Precision), MeanOf(s => s.NormalizedPrecision));

        double[] MeanOf(Func<TrackingCurves, IReadOnlyList<double>> curve) =>
            [.. Enumerable.Range(0, curve(all[0]).Count).Select(i => all.Average(s => curve(s)[i]))];
    }

    private static double Share(IReadOnlyCollection<FrameFit> fits, Func<FrameFit, bool> good) =>
        fits.Count == 0 ? double.NaN : fits.Count(good) / (double)fits.Count;
}
