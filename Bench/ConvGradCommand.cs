using System.CommandLine;
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

    internal static Command Create() => ConvolutionPass.Verb(
        "convgrad", "Each convolution of a network in training: forward, both gradients, update of the filters.", batch: 8, Run);

    private static void Run(CpuDevice device, ConvolutionAlgorithm convolution, string network, int batch, int crop)
    {
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
            var testCase = new ConvolutionBackwardCase(spec, layer.Name);
            (float[] x, float[] w, float[] b, float[] dy) = (testCase.Input(), testCase.Filters(), testCase.Bias(), testCase.OutputGradient());
            (double[] inputs, double[] weights, double[] biases, double[] gradient) = (x.Doubles(), w.Doubles(), b.Doubles(), dy.Doubles());
            using ConvolutionFilters filters = device.Load(spec.Filters, w, b);
            using Convolution prepared = device.Prepare(spec, filters);
            using ConvolutionBackward backward = device.PrepareBackward(spec, filters);
            var biasShape = new TensorShape(1, spec.OutChannels, 1, 1);
            bool image = spec.InputLayout(device) == TensorLayout.Interleaved;
            using Tensor input = device.Allocate(spec.Input, spec.InputLayout(device));
            using Tensor output = device.Allocate(spec.Output, device.FeatureLayout);
            using Tensor outputGradient = device.Allocate(spec.Output, device.FeatureLayout);
            using Tensor inputGradient = device.Allocate(spec.Input, device.FeatureLayout);
            using Tensor values = device.Allocate(spec.Filters, TensorLayout.Planar);
            using Tensor bias = device.Allocate(biasShape, TensorLayout.Planar);
            using Tensor filterGradient = device.Allocate(spec.Filters, TensorLayout.Planar);
            using Tensor biasGradient = device.Allocate(biasShape, TensorLayout.Planar);
            device.Upload(x, input);
            device.Upload(dy, outputGradient);
            device.Upload(w, values);
            device.Upload(b, bias);

            forward += Measure("forward", () => prepared.Forward(input, output),
                output, (n, o, i, j) => ConvolutionReference.At(spec, inputs, weights, biases, n, o, i, j)).Milliseconds;
            Add(Measure("weights", () => backward.Filters(input, outputGradient, filterGradient, biasGradient, GradientWrite.Overwrite),
                filterGradient, (o, c, u, v) => ConvolutionBackwardReference.Filter(spec, inputs, gradient, o, c, u, v)));
            if (!image)
            {
                Add(Measure("input", () => backward.Input(outputGradient, inputGradient),
                    inputGradient, (n, c, i, j) => ConvolutionBackwardReference.Input(spec, weights, gradient, n, c, i, j)));
            }
            var milliseconds = new List<double>();
            for (int round = 0; round < Rounds; round++)
                milliseconds.Add(ConvolutionPass.Time(() => filters.Update(values, bias)));
            double update = milliseconds.Median();
            updates += update;
            Console.WriteLine($"{"",-18} {"",-16} {spec.Filters,-16} {"update",-8} {update,8:F3}");

            ConvolutionPass Measure(string pass, Action call, TensorView result, Func<int, int, int, int, double> reference)
            {
                ConvolutionPass measured =
                    ConvolutionPass.Measure($"{layer.Name} {pass}", device, peak, Rounds, call, result, CheckedValues, reference);
                Console.WriteLine($"{layer.Name,-18} {spec.Input,-16} {spec.Output,-16} {pass,-8} {measured.Columns(spec.Flops)}");
                return measured;
            }

            void Add(ConvolutionPass measured)
            {
                gradients += measured.Milliseconds;
                gradientsAtPeak += measured.AtPeak(spec.Flops);
            }
        }
        Console.WriteLine(
            $"Forward {forward:F1} ms, gradients {gradients:F1} ms ({gradientsAtPeak / gradients:P0} of what the arithmetic units can do), updates {updates:F1} ms.");
    }
}
