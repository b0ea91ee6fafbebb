using SiamIlgpu.Datasets;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Evaluation;

/// <summary>
/// Runs and scores trackers on a data set, by the rules of a benchmark. Any <see cref="ITracker"/> can be run: a <see cref="Tracker"/>, or
/// a tracker of your own. Boxes that other programs wrote can be scored as well. For one thread.
/// </summary>
/// <example>
/// <code>
/// var evaluation = new Evaluation(Otb.Open("OTB100"), Protocol.Ope);
/// EvaluationReport report = evaluation.Run("mine", tracker);
/// Console.WriteLine(report.Trackers[0]["auc"]);
/// report.WriteHtml("report.html");
/// </code>
/// </example>
#pragma warning disable MA0049 // One noun: using SiamIlgpu.Evaluation; new Evaluation(...).
public sealed class Evaluation
#pragma warning restore MA0049
{
    private readonly Protocol protocol;
    private readonly EvaluatedSequence[] sequences;
    private readonly List<ManifestTracker> trackers = [];
    private readonly Dictionary<RunKey, RunResult> results = [];

    /// <summary>Prepares an evaluation.</summary>
    /// <param name="dataset">The sequences, as <see cref="Otb"/>, <see cref="Vot"/> and <see cref="Got10k"/> open them.</param>
    /// <param name="protocol">How trackers are run and scored.</param>
    /// <exception cref="EvaluationException">There is no sequence, or one has fewer frames than lines of ground truth.</exception>
    public Evaluation(IReadOnlyList<Sequence> dataset, Protocol protocol)
    {
        if (dataset.Count == 0)
            throw new EvaluationException("the data set has no sequence");
        this.protocol = protocol;
        sequences = [.. dataset.Select(EvaluatedSequence.Open)];
    }

    /// <summary>The name of the data set in reports.</summary>
    public string Name { get; init; } = "the data set";

    /// <summary>
    /// The lengths in frames over which VOT's expected overlap is averaged; null for the typical lengths of the sequences.
    /// </summary>
    public (int Low, int High)? EaoInterval { get; init; }

    /// <summary>Number of frames that a tracker goes through in all its runs.</summary>
    public int Frames => sequences.Sum(s => ProtocolRuns.Of(protocol, s).Sum(run => s.Truth.Count - run.Start));

    /// <summary>Runs a tracker on every sequence. Frames are decoded on another thread.</summary>
    /// <param name="name">The name of the tracker in reports. No other tracker may have it.</param>
    /// <param name="tracker">The tracker. It is called only from this thread.</param>
    /// <param name="frameDone">Called after each of <see cref="Frames"/> frames.</param>
    /// <param name="cancel">Ends the run with an <see cref="OperationCanceledException"/>. The tracker is then in no report.</param>
    /// <returns>The figures of this tracker and of all that were run or added before.</returns>
    /// <exception cref="EvaluationException">
    /// A frame or a true box to start from is missing, or the tracker does not accept its first box.
    /// </exception>
    /// <exception cref="ArgumentException">The name was used before.</exception>
    public EvaluationReport Run(string name, ITracker tracker, Action? frameDone = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(tracker);
        return Add(name, sequence =>
        {
            var runner = new ProtocolRunner(tracker, sequence, cancel, frameDone ?? (() => { }));
            return ProtocolRuns.Of(protocol, sequence).Select(run => (run, runner.Track(protocol, run, decodeAhead: true)));
        });
    }

    /// <summary>Scores boxes that another program wrote.</summary>
    /// <param name="name">The name of the boxes in reports. No other tracker may have it.</param>
    /// <param name="folder">A folder with a file SEQUENCE.txt for every sequence, which has a line x,y,w,h for every frame.</param>
    /// <param name="warn">Receives a sentence for every file that has too few or too many lines.</param>
    /// <returns>The figures of these boxes and of all trackers that were run or added before.</returns>
    /// <exception cref="EvaluationException">A file is missing or malformed, or the protocol needs several runs per sequence.</exception>
    /// <exception cref="ArgumentException">The name was used before.</exception>
    public EvaluationReport AddResults(string name, string folder, Action<string>? warn = null)
    {
        if (!ProtocolRuns.IsOnePass(protocol))
            throw new EvaluationException($"{folder}: a folder of boxes has one run per sequence, and {protocol} needs several");
        ResultFolder boxes = ResultFolder.Open(name, folder, sequences);
        return Add(name, sequence => [(ProtocolRuns.Of(protocol, sequence)[0], boxes.Read(sequence, protocol, warn ?? (_ => { })))]);
    }

    private EvaluationReport Add(string name, Func<EvaluatedSequence, IEnumerable<(ProtocolRun Run, RunResult Result)>> track)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (trackers.Any(t => t.Name == name))
            throw new ArgumentException($"there is a tracker '{name}' already", nameof(name));
        var tracked = new Dictionary<RunKey, RunResult>();
        foreach (EvaluatedSequence sequence in sequences)
        {
            foreach ((ProtocolRun run, RunResult result) in track(sequence))
                tracked.Add(new RunKey(name, sequence.Name, run.Name), result);
        }
        foreach ((RunKey key, RunResult result) in tracked)
            results.Add(key, result);
        trackers.Add(new ManifestTracker(name, Kind: "", Content: "", Options: ""));
        var manifest = new Manifest(
            Manifest.ThisProgram, Format: null, protocol, Name, Device: "", EaoInterval, [.. trackers],
            [.. sequences.Select(s => new ManifestSequence(s.Name, s.TruthHash))]);
        return EvaluationReport.Of(manifest, sequences, results, timed: true);
    }
}
