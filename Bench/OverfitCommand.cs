using System.CommandLine;
using System.Diagnostics;
using SiamIlgpu.Datasets;
using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Training;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Bench;

/// <summary>The verb that trains a network on the same few pairs until it knows them: what cannot overfit cannot learn.</summary>
internal static class OverfitCommand
{
    private const int Failed = 2;

    internal static Command Create()
    {
        Option<string> network = Arguments.Network();
        var loss = new Option<LossKind>("--loss") { Description = "What training makes small." };
        Option<int> pairs = Arguments.Count("--pairs", 32, "Pairs, of synthetic video.");
        Option<int> epochs = Arguments.Count("--epochs", 500, "Times that it may see them.");
        var goal = new Option<double>("--goal") { Description = "Loss at which it may stop.", DefaultValueFactory = _ => 0.05 };
        Option<int> window = Arguments.Count("--window", 100, "Most frames between exemplar and search.");
        var rate = new Option<float>("--rate") { Description = "Learning rate.", DefaultValueFactory = _ => TrainingOptions.CfNet.FirstRate };
        var command = new Command("overfit", "Trains a network on a few pairs until their loss is small.") { network, loss, pairs, window, epochs, goal, rate };
        command.SetAction(parsed =>
        {
            NetworkWeights start = SeededNetwork.Create(parsed.GetRequiredValue(network));
            TrainingOptions options = TrainingOptions.For(start.RequireDefinition()) with
            {
                // What keeps a network from knowing its pairs by heart is left off.
                WeightDecay = 0,
                Loss = parsed.GetValue(loss),
                Epochs = parsed.GetValue(epochs),
                FirstRate = parsed.GetValue(rate),
                LastRate = parsed.GetValue(rate),
            };
            return Overfit(start, options, parsed.GetValue(pairs), parsed.GetValue(window), parsed.GetValue(goal));
        });
        return command;
    }

    private static int Overfit(NetworkWeights start, TrainingOptions options, int count, int window, double goal)
    {
        using var device = new CpuDevice();
        using var sampler = new PairSampler(
            new SyntheticScenes(firstSeed: 1, count), new PairOptions
            {
                ExemplarSize = start.Definition!.ExemplarSize,
                SearchSize = options.SearchSize,
                Count = count,
                Augment = false,
                Window = window,
            });
        using var trainer = new Trainer(start, options, device, new Same(sampler));
        Console.WriteLine($"{start.Source}, {options.Loss}, the same {count} pairs in every epoch; {device.Name}");
        long began = Stopwatch.GetTimestamp();
        double loss = double.NaN;
        foreach (EpochReport report in trainer.Run())
        {
            loss = report.Loss;
            bool reached = loss <= goal;
            if (reached || report.Epoch % 20 == 0)
                Console.WriteLine($"  epoch {report.Epoch,4}  loss {loss:F4}  {Stopwatch.GetElapsedTime(began).TotalSeconds,6:F0} s");
            if (reached)
                break;
        }
        Console.WriteLine($"loss {loss:F4}, {(loss <= goal ? "reached" : "NOT reached")}: {goal}");
        return loss <= goal ? 0 : Failed;
    }

    /// <summary>Every epoch is the first.</summary>
    private sealed class Same(IPairSource pairs) : IPairSource
    {
        private readonly Dictionary<int, (PairLabel Label, float[] Exemplar, float[] Search)> seen = [];

        public int ExemplarSize => pairs.ExemplarSize;

        public int SearchSize => pairs.SearchSize;

        public int Count => pairs.Count;

        public PairLabel Read(int epoch, int index, Span<float> exemplar, Span<float> search)
        {
            lock (seen)
            {
                if (!seen.TryGetValue(index, out (PairLabel Label, float[] Exemplar, float[] Search) pair))
                {
                    pair = (pairs.Read(0, index, exemplar, search), exemplar.ToArray(), search.ToArray());
                    seen.Add(index, pair);
                }
                pair.Exemplar.CopyTo(exemplar);
                pair.Search.CopyTo(search);
                return pair.Label;
            }
        }
    }
}
