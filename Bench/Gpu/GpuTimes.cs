using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Bench.Gpu;

/// <summary>Times single operations of a GPU: a network's convolutions, the rest of a frame, operations of a training step.</summary>
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
                using var tensors = new CaseTensors(on);
                double ms = Launches.Time(on, layer.Prepare(tensors, filters), rounds);
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

    /// <summary>The rest of a frame, and operations of a training step.</summary>
    internal static void Others(GpuDevice device, int rounds)
    {
        Console.WriteLine("| operation | ms | GB/s | |");
        Console.WriteLine("|---|---|---|---|");
        foreach (OperationCase operation in OperationCases.TimedOthers)
        {
            using var tensors = new CaseTensors(device);
            double ms = Launches.Time(device, operation.Prepare(tensors), rounds, recordable: !operation.MeetsHost);
            string note = operation.MeetsHost ? "the host's part included" : "";
            Console.WriteLine($"| {operation.Name} | {ms:F4} | {operation.Bytes / ms / 1e6:G3} | {note} |");
        }
        Console.WriteLine();
    }
}
