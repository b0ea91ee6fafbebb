using System.CommandLine;
using SiamIlgpu.Evaluation;

namespace SiamIlgpu.Run;

/// <summary>The verb merge: puts the parts of an evaluation together.</summary>
internal static class MergeCommand
{
    internal static Command Create()
    {
        var folders = new Argument<string[]>("FOLDER")
        {
            Description = "The folders that eval --shard wrote with --out, or the one that eval --out wrote.",
            Arity = ArgumentArity.OneOrMore,
        };
        var reports = new ReportOptions();
        var command = new Command("merge", "Puts the parts of an evaluation together, to the tables and files that eval makes in one go.") { folders };
        reports.AddTo(command);
        command.SetAction(parsed =>
        {
            reports.Check(parsed);
            ResultStore[] stores = [.. parsed.GetRequiredValue(folders).Select(folder => new ResultStore(folder))];
            Manifest manifest = stores[0].LoadManifest();
            foreach (ResultStore store in stores.Skip(1))
            {
                if (store.LoadManifest().DifferenceFrom(manifest) is { } difference)
                    throw new InputException($"{store.Folder} and {stores[0].Folder} are not of one evaluation: they differ in {difference}");
            }
            EvaluatedSequence[] sequences = [.. manifest.Sequences.Select(s => Find(stores, s))];
            reports.Write(parsed, manifest, sequences, Collect(stores, manifest, sequences));
        });
        return command;
    }

    private static EvaluatedSequence Find(ResultStore[] stores, ManifestSequence wanted)
    {
        EvaluatedSequence? found = null;
        foreach (ResultStore store in stores)
        {
            if (store.LoadSequence(wanted.Name) is not { } sequence)
                continue;
            if (sequence.TruthHash != wanted.TruthHash)
                throw new InputException($"{store.Folder}: {wanted.Name} has other ground truth than the evaluation began with");
            if (found is not null && found.FramesHash != sequence.FramesHash)
                throw new InputException($"{store.Folder}: {wanted.Name} has other frames than in the other folders");
            found ??= sequence;
        }
        return found ?? throw new InputException($"no part has results for {wanted.Name} yet");
    }

    private static Dictionary<RunKey, RunResult> Collect(ResultStore[] stores, Manifest manifest, EvaluatedSequence[] sequences)
    {
        var results = new Dictionary<RunKey, RunResult>();
        var missing = new List<string>();
        foreach (EvaluatedSequence sequence in sequences)
        {
            foreach (ProtocolRun run in ProtocolRuns.Of(manifest.Protocol, sequence))
            {
                foreach (ManifestTracker tracker in manifest.Trackers)
                {
                    var key = new RunKey(tracker.Name, sequence.Name, run.Name);
                    var identity = new RunIdentity(manifest, tracker, sequence, run);
                    if (stores.Select(s => s.Load(key, identity, sequence.Truth.Count - run.Start, out _)).FirstOrDefault(r => r is not null) is { } result)
                        results.Add(key, result);
                    else
                        missing.Add($"{tracker.Name}/{run.Name}/{sequence.Name}");
                }
            }
        }
        return missing.Count == 0
            ? results
            : throw new InputException(
                $"{missing.Count} of {missing.Count + results.Count} runs are missing or were made otherwise, the first is {missing[0]}: run eval for all parts first");
    }
}
