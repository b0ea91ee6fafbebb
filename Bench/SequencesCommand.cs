using System.CommandLine;
using System.Globalization;
using SiamIlgpu.Datasets;
using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Evaluation;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Media;
using SiamIlgpu.Networks;
using SiamIlgpu.Tracking;
using SiamIlgpu.Training;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Bench;

/// <summary>
/// The verb that puts networks side by side: their mean IoU on every sequence, and how they do on made-up pairs and videos, which no
/// network was trained on.
/// </summary>
internal static class SequencesCommand
{
    // The same pairs that the verb train validates with by default.
    private const int FirstValidationScene = 1_000_001, ValidationScenes = 1000;

    // Scenes that neither training nor validation nor the fit of tracking parameters uses.
    private const int FirstTrackedScene = 4_000_001;

    internal static Command Create()
    {
        var models = new Option<string[]>("--model")
        {
            Description = "Weights to track with: a file, 'default', or 'untrained:' and a file, 'default' or a network of the papers. An untrained "
                + "network has random filters, and batch norms with measured moments.",
            HelpName = "MODEL",
            Required = true,
            AllowMultipleArgumentsPerToken = true,
        };
        var data = new Option<DirectoryInfo?>("--data")
        {
            Description = "A sequence, a folder of sequences, or one with sequences in otb/, vot/ and got10k/.",
            HelpName = "FOLDER",
        };
        var pairs = new Option<int>("--made-up-pairs") { Description = "Made-up validation pairs; 0 for none.", DefaultValueFactory = _ => 800 };
        var scenes = new Option<int>("--made-up-videos") { Description = "Made-up videos of 60 frames; 0 for none.", DefaultValueFactory = _ => 40 };
        var threads = new Option<int>("--threads") { Description = "Networks or sequences at a time, a thread each.", DefaultValueFactory = _ => CpuDevice.DefaultThreads };
        var command = new Command("sequences", "Puts networks side by side: every sequence, and made-up pairs and videos.") { models, data, pairs, scenes, threads };
        command.SetAction(parsed => BenchData.Guard(() =>
        {
            NetworkWeights[] networks = [.. parsed.GetRequiredValue(models).Select(Load)];
            int atOnce = parsed.GetValue(threads);
            Console.WriteLine($"| mean IoU | {string.Join(" | ", networks.Select(n => Path.GetFileNameWithoutExtension(n.Source)))} |");
            Console.WriteLine($"|---|{string.Concat(networks.Select(_ => "---|"))}");
            if (parsed.GetValue(data) is { } folder)
            {
                IReadOnlyList<Sequence> sequences = BenchData.Sequences(folder.FullName);
                Print(sequences, Score(sequences, networks, atOnce));
            }
            if (parsed.GetValue(scenes) is > 0 and int count)
                PrintMadeUpVideos(networks, count, atOnce);
            if (parsed.GetValue(pairs) is > 0 and int pairCount)
                PrintMadeUpPairs(networks, pairCount, atOnce);
        }));
        return command;
    }

    private static NetworkWeights Load(string model)
    {
        const string Untrained = "untrained:";
        if (model.StartsWith(Untrained, StringComparison.Ordinal))
            return UntrainedNetwork.Create(Definition(model[Untrained.Length..]));
        return model == "default" ? DefaultModel.Load() : NetworkWeights.Load(model);

        static NetworkDefinition Definition(string name) => NetworkDefinition.Named.GetValueOrDefault(name) ?? Load(name).RequireDefinition();
    }

    /// <summary>[sequence][model]. A sequence of a model is one job on one thread, so the scores do not depend on how many run at a time.</summary>
    private static SequenceScore[][] Score(IReadOnlyList<Sequence> sequences, NetworkWeights[] networks, int threads)
    {
        SequenceScore[][] scores = [.. sequences.Select(_ => new SequenceScore[networks.Length])];
        Parallel.For(0, sequences.Count * networks.Length, new ParallelOptions { MaxDegreeOfParallelism = threads }, job =>
        {
            (int at, int model) = Math.DivRem(job, networks.Length);
            using var device = new CpuDevice(threads: 1);
            using var tracker = new Tracker(networks[model], device);
            scores[at][model] = Score(tracker, sequences[at]);
        });
        return scores;
    }

    private static SequenceScore Score(Tracker tracker, Sequence sequence)
    {
        using FrameSource video = sequence.OpenFrames();
        tracker.Initialize(video.Read(), sequence.GroundTruth[0]!.Value);
        List<BoundingBox> boxes = [tracker.Box];
        foreach (Frame frame in video)
        {
            if (boxes.Count == sequence.GroundTruth.Count)
                break;
            boxes.Add(tracker.Update(frame).Box);
        }
        return SequenceScore.Of(boxes, sequence.GroundTruth);
    }

    private static void PrintMadeUpVideos(NetworkWeights[] networks, int scenes, int threads)
    {
        var scores = new RestartScore[networks.Length];
        Parallel.For(0, networks.Length, new ParallelOptions { MaxDegreeOfParallelism = threads }, i =>
        {
            using var device = new CpuDevice(threads: 1);
            using var tracker = new Tracker(networks[i], device);
            scores[i] = RestartScore.OfScenes(tracker, FirstTrackedScene, scenes);
        });
        PrintRow("made-up videos, with restarts", scores.Select(s => s.MeanIou), "F3");
        PrintRow("... failures", scores.Select(s => (double)s.Failures), "F0");
    }

    private static void PrintMadeUpPairs(NetworkWeights[] networks, int pairs, int threads)
    {
        var reports = new ValidationReport[networks.Length];
        Parallel.For(0, networks.Length, new ParallelOptions { MaxDegreeOfParallelism = threads }, i =>
        {
            using var device = new CpuDevice(threads: 1);
            using PairSampler sampler = MadeUpPairs(networks[i].RequireDefinition(), FirstValidationScene, ValidationScenes, pairs, augment: false);
            reports[i] = ValidationReport.Of(device, networks[i], TrainingOptions.For(networks[i].RequireDefinition()), sampler);
        });
        // Crops differ in size and in how much of the frame they show, so distances are given in pixels of CFNet's crops.
        PrintRow(
            "made-up pairs, distance error in pixels of CFNet's crops",
            reports.Select((r, i) => r.DistancePixels * NetworkDefinition.CfNetConv1.ExemplarSize / networks[i].Definition!.ExemplarSize), "F2");
        PrintRow("... overlap error", reports.Select(r => r.OverlapError), "F3");
    }

    /// <summary>Pairs of made-up scenes for a network.</summary>
    internal static PairSampler MadeUpPairs(NetworkDefinition definition, int firstScene, int scenes, int count, bool augment) => new(
        new SyntheticScenes(firstScene, scenes),
        new PairOptions
        {
            ExemplarSize = definition.ExemplarSize,
            SearchSize = TrainingOptions.For(definition).SearchSize,
            Count = count,
            PairsPerVisit = 8,
            Augment = augment,
        });

    private static void PrintRow(string name, IEnumerable<double> values, string format) =>
        Console.WriteLine($"| {name} | {string.Join(" | ", values.Select(v => v.ToString(format, CultureInfo.InvariantCulture)))} |");

    private static void Print(IReadOnlyList<Sequence> sequences, SequenceScore[][] scores)
    {
        for (int i = 0; i < sequences.Count; i++)
            PrintRow(sequences[i].Name, scores[i].Select(s => s.MeanIou), "F3");
        PrintRow("**all**", scores[0].Select((_, m) => scores.Average(s => s[m].MeanIou)), "F3");
    }
}
