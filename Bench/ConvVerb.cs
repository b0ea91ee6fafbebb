using System.CommandLine;
using System.Diagnostics;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Bench;

/// <summary><c>conv</c>: the convolutions of a network, layer by layer, as shares of the machine's peak.</summary>
internal static class ConvVerb
{
    private const int Rounds = 31;
    private const int CheckedOutputs = 997;

    internal static Command Create()
    {
        var threads = new Option<int>("--threads") { Description = "Threads; 0 for all processors." };
        var network = new Option<string>("--network") { Description = "Whose layers.", DefaultValueFactory = _ => "siamfc" };
        network.AcceptOnlyFromAmong(PaperNetworks.Names);
        var batch = new Option<int>("--batch") { Description = "Crops at once.", DefaultValueFactory = _ => 3 };
        var crop = new Option<int>("--crop") { Description = "Rows and columns of a crop.", DefaultValueFactory = _ => 255 };
        var verb = new Command("conv", "Each convolution of a network: time, GFLOP/s and share of the machine's peak.") { threads, network, batch, crop };
        verb.SetAction(parsed => Run(
            parsed.GetValue(threads), parsed.GetValue(network)!, parsed.GetValue(batch), parsed.GetValue(crop)));
        return verb;
    }

    private static void Run(int threads, string network, int batch, int crop)
    {
        using var device = new CpuDevice(threads);
        var peak = new FmaPeak(FmaPeak.Widths.First());
        Console.WriteLine($"{network}, {batch} crops of {crop}x{crop}, {device.Name}; {Rounds} rounds, each with the peak beside it");
        Console.WriteLine($"{"layer",-18} {"input",-16} {"output",-16} {"median ms",10} {"best ms",9} {"GFLOP/s",9} {"peak",7} {"share",6} {"error",8}");
        double totalMedian = 0;
        double totalBest = 0;
        double totalFlops = 0;
        double totalAtPeak = 0;
        foreach (ConvolutionCase layer in PaperNetworks.Convolutions(network, batch, crop))
        {
            ConvolutionSpec spec = layer.Spec;
            using Convolution convolution = device.Prepare(spec, layer.Filters(), layer.Bias());
            TensorView input = device.Allocate(spec.Input, spec.InputLayout(device));
            TensorView output = device.Allocate(spec.Output, device.FeatureLayout);
            device.Upload(layer.Input(), input);
            convolution.Forward(input, output);
            double error = Error(layer, device, output);

            var milliseconds = new List<double>();
            double bestPeak = 0;
            for (int round = 0; round < Rounds; round++)
            {
                bestPeak = Math.Max(bestPeak, peak.Measure(device));
                long start = Stopwatch.GetTimestamp();
                convolution.Forward(input, output);
                milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
            // Speed and share from the best round of either: on a machine with other work, a peak is short enough to slip
            // between two interruptions and a layer is not, so that a ratio of medians would say little.
            double median = milliseconds.Median();
            double best = milliseconds.Min();
            double rate = spec.Flops / best / 1e6;
            Console.WriteLine(
                $"{layer.Name,-18} {spec.Input,-16} {spec.Output,-16} {median,10:F3} {best,9:F3} {rate,9:F1} {bestPeak,7:F0} {rate / bestPeak,6:P0} {error,8:E0}");
            totalMedian += median;
            totalBest += best;
            totalFlops += spec.Flops;
            totalAtPeak += spec.Flops / bestPeak / 1e6;
            input.Buffer.Dispose();
            output.Buffer.Dispose();
        }
        Console.WriteLine(
            $"All convolutions take {totalMedian:F1} ms, {totalBest:F1} ms at best: {totalFlops / totalBest / 1e6:F0} GFLOP/s, {totalAtPeak / totalBest:P0} of the machine's peak.");
    }

    // The largest difference from the reference over some outputs, relative to the largest output. Throws when it is no rounding.
    private static double Error(ConvolutionCase layer, CpuDevice device, TensorView output)
    {
        ConvolutionSpec spec = layer.Spec;
        var actual = new float[spec.Output.Count];
        device.Download(output, actual);
        float[] input = layer.Input();
        float[] filters = layer.Filters();
        float[] bias = layer.Bias();
        double worst = 0;
        double scale = 0;
        for (int k = 0; k < CheckedOutputs; k++)
        {
            long index = actual.LongLength * k / CheckedOutputs;
            (int n, int o, int y, int x) = spec.Output.Position(index);
            double expected = ConvolutionReference.At(spec, input, filters, bias, n, o, y, x);
            worst = Math.Max(worst, Math.Abs(actual[index] - expected));
            scale = Math.Max(scale, Math.Abs(expected));
        }
        if (!(worst < 1e-4 * scale))
            throw new InvalidOperationException($"{layer.Name}: wrong by {worst / scale:E1} of the largest output");
        return worst / scale;
    }
}
