using SiamIlgpu.Evaluation;

namespace SiamIlgpu.Run;

/// <summary>A figure of the protocol's own, beside those that all have.</summary>
/// <param name="Key">Its name in files.</param>
/// <param name="Title">Its name for people.</param>
/// <param name="Value">The figure; NaN when there is none.</param>
/// <param name="Decimals">Digits that people want to see.</param>
internal readonly record struct Figure(string Key, string Title, double Value, int Decimals = 3);

/// <summary>The figures of a tracker on one sequence.</summary>
internal sealed record SequenceFigures(string Name, TrackingCurves Curves, RunTiming? Timing, IReadOnlyList<Figure> Own);

/// <summary>The figures of a tracker on all sequences.</summary>
/// <param name="Name">The tracker.</param>
/// <param name="Curves">Means over sequences, each of which counts once.</param>
/// <param name="Timing">Where the time went; null where it is not known.</param>
/// <param name="Own">The protocol's own figures.</param>
/// <param name="ExpectedOverlap">VOT's curve, by length from 1; null for other protocols.</param>
/// <param name="Sequences">The sequences, in order.</param>
internal sealed record TrackerFigures(
    string Name,
    TrackingCurves Curves,
    RunTiming? Timing,
    IReadOnlyList<Figure> Own,
    IReadOnlyList<double>? ExpectedOverlap,
    IReadOnlyList<SequenceFigures> Sequences);

/// <summary>An evaluation's figures, made of nothing but stored results: the same results give the same figures, to the last bit.</summary>
internal sealed class EvaluationReport
{
    private readonly IReadOnlyDictionary<RunKey, RunResult> results;

    private EvaluationReport(
        Manifest manifest, IReadOnlyList<EvaluatedSequence> sequences, IReadOnlyDictionary<RunKey, RunResult> results, bool timed)
    {
        this.results = results;
        Manifest = manifest;
        Sequences = sequences;
        if (manifest.Protocol == Protocol.Vot)
            Interval = manifest.Interval ?? ExpectedOverlap.Interval([.. sequences.Select(s => s.Truth.Count)]);
        Trackers = [.. manifest.Trackers.Select(tracker => FiguresOf(tracker.Name, timed))];
    }

    internal Manifest Manifest { get; }

    internal IReadOnlyList<EvaluatedSequence> Sequences { get; }

    internal IReadOnlyList<TrackerFigures> Trackers { get; }

    /// <summary>The lengths that VOT's expected overlap is averaged over.</summary>
    internal (int Low, int High)? Interval { get; }

    /// <summary>Scores results.</summary>
    /// <param name="manifest">What they are of.</param>
    /// <param name="sequences">The manifest's sequences.</param>
    /// <param name="results">Every run of every tracker.</param>
    /// <param name="timed">Whether times are reported.</param>
    internal static EvaluationReport Of(
        Manifest manifest, IReadOnlyList<EvaluatedSequence> sequences, IReadOnlyDictionary<RunKey, RunResult> results, bool timed) =>
        new(manifest, sequences, results, timed);

    /// <summary>The box of a tracker's first run in a frame; null where it has none.</summary>
    internal BoundingBox? BoxOf(string tracker, EvaluatedSequence sequence, int frame)
    {
        ProtocolRun run = ProtocolRuns.Of(Manifest.Protocol, sequence)[0];
        IReadOnlyList<RunLine> lines = results[new RunKey(tracker, sequence.Name, run.Name)].Lines;
        return frame >= run.Start && BoxOf(lines[frame - run.Start], sequence.Truth[frame]) is { IsValid: true } box ? box : null;
    }

    private TrackerFigures FiguresOf(string tracker, bool timed)
    {
        ScoredSequence[] scored = [.. Sequences.Select(sequence => Score(tracker, sequence))];
        IReadOnlyList<double>? expected = Manifest.Protocol == Protocol.Vot ? ExpectedOverlap.Curve([.. scored.SelectMany(s => s.VotRuns)]) : null;
        List<Figure> own = [.. OwnFigures([.. scored.SelectMany(s => s.Overlaps)], [.. scored.SelectMany(s => s.VotRuns)])];
        if (expected is not null)
            own.Add(new Figure("eao", "EAO", ExpectedOverlap.Average(expected, Interval!.Value)));
        return new TrackerFigures(
            tracker,
            TrackingCurves.Mean(scored.Select(s => s.Curves)),
            timed ? RunTiming.Sum(scored.Select(s => s.Timing)) : null,
            own,
            expected,
            [
                .. scored.Select((s, i) =>
                    new SequenceFigures(Sequences[i].Name, s.Curves, timed ? s.Timing : null, [.. OwnFigures(s.Overlaps, s.VotRuns)])),
            ]);
    }

    /// <summary>All runs of a tracker on a sequence; their frames count alike.</summary>
    private ScoredSequence Score(string tracker, EvaluatedSequence sequence)
    {
        var fits = new List<FrameFit>();
        var overlaps = new List<double>();
        var votRuns = new List<VotRun>();
        var timings = new List<RunTiming?>();
        foreach (ProtocolRun run in ProtocolRuns.Of(Manifest.Protocol, sequence))
        {
            RunResult result = results[new RunKey(tracker, sequence.Name, run.Name)];
            BoundingBox?[] truth = [.. sequence.Truth.Skip(run.Start)];
            BoundingBox[] boxes = [.. result.Lines.Select((line, i) => run.Box.Restore(BoxOf(line, truth[i])))];
            // A box that is off on purpose is no error in the frame that it was given for.
            if (Manifest.Protocol == Protocol.Sre)
                boxes[0] = truth[0]!.Value;
            fits.AddRange(FrameFit.Of(boxes, truth));
            timings.Add(result.Timing);
            switch (Manifest.Protocol)
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
        return new ScoredSequence(TrackingCurves.Of(fits), RunTiming.Sum(timings), overlaps, votRuns);
    }

    private IEnumerable<Figure> OwnFigures(IReadOnlyCollection<double> overlaps, IReadOnlyCollection<VotRun> runs)
    {
        switch (Manifest.Protocol)
        {
            case Protocol.Got10k:
                var got10k = Got10kScore.Of(overlaps);
                return [new("ao", "AO", got10k.AverageOverlap), new("sr50", "SR 0.5", got10k.SuccessRate50), new("sr75", "SR 0.75", got10k.SuccessRate75)];
            case Protocol.Vot:
                var vot = VotScore.Of(runs);
                return
                [
                    new("accuracy", "accuracy", vot.Accuracy),
                    new("failures", "failures", vot.Failures, 0),
                    new("robustness", "failures in 100 frames", vot.Robustness, 2),
                ];
            case Protocol.CfNet:
                return [new("cfnetOverlap", "CFNet overlap", CfNetScore.Of(overlaps).Overlap)];
            default:
                return [];
        }
    }

    private static BoundingBox BoxOf(RunLine line, BoundingBox? truth) => line.Kind switch
    {
        VotFrame.Tracked => line.Box,
        VotFrame.Initialized => truth ?? default,
        _ => default,
    };

    private sealed record ScoredSequence(
        TrackingCurves Curves, RunTiming? Timing, IReadOnlyCollection<double> Overlaps, IReadOnlyCollection<VotRun> VotRuns);
}
