using System.CommandLine;
using Microsoft.ML.OnnxRuntime;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Plans;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Bench.Peers;

/// <summary><c>networks</c>: times a network's branch and ONNX Runtime with the same filters, images and number of threads.</summary>
internal static class NetworksCommand
{
    // Switches of .NET that narrow the vectors of its own code, so they affect our code alone.
    private static readonly string[] VectorSwitches = ["DOTNET_EnableAVX512", "DOTNET_EnableAVX2", "DOTNET_EnableHWIntrinsic"];

    private const string Help =
        """
        Times the branch of a network and ONNX Runtime by turns in one process, and compares the results.

        Both get the same random filters and images, and as many threads. ONNX Runtime gets the branch as an ONNX model, with
        all graph optimizations and spinning threads; each keeps its own order of channels and pixels. Each turn waits until
        the process is idle (spinning threads of one would slow down the other), runs for ten milliseconds or once, then counts
        two runs.
        A ratio below 1 means that ours is faster.

        DOTNET_EnableAVX512=0 narrows the vectors of our code alone: ONNX Runtime looks at the processor itself and has no
        switch. To compare both without AVX-512, use a processor or a virtual machine without it.
        """;

    internal static Command Create()
    {
        Option<string> network = Arguments.Network();
        Option<int> batch = Arguments.Count("--batch", 3, "Images of one pass.");
        Option<int> size = Arguments.Count("--size", 255, "Rows and columns of an image.");
        Option<int?> threads = Arguments.OptionalCount("--threads", "Threads of each; without it 1 up to the number of processors.");
        Option<int> rounds = Arguments.Count("--rounds", 40, "Rounds; each counts two runs of ours and two of ONNX Runtime.");
        Option<ConvolutionAlgorithm> convolution = Arguments.Convolution();
        var error = new Option<bool>("--error") { Description = "Also compare both with a reference in double, which takes a while." };

        var command = new Command("networks", Help) { network, batch, size, threads, convolution, rounds, error };
        command.SetAction(parsed => BenchData.Guard(() =>
        {
            int? only = parsed.GetValue(threads);
            Compare(
                parsed.GetRequiredValue(network),
                parsed.GetValue(batch),
                parsed.GetValue(size),
                only is int n ? [n] : [.. Enumerable.Range(1, Environment.ProcessorCount)],
                parsed.GetValue(convolution),
                parsed.GetValue(rounds),
                parsed.GetValue(error));
        }));
        return command;
    }

    private static void Compare(
        string network, int batch, int size, int[] threadCounts, ConvolutionAlgorithm convolution, int rounds, bool withError)
    {
        NetworkWeights weights = SeededNetwork.CreateFolded(network);
        IReadOnlyList<LayerShape> layers = BranchShapes.Of(weights.RequireDefinition(), batch, size, size);
        byte[] model = OnnxModel.Write(weights, layers);
        float[] images = SeededNetwork.Images(layers[0].Input);
        double gigaflops = layers.Sum(l => l.Flops) / 1e9;
        double[]? reference = withError ? BranchReference.Run(weights, layers, images) : null;

        Console.WriteLine($"{network}, {batch} x {size}x{size}, {gigaflops:F2} GFLOP; ONNX Runtime {OrtEnv.Instance().GetVersionString()}");
        foreach (string name in VectorSwitches.Where(name => Environment.GetEnvironmentVariable(name) == "0"))
            Console.WriteLine($"{name}=0 narrows the vectors of ours alone: ONNX Runtime looks at the processor itself and has no switch");

        foreach (int threads in threadCounts)
        {
            using var device = new CpuDevice(new CpuDeviceOptions { Threads = threads, Convolution = convolution });
            using var plan = InferencePlan.Create(device, weights, batch, size, size);
            using var session = new OnnxSession(model, layers[0].Input, layers[^1].Output, threads);
            device.Upload(images, plan.Input);
            images.CopyTo(session.Input);

            (Timing ours, Timing theirs) = Turns.Time(plan.Forward, session.Run, rounds);

            var features = new float[layers[^1].Output.Count];
            device.Download(plan.Output, features);
            Console.WriteLine();
            Console.WriteLine(device.Name);
            Console.WriteLine($"  ours          {ours}, {1000 * gigaflops / ours.Median:F0} GFLOP/s");
            Console.WriteLine($"  ONNX Runtime  {theirs}, {1000 * gigaflops / theirs.Median:F0} GFLOP/s");
            Difference apart = Difference.Between(features, ToDouble(session.Output));
            Console.WriteLine($"  outputs differ by at most {apart.Largest:E1}, relative RMS {apart.RelativeRms:E1}");
            if (reference is not null)
            {
                double ourError = Difference.Between(features, reference).RelativeRms;
                double theirError = Difference.Between(session.Output, reference).RelativeRms;
                Console.WriteLine($"  relative RMS error: ours {ourError:E1}, ONNX Runtime {theirError:E1}");
            }
            Console.WriteLine($"ratio {ours.Median / theirs.Median:F3}");
        }
    }

    private static double[] ToDouble(ReadOnlySpan<float> values)
    {
        var wide = new double[values.Length];
        for (int i = 0; i < wide.Length; i++)
            wide[i] = values[i];
        return wide;
    }

    /// <summary>How far values are from the expected ones: the largest distance, and the RMS of the distances over that of the expected values.</summary>
    private readonly record struct Difference(double Largest, double RelativeRms)
    {
        internal static Difference Between(ReadOnlySpan<float> values, ReadOnlySpan<double> expected)
        {
            double largest = 0;
            double apart = 0;
            double whole = 0;
            for (int i = 0; i < values.Length; i++)
            {
                double distance = Math.Abs(values[i] - expected[i]);
                largest = Math.Max(largest, distance);
                apart += distance * distance;
                whole += expected[i] * expected[i];
            }
            return new Difference(largest, Math.Sqrt(apart / whole));
        }
    }
}
