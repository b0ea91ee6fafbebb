using SiamIlgpu.Datasets;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Evaluation;

/// <summary>The runs of an evaluation, or of one part of it: those that are there already, and those still to be tracked.</summary>
internal sealed class EvaluationWork
{
    private readonly Manifest manifest;
    private readonly IReadOnlyList<EvaluatedTracker> trackers;
    private readonly IReadOnlyList<EvaluatedSequence> sequences;
    private readonly ResultStore? store;
    private readonly (int Number, int Of) part;
    private readonly Dictionary<RunKey, RunResult> results = [];

    /// <summary>Takes what is to be done.</summary>
    /// <param name="manifest">What the evaluation is of.</param>
    /// <param name="trackers">The manifest's trackers.</param>
    /// <param name="sequences">The manifest's sequences.</param>
    /// <param name="store">Where results are kept; null for nowhere.</param>
    /// <param name="part">Which part of how many, from 1.</param>
    internal EvaluationWork(
        Manifest manifest,
        IReadOnlyList<EvaluatedTracker> trackers,
        IReadOnlyList<EvaluatedSequence> sequences,
        ResultStore? store,
        (int Number, int Of) part)
    {
        this.manifest = manifest;
        this.trackers = trackers;
        this.sequences = sequences;
        this.store = store;
        this.part = part;
    }

    /// <summary>The runs that are done.</summary>
    internal IReadOnlyDictionary<RunKey, RunResult> Results => results;

    /// <summary>How many runs the whole evaluation has.</summary>
    internal int RunsInAll { get; private set; }

    /// <summary>Takes boxes from folders and runs from the store, and returns what is left to track.</summary>
    /// <param name="say">Hears, in sentences, what was used, what was not, and why.</param>
    internal IReadOnlyList<EvaluationJob> Prepare(Action<string> say)
    {
        var pending = new List<EvaluationJob>();
        var unusable = new List<string>();
        int reused = 0;
        foreach (EvaluatedSequence sequence in sequences)
        {
            bool touched = false;
            foreach (ProtocolRun run in ProtocolRuns.Of(manifest.Protocol, sequence))
            {
                foreach (EvaluatedTracker tracker in trackers)
                {
                    // Runs are dealt out to the parts in turn.
                    if (RunsInAll++ % part.Of != part.Number - 1)
                        continue;
                    touched = true;
                    Take(tracker, sequence, run);
                }
            }
            if (touched)
                store?.Save(sequence);
        }
        if (reused > 0)
            say($"{store!.Folder}: {reused} runs are there already");
        foreach (IGrouping<string, string> group in unusable.GroupBy(reason => reason))
            say($"{store!.Folder}: {group.Count()} stored runs cannot be used ({group.Key}) and are tracked again");
        return pending;

        void Take(EvaluatedTracker tracker, EvaluatedSequence sequence, ProtocolRun run)
        {
            var key = new RunKey(tracker.Name, sequence.Name, run.Name);
            if (tracker is not ModelTracker model)
            {
                results[key] = ((ResultFolder)tracker).Read(sequence, manifest.Protocol, say);
                store?.Save(key, IdentityOf(tracker, sequence, run), results[key]);
                return;
            }
            string? obstacle = null;
            if (store?.Load(key, IdentityOf(tracker, sequence, run), sequence.Truth.Count - run.Start, out obstacle) is { } stored)
            {
                results[key] = stored;
                reused++;
                return;
            }
            if (obstacle is not null)
                unusable.Add(obstacle);
            pending.Add(new EvaluationJob(model, sequence, run));
        }
    }

    /// <summary>Takes a run that was tracked.</summary>
    internal void Add(EvaluationJob job, RunResult result)
    {
        store?.Save(job.Key, IdentityOf(job.Tracker, job.Sequence, job.Run), result);
        results[job.Key] = result;
    }

    private RunIdentity IdentityOf(EvaluatedTracker tracker, EvaluatedSequence sequence, ProtocolRun run) =>
        new(manifest, manifest.Trackers.First(t => t.Name == tracker.Name), sequence, run);
}
