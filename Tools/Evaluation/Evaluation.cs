using SiamIlgpu.Datasets;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Evaluation;

/// <summary>
/// Trackers on a data set, by the rules of its benchmark. Any <see cref="ITracker"/> can be run, a host's own as well as
/// <see cref="Tracker"/>, and the boxes of other programs can be scored with them. For one thread.
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
    /// <exception cref="EvaluationException">There is no sequence, or one has fewer frames than ground truth.</exception>
    public Evaluation(IReadOnlyList<Sequence> dataset, Protocol protocol)
    {
        if (dataset.Count == 0)
            throw new EvaluationException("the data set has no sequence");
        this.protocol = protocol;
        sequences = [.. dataset.Select(EvaluatedSequence.Open)];
    }

    /// <summary>What reports call the data set.</summary>
    public string Name { get; init; } = "the data set";

    /// <summary>Lengths in frames that VOT's expected overlap is averaged over; those typical of the sequences when null.</summary>
    public (int Low, int High)? EaoInterval { get; init; }

    /// <summary>How many frames a tracker has to go through.</summary>
    public int Frames => sequences.Sum(s => ProtocolRuns.Of(protocol, s).Sum(run => s.Truth.Count - run.Start));

    /// <summary>Runs a tracker on every sequence. Frames are decoded on another thread.</summary>
    /// <param name="name">What reports call the tracker; no other may have the name.</param>
    /// <param name="tracker">The tracker; it is called from this thread alone.</param>
    /// <param name="frameDone">Called after each of <see cref="Frames"/> frames.</param>
    /// <param name="cancel">Ends the run with an <see cref="OperationCanceledException"/>; the tracker is then in no report.</param>
    /// <returns>The figures of this tracker and of all that were run or added before.</returns>
    /// <exception cref="EvaluationException">A frame or a true box to start from is missing, or the tracker refuses its first box.</exception>
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

    /// <summary>Scores the boxes that another program wrote: a folder with SEQUENCE.txt, x,y,w,h for every frame.</summary>
    /// <param name="name">What reports call them; no other tracker may have the name.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="warn">Hears, in sentences, where a file has more or fewer lines than its sequence.</param>
    /// <returns>The figures of these boxes and of all trackers that were run or added before.</returns>
    /// <exception cref="EvaluationException">A file is missing or malformed, or the protocol needs several runs a sequence.</exception>
    /// <exception cref="ArgumentException">The name was used before.</exception>
    public EvaluationReport AddResults(string name, string folder, Action<string>? warn = null)
    {
        if (!ProtocolRuns.IsOnePass(protocol))
            throw new EvaluationException($"{folder}: a folder of boxes is of one pass, and {protocol} needs several runs a sequence");
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
