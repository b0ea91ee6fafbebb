using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Evaluation;

/// <summary>The figures of a tracker on one sequence.</summary>
/// <param name="Name">The name of the sequence.</param>
/// <param name="Curves">Success and precision over the sequence's frames.</param>
/// <param name="Metrics">All figures, in the order of tables and files.</param>
public sealed record SequenceFigures(string Name, TrackingCurves Curves, IReadOnlyList<Metric> Metrics)
{
    /// <summary>The figure by which trackers are compared: the first one of the protocol, or AUC if it has none of its own.</summary>
    public Metric Score => Metrics[0];
}

/// <summary>The figures of a tracker on all sequences.</summary>
/// <param name="Name">The name of the tracker.</param>
/// <param name="Curves">Means over sequences. Each sequence counts once.</param>
/// <param name="Metrics">All figures, in the order of tables and files.</param>
/// <param name="ExpectedOverlap">VOT's expected overlap for the lengths 1, 2, ...; null for other protocols.</param>
/// <param name="Sequences">The sequences, in order.</param>
public sealed record TrackerFigures(
    string Name,
    TrackingCurves Curves,
    IReadOnlyList<Metric> Metrics,
    IReadOnlyList<double>? ExpectedOverlap,
    IReadOnlyList<SequenceFigures> Sequences)
{
    /// <inheritdoc cref="SequenceFigures.Score"/>
    public Metric Score => Metrics[0];

    /// <summary>A figure by its name in files.</summary>
    /// <param name="key">The name, such as auc, meanIou, ao or eao.</param>
    /// <returns>The figure; NaN when it is not known.</returns>
    /// <exception cref="ArgumentException">The protocol has no such figure.</exception>
    public double this[string key] => Metrics.Any(m => m.Key == key)
        ? Metrics.First(m => m.Key == key).Value
        : throw new ArgumentException($"there is no figure '{key}', but {string.Join(", ", Metrics.Select(m => m.Key))}", nameof(key));
}

/// <summary>What the runs of a tracker, on one sequence or on all, are scored from.</summary>
/// <param name="Curves">Success and precision.</param>
/// <param name="Overlaps">IoU of every frame that counts, by GOT-10k's or CFNet's rules; empty for other protocols.</param>
/// <param name="VotRuns">VOT's runs; empty for other protocols.</param>
internal sealed record RunScores(TrackingCurves Curves, IReadOnlyCollection<double> Overlaps, IReadOnlyCollection<VotRun> VotRuns);

/// <summary>
/// The figures of an evaluation. They depend only on the runs' results: the same results give the same figures, to the last bit.
/// </summary>
/// <example>
/// <code>
/// EvaluationReport report = evaluation.Run("mine", tracker);
/// foreach (TrackerFigures figures in report.Trackers)
///     Console.WriteLine($"{figures.Name}: AUC {figures["auc"]:F3}, {figures["fps"]:F0} frames/s");
/// report.WriteCsv("scores.csv");
/// report.WriteHtml("report.html");
/// </code>
/// </example>
public sealed class EvaluationReport
{
    private readonly IReadOnlyDictionary<RunKey, RunResult> results;

    private EvaluationReport(
        Manifest manifest, IReadOnlyList<EvaluatedSequence> sequences, IReadOnlyDictionary<RunKey, RunResult> results, bool timed)
    {
        this.results = results;
        Manifest = manifest;
        Sequences = sequences;
        if (Protocol == Protocol.Vot)
            Interval = manifest.Interval ?? ExpectedOverlap.Interval([.. sequences.Select(s => s.Truth.Count)]);
        Trackers = [.. manifest.Trackers.Select(tracker => FiguresOf(tracker.Name, timed))];
    }

    /// <summary>How trackers were run and scored.</summary>
    public Protocol Protocol => Manifest.Protocol;

    /// <summary>Every tracker's figures, in the order in which the trackers were run.</summary>
    public IReadOnlyList<TrackerFigures> Trackers { get; }

    /// <summary>The lengths in frames over which VOT's expected overlap is averaged; null for other protocols.</summary>
    public (int Low, int High)? Interval { get; }

    internal Manifest Manifest { get; }

    internal IReadOnlyList<EvaluatedSequence> Sequences { get; }

    /// <summary>Writes all figures and curves as JSON. Values that are not known are null.</summary>
    /// <exception cref="FrameException">The file cannot be written. An existing file of that name is then unchanged.</exception>
    public void WriteJson(string file) => ReportFiles.WriteJson(file, this);

    /// <summary>Writes the figures as CSV: for each tracker a line per sequence, and one for all sequences.</summary>
    /// <exception cref="FrameException">The file cannot be written. An existing file of that name is then unchanged.</exception>
    public void WriteCsv(string file) => ReportFiles.WriteCsv(file, this);

    /// <summary>Writes an HTML page that needs no other file: plots, figures, and frames with every tracker's boxes.</summary>
    /// <exception cref="FrameException">The file cannot be written. An existing file of that name is then unchanged.</exception>
    public void WriteHtml(string file) => AtomicFile.WriteLines(file, [EvaluationPage.Of(this)]);

    /// <summary>Scores results.</summary>
    /// <param name="manifest">What the results are of.</param>
    /// <param name="sequences">The manifest's sequences.</param>
    /// <param name="results">Every run of every tracker.</param>
    /// <param name="timed">Whether times are reported.</param>
    internal static EvaluationReport Of(
        Manifest manifest, IReadOnlyList<EvaluatedSequence> sequences, IReadOnlyDictionary<RunKey, RunResult> results, bool timed) =>
        new(manifest, sequences, results, timed);

    /// <summary>The box that a tracker's first run has in a frame; null if it has none.</summary>
    internal BoundingBox? BoxOf(string tracker, EvaluatedSequence sequence, int frame)
    {
        ProtocolRun run = ProtocolRuns.Of(Protocol, sequence)[0];
        IReadOnlyList<RunLine> lines = results[new RunKey(tracker, sequence.Name, run.Name)].Lines;
        return frame >= run.Start && BoxOf(lines[frame - run.Start], sequence.Truth[frame]) is { IsValid: true } box ? box : null;
    }

    private TrackerFigures FiguresOf(string tracker, bool timed)
    {
        (RunScores Scores, RunTiming? Timing)[] scored = [.. Sequences.Select(sequence => Score(tracker, sequence))];
        var all = new RunScores(
            TrackingCurves.Mean(scored.Select(s => s.Scores.Curves)),
            [.. scored.SelectMany(s => s.Scores.Overlaps)],
            [.. scored.SelectMany(s => s.Scores.VotRuns)]);
        IReadOnlyList<double>? expected = Protocol == Protocol.Vot ? ExpectedOverlap.Curve(all.VotRuns) : null;
        double averaged = expected is null ? double.NaN : ExpectedOverlap.Average(expected, Interval!.Value);
        return new TrackerFigures(
            tracker,
            all.Curves,
            Metric.Of(Protocol, all, timed ? RunTiming.Sum(scored.Select(s => s.Timing)) : null, averaged),
            expected,
            [
                .. scored.Select((s, i) => new SequenceFigures(
                    Sequences[i].Name, s.Scores.Curves, Metric.Of(Protocol, s.Scores, timed ? s.Timing : null, double.NaN))),
            ]);
    }

    /// <summary>Scores all runs of a tracker on a sequence. Each frame of each run counts once.</summary>
    private (RunScores Scores, RunTiming? Timing) Score(string tracker, EvaluatedSequence sequence)
    {
        var fits = new List<FrameFit>();
        var overlaps = new List<double>();
        var votRuns = new List<VotRun>();
        var timings = new List<RunTiming?>();
        foreach (ProtocolRun run in ProtocolRuns.Of(Protocol, sequence))
        {
            RunResult result = results[new RunKey(tracker, sequence.Name, run.Name)];
            BoundingBox?[] truth = [.. sequence.Truth.Skip(run.Start)];
            BoundingBox[] boxes = [.. result.Lines.Select((line, i) => run.Box.Restore(BoxOf(line, truth[i])))];
            // The start box is wrong on purpose, so it must not count as an error of the tracker.
            if (Protocol == Protocol.Sre)
                boxes[0] = truth[0]!.Value;
            fits.AddRange(FrameFit.Of(boxes, truth));
            timings.Add(result.Timing);
            switch (Protocol)
            {
                case Protocol.Got10k:
                    overlaps.AddRange(Got10kScore.Overlaps(boxes, truth, sequence.Width, sequence.Height));
                    break;
                case Protocol.CfNet:
                    overlaps.AddRange(boxes.Select((box, i) => sequence.Overlap(run.Start + i, box)).Where(o => !double.IsNaN(o)));
                    break;
                case Protocol.Vot:
                    votRuns.Add(new VotRun([.. result.Lines.Select(l => l.Kind)], [.. boxes.Select((box, i) => sequence.Overlap(run.Start + i, box))]));
                    break;
            }
        }
        return (new RunScores(TrackingCurves.Of(fits), overlaps, votRuns), RunTiming.Sum(timings));
    }

    private static BoundingBox BoxOf(RunLine line, BoundingBox? truth) => line.Kind switch
    {
        VotFrame.Tracked => line.Box,
        VotFrame.Initialized => truth ?? default,
        _ => default,
    };
}
