namespace SiamIlgpu.Evaluation;

/// <summary>What a frame is in VOT's supervised experiment; the first three are the codes of its result files.</summary>
public enum VotFrame
{
    /// <summary>Passed over after a failure.</summary>
    Skipped = 0,

    /// <summary>The tracker was given the box.</summary>
    Initialized = 1,

    /// <summary>The tracker's box had no overlap with the truth.</summary>
    Failed = 2,

    /// <summary>The tracker found a box.</summary>
    Tracked = 3,
}

/// <summary>One sequence of VOT's supervised experiment.</summary>
/// <param name="Frames">What each frame is.</param>
/// <param name="Overlaps">The overlap of each frame, 0..1; only those of tracked frames count. NaN where there is no truth.</param>
public sealed record VotRun(IReadOnlyList<VotFrame> Frames, IReadOnlyList<double> Overlaps)
{
    private const int BurnIn = 10;

    /// <summary>How often the tracker failed.</summary>
    public int Failures => Frames.Count(f => f == VotFrame.Failed);

    /// <summary>
    /// The overlaps that count for accuracy: of tracked frames, but for the ten frames that begin with an initialization, whose
    /// overlap is flattered by it.
    /// </summary>
    public IReadOnlyList<double> AccurateOverlaps()
    {
        var overlaps = new List<double>(Frames.Count);
        int sinceStart = 0;
        for (int i = 0; i < Frames.Count; i++)
        {
            sinceStart = Frames[i] == VotFrame.Initialized ? 0 : sinceStart + 1;
            if (Frames[i] == VotFrame.Tracked && sinceStart >= BurnIn && !double.IsNaN(Overlaps[i]))
                overlaps.Add(Overlaps[i]);
        }
        return overlaps;
    }

    /// <summary>From each initialization to the failure that ended it, or to the last frame.</summary>
    internal IEnumerable<(double[] Overlaps, bool Failed)> Fragments()
    {
        for (int start = 0; start < Frames.Count; start++)
        {
            if (Frames[start] != VotFrame.Initialized)
                continue;
            int end = start + 1;
            while (end < Frames.Count && Frames[end] == VotFrame.Tracked)
                end++;
            bool failed = end < Frames.Count && Frames[end] == VotFrame.Failed;
            yield return ([.. Enumerable.Range(start, end - start).Select(i => double.IsNaN(Overlaps[i]) ? 0 : Overlaps[i])], failed);
        }
    }
}

/// <summary>
/// VOT's figures of the supervised experiment (Kristan et al., "The Visual Object Tracking VOT2015 challenge results", ICCV
/// workshops 2015): a tracker that fails is initialized again five frames later. As in its toolkit, accuracy is a mean over all
/// frames, and failures are counted over all sequences.
/// </summary>
/// <param name="Accuracy">Mean overlap of the frames that count (<see cref="VotRun.AccurateOverlaps"/>); 0 when there are none.</param>
/// <param name="Failures">Failures in all.</param>
/// <param name="Robustness">Failures in a hundred frames.</param>
public readonly record struct VotScore(double Accuracy, int Failures, double Robustness)
{
    /// <summary>Frames from a failure to the next initialization.</summary>
    public const int FramesToRestart = 5;

    /// <summary>The figures of one run or of several.</summary>
    public static VotScore Of(params IReadOnlyCollection<VotRun> runs)
    {
        double[] overlaps = [.. runs.SelectMany(r => r.AccurateOverlaps())];
        int failures = runs.Sum(r => r.Failures);
        return new VotScore(overlaps.DefaultIfEmpty(0).Average(), failures, 100.0 * failures / runs.Sum(r => r.Frames.Count));
    }
}
