using System.CommandLine;
using System.Diagnostics;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Bench;

/// <summary><c>convgrad</c>: what training computes of a network's convolutions, layer by layer, as shares of the machine's peak.</summary>
internal static class ConvGradCommand
{
    private const int Rounds = 9;
    private const int CheckedValues = 211;

    internal static Command Create()
    {
        var threads = new Option<int>("--threads") { Description = "Threads; 0 for all processors." };
        Option<string> network = Arguments.Network();
        var batch = new Option<int>("--batch") { Description = "Crops at once.", DefaultValueFactory = _ => 8 };
        var crop = new Option<int>("--crop") { Description = "Rows and columns of a crop.", DefaultValueFactory = _ => 255 };
        Option<ConvolutionAlgorithm> convolution = Arguments.Convolution();
        var verb = new Command("convgrad", "Each convolution of a network in training: forward, both gradients, update of the filters.")
        {
            threads, network, batch, crop, convolution,
        };
        verb.SetAction(parsed => Run(
            parsed.GetValue(threads), parsed.GetValue(network)!, parsed.GetValue(batch), parsed.GetValue(crop), parsed.GetValue(convolution)));
        return verb;
    }

    private static void Run(int threads, string network, int batch, int crop, ConvolutionAlgorithm convolution)
    {
        using var device = new CpuDevice(new CpuDeviceOptions { Threads = threads, Convolution = convolution });
        var peak = new FmaPeak(FmaPeak.Widths.First());
        Console.WriteLine($"{network}, {batch} crops of {crop}x{crop}, {device.Name}, convolution {convolution}; medians of {Rounds} rounds, each with the peak beside it");
        Console.WriteLine($"{"layer",-18} {"input",-16} {"output",-16} {"pass",-8} {"ms",8} {"GFLOP/s",9} {"peak",7} {"share",6} {"error",8}");
        double forward = 0;
        double gradients = 0;
        double gradientsAtPeak = 0;
        double updates = 0;
        foreach (ConvolutionCase layer in PaperNetworks.Convolutions(network, batch, crop))
        {
            ConvolutionSpec spec = layer.Spec with { Relu = false };
            var testCase = new ConvolutionBackwardCase(layer.Name, spec);
            using ConvolutionFilters filters = device.Load(spec.Filters, testCase.Filters(), testCase.Bias());
            using Convolution prepared = device.Prepare(spec, filters);
            using ConvolutionBackward backward = device.PrepareBackward(spec, filters);
            var biasShape = new TensorShape(1, spec.OutChannels, 1, 1);
            bool image = spec.InputLayout(device) == TensorLayout.Interleaved;
            TensorView input = device.Allocate(spec.Input, spec.InputLayout(device));
            TensorView output = device.Allocate(spec.Output, device.FeatureLayout);
            TensorView outputGradient = device.Allocate(spec.Output, device.FeatureLayout);
            TensorView inputGradient = device.Allocate(spec.Input, device.FeatureLayout);
            TensorView values = device.Allocate(spec.Filters, TensorLayout.Planar);
            TensorView bias = device.Allocate(biasShape, TensorLayout.Planar);
            TensorView filterGradient = device.Allocate(spec.Filters, TensorLayout.Planar);
            TensorView biasGradient = device.Allocate(biasShape, TensorLayout.Planar);
            device.Upload(testCase.Input(), input);
            device.Upload(testCase.OutputGradient(), outputGradient);
            device.Upload(testCase.Filters(), values);
            device.Upload(testCase.Bias(), bias);

            (float[] x, float[] w, float[] b, float[] dy) = (testCase.Input(), testCase.Filters(), testCase.Bias(), testCase.OutputGradient());
            forward += Measure("forward", () => prepared.Forward(input, output),
                output, (n, o, i, j) => ConvolutionReference.At(spec, x, w, b, n, o, i, j)).Ms;
            Add(Measure("weights", () => backward.Filters(input, outputGradient, filterGradient, biasGradient, GradientWrite.Overwrite),
                filterGradient, (o, c, u, v) => ConvolutionBackwardReference.Filter(spec, x, dy, o, c, u, v)));
            if (!image)
            {
                Add(Measure("input", () => backward.Input(outputGradient, inputGradient),
                    inputGradient, (n, c, i, j) => ConvolutionBackwardReference.Input(spec, w, dy, n, c, i, j)));
            }
            var milliseconds = new List<double>();
            for (int round = 0; round < Rounds; round++)
                milliseconds.Add(Time(() => filters.Update(values, bias)));
            double update = milliseconds.Median();
            updates += update;
            Console.WriteLine($"{"",-18} {"",-16} {spec.Filters,-16} {"update",-8} {update,8:F3}");
            foreach (TensorView view in (TensorView[])[input, output, outputGradient, inputGradient, values, bias, filterGradient, biasGradient])
                view.Buffer.Dispose();

            (double Ms, double AtPeak) Measure(string pass, Action call, TensorView result, Func<int, int, int, int, double> reference)
            {
                call();
                double error = Error(layer.Name + " " + pass, device, result, reference);
                var times = new List<double>();
                var peaks = new List<double>();
                for (int round = 0; round < Rounds; round++)
                {
                    double ms = Time(call);
                    times.Add(ms);
                    // The peak for as long as the pass: on a machine with other work both are interrupted alike.
                    peaks.Add(peak.Measure(device, ms));
                }
                double median = times.Median();
                double medianPeak = peaks.Median();
                double rate = spec.Flops / median / 1e6;
                Console.WriteLine(
                    $"{layer.Name,-18} {spec.Input,-16} {spec.Output,-16} {pass,-8} {median,8:F3} {rate,9:F1} {medianPeak,7:F0} {rate / medianPeak,6:P0} {error,8:E0}");
                return (median, spec.Flops / medianPeak / 1e6);
            }
        }
        Console.WriteLine(
            $"Forward {forward:F1} ms, gradients {gradients:F1} ms ({gradientsAtPeak / gradients:P0} of what the arithmetic units can do), updates {updates:F1} ms.");

        void Add((double Ms, double AtPeak) measured)
        {
            gradients += measured.Ms;
            gradientsAtPeak += measured.AtPeak;
        }
    }

    private static double Time(Action call)
    {
        long start = Stopwatch.GetTimestamp();
        call();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    // The largest difference from the reference over some values, relative to the largest of them. Throws when it is no rounding.
    private static double Error(string what, CpuDevice device, TensorView result, Func<int, int, int, int, double> reference)
    {
        var actual = new float[result.Shape.Count];
        device.Download(result, actual);
        double worst = 0;
        double scale = 0;
        for (int k = 0; k < CheckedValues; k++)
        {
            long index = actual.LongLength * k / CheckedValues;
            (int n, int c, int y, int x) = result.Shape.Position(index);
            double expected = reference(n, c, y, x);
            worst = Math.Max(worst, Math.Abs(actual[index] - expected));
            scale = Math.Max(scale, Math.Abs(expected));
        }
        if (!(worst < 1e-4 * scale))
            throw new InvalidOperationException($"{what}: wrong by {worst / scale:E1} of the largest value");
        return worst / scale;
    }
}
