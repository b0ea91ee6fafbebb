namespace SiamIlgpu.Evaluation;

/// <summary>One figure of an evaluation.</summary>
/// <example>
/// <code>
/// foreach (Metric metric in report.Trackers[0].Metrics)
///     Console.WriteLine($"{metric.Key}: {metric}");        // for example "auc: 0.588"
/// </code>
/// </example>
/// <param name="Key">Its name in JSON and CSV files.</param>
/// <param name="Title">Its name for people; empty when tables leave it out.</param>
/// <param name="Value">The value; NaN when it is not known.</param>
/// <param name="Decimals">Digits after the point in a table.</param>
public readonly record struct Metric(string Key, string Title, double Value, int Decimals = 3)
{
    /// <summary>The value for people; a dash when it is not known.</summary>
    public override string ToString() => Format(Value, Decimals);

    /// <summary>A number for people; a dash when it is not known.</summary>
    internal static string Format(double value, int decimals) =>
        double.IsFinite(value) ? value.ToString($"F{decimals}", System.Globalization.CultureInfo.InvariantCulture) : "\u2013";

    /// <summary>
    /// All figures of a set of runs, in the order of tables and files: first those of the protocol, then those that every protocol has.
    /// </summary>
    /// <param name="protocol">The rules.</param>
    /// <param name="scores">The runs' scores.</param>
    /// <param name="timing">How long the runs took; null when it is not known.</param>
    /// <param name="expectedOverlap">VOT's EAO; NaN where it is not defined, for example for one sequence alone.</param>
    internal static IReadOnlyList<Metric> Of(Protocol protocol, RunScores scores, RunTiming? timing, double expectedOverlap) =>
    [
        .. OfProtocol(protocol, scores, expectedOverlap),
        new("auc", "AUC", scores.Curves.Auc),
        new("precision20", "precision 20 px", scores.Curves.Precision20),
        new("normalizedPrecision", "normalized precision", scores.Curves.NormalizedPrecisionAuc),
        new("meanIou", "mean IoU", scores.Curves.MeanIou),
        new("frames", "frames", scores.Curves.Frames, 0),
        new("fps", "frames/s", timing?.FramesPerSecond ?? double.NaN, 1),
        new("fpsWithDecoding", "", timing?.FramesPerSecondWithDecoding ?? double.NaN, 1),
    ];

    private static IEnumerable<Metric> OfProtocol(Protocol protocol, RunScores scores, double expectedOverlap)
    {
        switch (protocol)
        {
            case Protocol.Got10k:
                var got10k = Got10kScore.Of(scores.Overlaps);
                return [new("ao", "AO", got10k.AverageOverlap), new("sr50", "SR 0.5", got10k.SuccessRate50), new("sr75", "SR 0.75", got10k.SuccessRate75)];
            case Protocol.Vot:
                var vot = VotScore.Of(scores.VotRuns);
                return
                [
                    new("accuracy", "accuracy", vot.Accuracy),
                    new("failures", "failures", vot.Failures, 0),
                    new("robustness", "failures in 100 frames", vot.Robustness, 2),
                    new("eao", "EAO", expectedOverlap),
                ];
            case Protocol.CfNet:
                return [new("cfnetOverlap", "CFNet overlap", CfNetScore.Of(scores.Overlaps).Overlap)];
            default:
                return [];
        }
    }
}
