using SiamIlgpu.Bench.Micro;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Bench.Gpu;

/// <summary>Times single operations of a GPU: each convolution of a network, and the rest of a frame.</summary>
internal static class GpuTimes
{
    /// <summary>Each convolution with its schedule; with TF32 beside it where there are tensor cores.</summary>
    internal static void Convolutions(GpuDevice device, string network, int batch, int rounds)
    {
        Console.WriteLine($"| {network}, batch {batch} | input | output | products | tile | groups | parts | ms | GFLOP/s |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        GpuDevice[] devices = device.Driver.HasTensorCores ? [device, new GpuDevice(device.Driver, ConvolutionMath.Tf32)] : [device];
        var milliseconds = new double[devices.Length];
        double flops = 0;
        foreach (ConvolutionCase layer in PaperNetworks.Convolutions(network, batch, crop: 255))
        {
            ConvolutionSpec spec = layer.Spec;
            flops += spec.Flops;
            for (int i = 0; i < devices.Length; i++)
            {
                GpuDevice on = devices[i];
                using var filters = (GpuFilters)on.Load(spec.Filters, layer.Filters(), layer.Bias());
                using Convolution operation = on.Prepare(spec, filters);
                using var tensors = new Scratch(on);
                TensorView input = tensors.Of(layer.Input(), spec.Input, spec.InputLayout(on));
                TensorView output = tensors.Garbage(spec.Output, on.FeatureLayout);
                double ms = Launches.Time(on, () => operation.Forward(input, output), rounds);
                milliseconds[i] += ms;
                ConvolutionSchedule schedule = ConvolutionSchedule.For(on, spec, filters.For(spec).Layout);
                (int x, int y, int z) = schedule.Groups;
                string how = $"{on.Math} | {schedule.Tile} | {x}x{y}x{z} | {schedule.Parts}";
                Console.WriteLine($"| {layer.Name} | {spec.Input} | {spec.Output} | {how} | {ms:F4} | {spec.Flops / ms / 1e6:F0} |");
            }
        }
        for (int i = 0; i < devices.Length; i++)
            Console.WriteLine($"| all | | | {devices[i].Math} | | | | {milliseconds[i]:F4} | {flops / milliseconds[i] / 1e6:F0} |");
        Console.WriteLine();
    }

    /// <summary>What a frame does beside its convolutions.</summary>
    internal static void Others(GpuDevice device, int rounds)
    {
        Console.WriteLine("| operation | ms | GB/s | |");
        Console.WriteLine("|---|---|---|---|");
        foreach (MicroOperation operation in MicroOperation.Others)
        {
            using PreparedOperation prepared = operation.Prepare(device);
            double ms = Launches.Time(device, prepared.Enqueue, rounds, recordable: !prepared.MeetsHost);
            string note = prepared.MeetsHost ? "the host's part included" : "";
            Console.WriteLine($"| {operation.Name} | {ms:F4} | {operation.Bytes / ms / 1e6:G3} | {note} |");
        }
        Console.WriteLine();
    }
}
