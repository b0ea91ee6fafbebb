using System.CommandLine;
using System.Globalization;
using SiamIlgpu.Datasets;
using SiamIlgpu.Evaluation;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Media;
using SiamIlgpu.Networks;
using SiamIlgpu.Tracking;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Bench;

/// <summary>The verb that tracks every sequence with every model: a table of mean IoU, to choose a model by.</summary>
internal static class SequencesCommand
{
    internal static Command Create()
    {
        var models = new Option<string[]>("--model")
        {
            Description = "Weights to track with, or NETWORK:SEED (cfnet-conv2:1) for the network as it is before training.",
            HelpName = "FILE",
            Required = true,
            AllowMultipleArgumentsPerToken = true,
        };
        var data = new Option<DirectoryInfo>("--data")
        {
            Description = "A sequence, a folder of sequences, or one with sequences in otb/, vot/ and got10k/.",
            HelpName = "FOLDER",
            Required = true,
        };
        var threads = new Option<int>("--threads") { Description = "Sequences tracked at a time, a thread each.", DefaultValueFactory = _ => CpuDevice.DefaultThreads };
        var command = new Command("sequences", "Tracks every sequence with every model and prints the mean IoU of each.") { models, data, threads };
        command.SetAction(parsed => BenchData.Guard(() =>
        {
            IReadOnlyList<Sequence> sequences = BenchData.Sequences(parsed.GetRequiredValue(data).FullName);
            NetworkWeights[] networks = [.. parsed.GetRequiredValue(models).Select(Load)];
            Print(sequences, networks, Score(sequences, networks, parsed.GetValue(threads)));
        }));
        return command;
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

    private static NetworkWeights Load(string model)
    {
        string[] parts = model.Split(':');
        return parts.Length == 2 && NetworkDefinition.Known.FirstOrDefault(d => d.Name.Equals(parts[0], StringComparison.OrdinalIgnoreCase)) is { } network
            ? NetworkInitializer.Create(network, ulong.Parse(parts[1], CultureInfo.InvariantCulture))
            : NetworkWeights.Load(model);
    }

    private static void Print(IReadOnlyList<Sequence> sequences, NetworkWeights[] networks, SequenceScore[][] scores)
    {
        Console.WriteLine($"| mean IoU | {string.Join(" | ", networks.Select(n => Path.GetFileNameWithoutExtension(n.Source)))} |");
        Console.WriteLine($"|---|{string.Concat(networks.Select(_ => "---|"))}");
        for (int i = 0; i < sequences.Count; i++)
            Print(sequences[i].Name, scores[i]);
        Print("**all**", [.. networks.Select((_, m) => new SequenceScore(0, scores.Average(s => s[m].MeanIou), 0, 0))]);

        static void Print(string name, SequenceScore[] row) =>
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {string.Join(" | ", row.Select(s => s.MeanIou.ToString("F3", CultureInfo.InvariantCulture)))} |"));
    }
}
