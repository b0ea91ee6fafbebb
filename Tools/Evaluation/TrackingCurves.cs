namespace SiamIlgpu.Evaluation;

/// <summary>
/// OTB's curves (Wu, Lim and Yang, "Object Tracking Benchmark", PAMI 2015) and the normalized precision of TrackingNet and LaSOT, with the
/// scores that are computed from these curves. Immutable.
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

    /// <summary>Number of frames that count.</summary>
    public int Frames { get; }

    /// <summary>Mean intersection over union. Like all other values, it is NaN when there are no frames.</summary>
    public double MeanIou { get; }

    /// <summary>For each threshold the share of frames whose IoU is greater.</summary>
    public IReadOnlyList<double> Success { get; }

    /// <summary>For each threshold the share of frames whose centers lie at most that many pixels apart.</summary>
    public IReadOnlyList<double> Precision { get; }

    /// <summary>
    /// For each threshold the share of frames whose centers lie at most that far apart, in widths and heights of the target.
    /// </summary>
    public IReadOnlyList<double> NormalizedPrecision { get; }

    /// <summary>Area under the success curve, computed as its mean.</summary>
    public double Auc => Success.Average();

    /// <summary>Precision at 20 pixels.</summary>
    public double Precision20 => Precision[PrecisionPixels];

    /// <summary>Area under the normalized precision curve, computed as its mean.</summary>
    public double NormalizedPrecisionAuc => NormalizedPrecision.Average();

    /// <summary>The curves of a list of frames, from one run or from all runs on one sequence. Each frame counts once.</summary>
    public static TrackingCurves Of(IReadOnlyCollection<FrameFit> fits) => new(
        fits.Count,
        fits.Count == 0 ? double.NaN : fits.Average(f => f.Iou),
        [.. SuccessThresholds.Select(t => Share(fits, f => f.Iou > t))],
        [.. PrecisionThresholds.Select(t => Share(fits, f => f.CenterError <= t))],
        [.. NormalizedThresholds.Select(t => Share(fits, f => f.NormalizedCenterError <= t))]);

    /// <summary>
    /// The curves of a data set, as OTB defines them: the means of the sequences' curves. Each sequence counts once, regardless of its
    /// length. Sequences that have no frame that counts are left out.
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
