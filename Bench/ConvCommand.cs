using System.CommandLine;
using System.Diagnostics;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Bench;

/// <summary><c>conv</c>: the convolutions of a network, layer by layer, as shares of the machine's peak.</summary>
internal static class ConvCommand
{
    private const int Rounds = 31;
    private const int CheckedOutputs = 997;

    internal static Command Create()
    {
        var threads = new Option<int>("--threads") { Description = "Threads; 0 for all processors." };
        Option<string> network = Arguments.Network();
        var batch = new Option<int>("--batch") { Description = "Crops at once.", DefaultValueFactory = _ => 3 };
        var crop = new Option<int>("--crop") { Description = "Rows and columns of a crop.", DefaultValueFactory = _ => 255 };
        Option<ConvolutionAlgorithm> convolution = Arguments.Convolution();
        var verb = new Command("conv", "Each convolution of a network: time, GFLOP/s and share of the machine's peak.") { threads, network, batch, crop, convolution };
        verb.SetAction(parsed => Run(
            parsed.GetValue(threads), parsed.GetValue(network)!, parsed.GetValue(batch), parsed.GetValue(crop), parsed.GetValue(convolution)));
        return verb;
    }

    private static void Run(int threads, string network, int batch, int crop, ConvolutionAlgorithm convolution)
    {
        using var device = new CpuDevice(new CpuDeviceOptions { Threads = threads, Convolution = convolution });
        var peak = new FmaPeak(FmaPeak.Widths.First());
        Console.WriteLine($"{network}, {batch} crops of {crop}x{crop}, {device.Name}, convolution {convolution}; medians of {Rounds} rounds, each with the peak beside it");
        Console.WriteLine($"{"layer",-18} {"input",-16} {"output",-16} {"ms",8} {"GFLOP/s",9} {"peak",7} {"share",6} {"error",8}");
        double totalMs = 0;
        double totalFlops = 0;
        double totalAtPeak = 0;
        foreach (ConvolutionCase layer in PaperNetworks.Convolutions(network, batch, crop))
        {
            ConvolutionSpec spec = layer.Spec;
            using Convolution prepared = device.Prepare(spec, layer.Filters(), layer.Bias());
            TensorView input = device.Allocate(spec.Input, spec.InputLayout(device));
            TensorView output = device.Allocate(spec.Output, device.FeatureLayout);
            device.Upload(layer.Input(), input);
            prepared.Forward(input, output);
            double error = Error(layer, device, output);

            var milliseconds = new List<double>();
            var peaks = new List<double>();
            for (int round = 0; round < Rounds; round++)
            {
                long start = Stopwatch.GetTimestamp();
                prepared.Forward(input, output);
                double ms = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                milliseconds.Add(ms);
                // The peak for as long as the layer: on a machine with other work both are interrupted alike.
                peaks.Add(peak.Measure(device, ms));
            }
            double median = milliseconds.Median();
            double medianPeak = peaks.Median();
            double rate = spec.Flops / median / 1e6;
            Console.WriteLine(
                $"{layer.Name,-18} {spec.Input,-16} {spec.Output,-16} {median,8:F3} {rate,9:F1} {medianPeak,7:F0} {rate / medianPeak,6:P0} {error,8:E0}");
            totalMs += median;
            totalFlops += spec.Flops;
            totalAtPeak += spec.Flops / medianPeak / 1e6;
            input.Buffer.Dispose();
            output.Buffer.Dispose();
        }
        Console.WriteLine(
            $"All convolutions take {totalMs:F2} ms ({totalFlops / totalMs / 1e6:F0} GFLOP/s): {totalAtPeak / totalMs:P0} of what the arithmetic units can do.");
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
