namespace SiamIlgpu.Evaluation;

/// <summary>The runs of an evaluation, or of one part of it: those that are already done, and those still to be tracked.</summary>
internal sealed class EvaluationWork
{
    private readonly Manifest manifest;
    private readonly IReadOnlyList<EvaluatedTracker> trackers;
    private readonly IReadOnlyList<EvaluatedSequence> sequences;
    private readonly ResultStore? store;
    private readonly (int Number, int Of) part;
    private readonly Dictionary<RunKey, RunResult> results = [];

    /// <summary>Prepares the work of an evaluation.</summary>
    /// <param name="manifest">What is evaluated.</param>
    /// <param name="trackers">The manifest's trackers.</param>
    /// <param name="sequences">The manifest's sequences.</param>
    /// <param name="store">Where results are stored; null if they are not stored.</param>
    /// <param name="part">The number of the part, from 1, and the number of parts.</param>
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

    /// <summary>The results of the runs that are done.</summary>
    internal IReadOnlyDictionary<RunKey, RunResult> Results => results;

    /// <summary>Number of runs in the whole evaluation, not only in this part.</summary>
    internal int RunsInAll { get; private set; }

    /// <summary>Reads boxes from folders and runs from the store, and returns the runs that are left to track.</summary>
    /// <param name="say">Receives sentences that say what was used, what was not, and why.</param>
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
                    // Runs are assigned to the parts in turn.
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

    /// <summary>Adds the result of a run that was tracked.</summary>
    internal void Add(EvaluationJob job, RunResult result)
    {
        store?.Save(job.Key, IdentityOf(job.Tracker, job.Sequence, job.Run), result);
        results[job.Key] = result;
    }

    private RunIdentity IdentityOf(EvaluatedTracker tracker, EvaluatedSequence sequence, ProtocolRun run) =>
        new(manifest, manifest.Trackers.First(t => t.Name == tracker.Name), sequence, run);
}
