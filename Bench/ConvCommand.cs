using System.CommandLine;
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

    internal static Command Create() =>
        ConvolutionPass.Verb("conv", "Each convolution of a network: time, GFLOP/s and share of the machine's peak.", batch: 3, Run);

    private static void Run(CpuDevice device, ConvolutionAlgorithm convolution, string network, int batch, int crop)
    {
        var peak = new FmaPeak(FmaPeak.Widths.First());
        Console.WriteLine($"{network}, {batch} crops of {crop}x{crop}, {device.Name}, convolution {convolution}; medians of {Rounds} rounds, each with the peak beside it");
        Console.WriteLine($"{"layer",-18} {"input",-16} {"output",-16} {"ms",8} {"GFLOP/s",9} {"peak",7} {"share",6} {"error",8}");
        double totalMs = 0;
        double totalFlops = 0;
        double totalAtPeak = 0;
        foreach (ConvolutionCase layer in PaperNetworks.Convolutions(network, batch, crop))
        {
            ConvolutionSpec spec = layer.Spec;
            (double[] x, double[] w, double[] b) = (layer.Input().Doubles(), layer.Filters().Doubles(), layer.Bias().Doubles());
            using Convolution prepared = device.Prepare(spec, layer.Filters(), layer.Bias());
            using Tensor input = device.Allocate(spec.Input, spec.InputLayout(device));
            using Tensor output = device.Allocate(spec.Output, device.FeatureLayout);
            device.Upload(layer.Input(), input);
            ConvolutionPass pass = ConvolutionPass.Measure(
                layer.Name, device, peak, Rounds, () => prepared.Forward(input, output), output, CheckedOutputs,
                (n, o, i, j) => ConvolutionReference.At(spec, x, w, b, n, o, i, j));
            Console.WriteLine($"{layer.Name,-18} {spec.Input,-16} {spec.Output,-16} {pass.Columns(spec.Flops)}");
            totalMs += pass.Milliseconds;
            totalFlops += spec.Flops;
            totalAtPeak += pass.AtPeak(spec.Flops);
        }
        Console.WriteLine(
            $"All convolutions take {totalMs:F2} ms ({totalFlops / totalMs / 1e6:F0} GFLOP/s): {totalAtPeak / totalMs:P0} of what the arithmetic units can do.");
    }
}
