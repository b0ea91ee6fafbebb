namespace SiamIlgpu.Evaluation;

/// <summary>What happened in a frame of VOT's supervised experiment. The first three values are the codes in VOT's result files.</summary>
public enum VotFrame
{
    /// <summary>The frame was skipped after a failure.</summary>
    Skipped = 0,

    /// <summary>The tracker was initialized with the true box.</summary>
    Initialized = 1,

    /// <summary>The tracker's box had no overlap with the truth.</summary>
    Failed = 2,

    /// <summary>The tracker returned a box.</summary>
    Tracked = 3,
}

/// <summary>A run of VOT's supervised experiment on one sequence.</summary>
/// <param name="Frames">What happened in each frame.</param>
/// <param name="Overlaps">The overlap of each frame, 0..1; NaN where there is no truth. Only the overlaps of tracked frames count.</param>
public sealed record VotRun(IReadOnlyList<VotFrame> Frames, IReadOnlyList<double> Overlaps)
{
    private const int BurnIn = 10;

    /// <summary>How often the tracker failed.</summary>
    public int Failures => Frames.Count(f => f == VotFrame.Failed);

    /// <summary>
    /// The overlaps that count for accuracy: those of tracked frames, except the ten frames that begin with an initialization, because it
    /// makes their overlap better than usual.
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

    /// <summary>The parts of the run from each initialization to the failure that ended it, or to the last frame.</summary>
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
/// The figures of VOT's supervised experiment (Kristan et al., "The Visual Object Tracking VOT2015 challenge results", ICCV workshops
/// 2015), in which a tracker that fails is initialized again five frames later. As in VOT's toolkit, accuracy is a mean over all frames,
/// and failures are counted over all sequences.
/// </summary>
/// <param name="Accuracy">Mean overlap of the frames that count (<see cref="VotRun.AccurateOverlaps"/>); 0 when there are none.</param>
/// <param name="Failures">Number of failures in all runs.</param>
/// <param name="Robustness">Number of failures per hundred frames.</param>
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
