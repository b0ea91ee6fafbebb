using System.CommandLine;
using System.Globalization;
using SiamIlgpu.Datasets;
using SiamIlgpu.Evaluation;
using SiamIlgpu.Kernels;
using SiamIlgpu.Tracking;
using SiamIlgpu.Kernels.Cpu;

namespace SiamIlgpu.Run;

/// <summary>The verb eval: evaluates trackers on a data set by the rules of its benchmark.</summary>
internal sealed class EvalCommand
{
    private readonly Option<string> dataset = new("--dataset")
    {
        Description = "The folder of a sequence, or of sequences.",
        HelpName = "FOLDER",
        Required = true,
    };

    private readonly Option<DatasetFormat> format = new("--format") { Description = "How it looks: otb, vot or got10k.", Required = true };

    private readonly Option<string[]> models = new("--model")
    {
        Description = "A network to track with, as for track, or default for the default model; may be given repeatedly. The default model alone "
            + "unless --model or --results is given.",
        HelpName = "FILE",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string[]> grayModels = new("--gray-model")
    {
        Description = "The same network trained for gray video, used for the model of the same layers where the first frame of a run has no "
            + "color; may be given repeatedly.",
        HelpName = "FILE",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string[]> results = new("--results")
    {
        Description = "A folder of boxes to score beside, SEQUENCE.txt with x,y,w,h for every frame; may be given repeatedly.",
        HelpName = "FOLDER",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<Protocol?> protocol = new("--protocol")
    {
        Description = "ope (one pass), tre (20 start frames), sre (12 boxes that are off), vot (initialized again after failures), got10k, "
            + "or cfnet (three starts, ending at a failure); that of the format unless given.",
    };

    private readonly Option<string[]> sequences = new("--sequences")
    {
        Description = "Only these sequences.",
        HelpName = "NAME,...",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly ModelOptions loop = new();

    private readonly Option<string?> eaoInterval = new("--eao-interval")
    {
        Description = "Lengths that VOT's expected overlap is averaged over, such as 100,356 for VOT2018; typical ones of the sequences unless given.",
        HelpName = "LOW,HIGH",
    };

    private readonly Option<string?> output = new("--out")
    {
        Description = "Keep every run's boxes in this folder, and go on from those that are there; any that were made otherwise are made again.",
        HelpName = "FOLDER",
    };

    private readonly Option<string?> shard = new("--shard")
    {
        Description = "Do one part of N of the work, from 1/N to N/N; merge puts the parts' folders together.",
        HelpName = "I/N",
    };

    private readonly Option<int> jobs = new("--jobs")
    {
        Description = "Runs tracked at a time, a thread each; 0 takes every processor, as far as memory goes. Changes nothing but the speed.",
        HelpName = "N",
    };

    private readonly ReportOptions reports = new();
    private readonly DeviceOptions device = new();

    private readonly Command command = new(
        "eval", "Evaluates models and folders of boxes on a data set, and prints a table; a report, JSON and CSV on request.");

    private readonly CancellationToken cancel;

    private EvalCommand(CancellationToken cancel)
    {
        this.cancel = cancel;
        // Each run uses one thread, because --jobs runs many at a time.
        device.Threads.DefaultValueFactory = _ => 1;
        foreach (Option option in (IEnumerable<Option>)[dataset, format, models, grayModels, results, protocol, sequences, loop.Preset, eaoInterval, output, shard, jobs])
            command.Add(option);
        reports.AddTo(command);
        device.AddTo(command);
        command.SetAction(Run);
    }

    /// <summary>Makes the verb.</summary>
    /// <param name="cancel">Has the effect of the first Ctrl+C.</param>
    internal static Command Create(CancellationToken cancel) => new EvalCommand(cancel).command;

    private int Run(ParseResult parsed)
    {
        reports.Check(parsed);
        (int part, int parts) = ParseShard(parsed.GetValue(shard));
        if (parts > 1 && parsed.GetValue(output) is null)
            throw new InputException("--shard: needs --out FOLDER for what merge will put together");
        if (parts > 1 && reports.AnyOf(parsed))
            throw new InputException("--shard: one part has no figures of the whole; give --json, --csv and --html to merge");
        if (parsed.GetValue(jobs) is < 0 or > 1024)
            throw new InputException($"--jobs: expected 0 to 1024, got {parsed.GetValue(jobs)}");

        DatasetFormat kind = parsed.GetValue(format);
        Protocol rules = parsed.GetValue(protocol) ?? ProtocolRuns.DefaultOf(kind);
        EvaluatedSequence[] chosen = OpenSequences(parsed, kind);
        EvaluatedTracker[] trackers = OpenTrackers(parsed, rules, chosen);
        using var interrupt = new Interrupt(cancel, () => { });
        using ComputeDevice? opened = trackers.OfType<ModelTracker>().Any() ? device.Open(parsed) : null;
        var manifest = new Manifest(
            Manifest.ThisProgram,
            kind,
            rules,
            Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(parsed.GetRequiredValue(dataset)))),
            opened is null ? "" : Describe(opened, parsed),
            ParseInterval(parsed.GetValue(eaoInterval)),
            [.. trackers.Select(t => new ManifestTracker(t.Name, t.Kind, t.Content, t.Options))],
            [.. chosen.Select(s => new ManifestSequence(s.Name, s.TruthHash))]);

        ResultStore? store = parsed.GetValue(output) is { } folder ? new ResultStore(folder) : null;
        store?.Begin(manifest);
        var work = new EvaluationWork(manifest, trackers, chosen, store, (part, parts));
        try
        {
            Track(parsed, rules, opened, work, interrupt.Token);
        }
        catch (OperationCanceledException) when (interrupt.Token.IsCancellationRequested)
        {
            Console.Error.WriteLine(store is null
                ? "interrupted; with --out FOLDER the runs that were done would have been kept"
                : $"interrupted; the same command goes on from {work.Results.Count} runs in {store.Folder}");
            return Interrupt.ExitCode;
        }
        if (parts > 1)
            Console.WriteLine($"part {part} of {parts}: {work.Results.Count} of {work.RunsInAll} runs are in {store!.Folder}");
        else
            reports.Write(parsed, manifest, chosen, work.Results);
        return 0;
    }

    private void Track(ParseResult parsed, Protocol rules, ComputeDevice? opened, EvaluationWork work, CancellationToken token)
    {
        IReadOnlyList<EvaluationJob> pending = work.Prepare(warning => Console.Error.WriteLine(warning));
        if (pending.Count == 0)
            return;
        int limit = EvaluationRunner.LimitOf(opened!, pending.Select(j => j.Tracker).Distinct());
        int workers = parsed.GetValue(jobs) is > 0 and int wanted ? wanted : limit;
        var runner = new EvaluationRunner(rules, opened!, () => device.Open(parsed));
        ProgressBar.Show(pending.Sum(j => j.Frames), advance => runner.Run(pending, workers, work.Add, advance, token));
    }

    private EvaluatedSequence[] OpenSequences(ParseResult parsed, DatasetFormat kind)
    {
        string folder = parsed.GetRequiredValue(dataset);
        IReadOnlyList<Sequence> all = Dataset.Open(folder, kind);
        string[] wanted = [.. (parsed.GetValue(sequences) ?? []).SelectMany(text => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
        string[] unknown = [.. wanted.Where(name => !all.Any(s => Same(s.Name, name)))];
        if (unknown.Length > 0)
            throw new InputException($"--sequences: {folder} has no {string.Join(", ", unknown)}; it has {string.Join(", ", all.Select(s => s.Name))}");
        return [.. all.Where(s => wanted.Length == 0 || wanted.Any(name => Same(s.Name, name))).Select(EvaluatedSequence.Open)];

        static bool Same(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
    }

    private EvaluatedTracker[] OpenTrackers(ParseResult parsed, Protocol rules, EvaluatedSequence[] chosen)
    {
        TrackerOptions? options = loop.PresetOf(parsed);
        string[] files = parsed.GetValue(models) ?? [], folders = parsed.GetValue(results) ?? [];
        if (folders.Length > 0 && !ProtocolRuns.IsOnePass(rules))
            throw new InputException($"--results: folders of boxes are of one pass, and {rules.ToString().ToLowerInvariant()} needs several runs a sequence");
        if (files.Length + folders.Length == 0)
            files = [ModelTracker.DefaultName];
        string[] names = EvaluatedTracker.NamesOf([.. files, .. folders]);
        GrayNetwork[] grays = GrayNetwork.Load(parsed.GetValue(grayModels) ?? []);
        ModelTracker[] tracked = [.. files.Select((file, i) => ModelTracker.Load(names[i], file, grays, options))];
        if (grays.FirstOrDefault(g => !tracked.Any(t => t.Gray == g.Weights)) is { } unused)
            throw new InputException($"--gray-model: no model has the layers of {unused.File}, a {unused.Definition.Name}");
        return [.. tracked, .. folders.Select((folder, i) => ResultFolder.Open(names[files.Length + i], folder, chosen))];
    }

    // Boxes do not depend on the number of threads.
    private string Describe(ComputeDevice opened, ParseResult parsed) => opened is CpuDevice
        ? $"{opened.Name[..opened.Name.LastIndexOf(',')]}, {parsed.GetValue(device.Convolution)} convolution"
        : $"{opened.Name}, {parsed.GetValue(device.Math)}";

    private static (int Part, int Parts) ParseShard(string? text)
    {
        if (text is null)
            return (1, 1);
        int[]? numbers = ParseTwo(text, '/');
        return numbers is [int part, int parts] && part >= 1 && part <= parts
            ? (part, parts)
            : throw new InputException($"--shard: expected I/N with I from 1 to N, got '{text}'");
    }

    private static (int Low, int High)? ParseInterval(string? text)
    {
        if (text is null)
            return null;
        int[]? numbers = ParseTwo(text, ',');
        return numbers is [int low, int high] && low >= 1 && low <= high
            ? (low, high)
            : throw new InputException($"--eao-interval: expected LOW,HIGH in frames, got '{text}'");
    }

    private static int[]? ParseTwo(string text, char separator)
    {
        string[] parts = text.Split(separator, StringSplitOptions.TrimEntries);
        return parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int second)
            ? [first, second]
            : null;
    }
}
