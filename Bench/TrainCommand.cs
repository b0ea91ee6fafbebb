using System.CommandLine;
using System.Diagnostics;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Plans;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Training;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Bench;

/// <summary>
/// The verb that times training steps: pairs a second of each network, and the share of the FMA peak that the convolutions' nominal
/// work takes of the whole step, everything else included. The pairs lie in memory: nothing is loaded.
/// </summary>
internal static class TrainCommand
{
    internal static Command Create()
    {
        var networks = new Option<string[]>("--network")
        {
            Description = "Networks of the papers.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [.. PaperNetworks.Names],
        };
        networks.AcceptOnlyFromAmong([.. PaperNetworks.Names]);
        Option<int> threads = Arguments.Count("--threads", CpuDevice.DefaultThreads, "Threads that share the work.");
        Option<int> steps = Arguments.Count("--steps", 5, "Steps of each network that are timed.");
        var command = new Command("train", "Times training steps of the papers' networks.") { networks, threads, steps };
        command.SetAction(parsed =>
        {
            using var device = new CpuDevice(parsed.GetValue(threads));
            Console.WriteLine($"{device.Name}; batch {TrainingOptions.CfNet.Batch}");
            Console.WriteLine("| network | step, ms | pairs/s | convolutions of a step, GFLOP | GFLOP/s | share of the FMA peak |");
            Console.WriteLine("|---|---|---|---|---|---|");
            foreach (string name in parsed.GetRequiredValue(networks))
                Measure(device, name, parsed.GetValue(steps));
        });
        return command;
    }

    private static void Measure(CpuDevice device, string name, int steps)
    {
        NetworkWeights weights = SeededNetwork.Create(name);
        NetworkDefinition definition = weights.RequireDefinition();
        TrainingOptions options = TrainingOptions.For(definition);
        using var plan = new TrainingPlan(device, weights, options);
        using Tensor losses = device.Allocate(new TensorShape(options.Batch, 1, 1, 1), TensorLayout.Planar);
        device.Upload(SeededNetwork.Images(plan.Exemplars.Shape), plan.Exemplars);
        device.Upload(SeededNetwork.Images(plan.Searches.Shape), plan.Searches);

        var milliseconds = new List<double>();
        var peak = new FmaPeak(FmaPeak.Widths.First());
        var peaks = new List<double>();
        for (int step = -1; step < steps; step++)
        {
            peaks.Add(peak.Measure(device, milliseconds: 50));
            long start = Stopwatch.GetTimestamp();
            plan.ComputeGradients(losses);
            plan.Step(1e-6f);
            // The first step loads code and memory.
            if (step >= 0)
                milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        Timing timing = Timing.Of(milliseconds);
        double work = Work(definition, definition.ExemplarSize, options.Batch) + Work(definition, options.SearchSize, options.Batch);
        double speed = work / timing.Median * 1e-6;
        Console.WriteLine(
            $"| {name} | {timing.Median:F0} | {options.Batch / timing.Median * 1e3:F1} | {work * 1e-9:F1} | {speed:F0} | {speed / peaks.Median():P0} |");
    }

    /// <summary>Forward once, backward to the filters once, and to the input of all but the first convolution once.</summary>
    private static double Work(NetworkDefinition definition, int size, int batch)
    {
        long[] flops = [.. BranchShapes.Of(definition, batch, size, size).Select(l => l.Flops).Where(f => f > 0)];
        return 3.0 * flops.Sum() - flops[0];
    }
}
