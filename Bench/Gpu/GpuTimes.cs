using SiamIlgpu.Bench.Micro;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Bench.Gpu;

/// <summary>Times single operations of a GPU: each convolution of a network, and the rest of a frame.</summary>
internal static class GpuTimes
{
    private const double MostDifference = 2e-5;

    /// <summary>Each convolution with its schedule; with TF32 beside it where there are tensor cores.</summary>
    internal static void Convolutions(GpuDevice device, string network, int batch, int rounds)
    {
        Console.WriteLine($"| {network}, batch {batch} | input | output | products | tile | groups | parts | ms | GFLOP/s |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        GpuDevice[] devices = device.Driver.HasTensorCores ? [device, new GpuDevice(device.Driver, MathMode.Tf32)] : [device];
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

    /// <summary>Each convolution beside one written in OpenCL C by hand, by turns; for processors.</summary>
    internal static void AgainstHandWritten(GpuDevice device, string network, int batch, int rounds)
    {
        Console.WriteLine($"| {network}, batch {batch} | ours, ms | GFLOP/s | by hand, ms | GFLOP/s | ours / by hand | difference |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach (ConvolutionCase layer in PaperNetworks.Convolutions(network, batch, crop: 255))
        {
            ConvolutionSpec spec = layer.Spec;
            using Convolution operation = device.Prepare(spec, layer.Filters(), layer.Bias());
            using var byHand = new HandWrittenConvolution(device, spec, layer.Filters(), layer.Bias());
            using var tensors = new Scratch(device);
            TensorView input = tensors.Of(layer.Input(), spec.Input, spec.InputLayout(device));
            TensorView output = tensors.Garbage(spec.Output, device.FeatureLayout);
            TensorView other = tensors.Garbage(spec.Output, device.FeatureLayout);
            (Timing ofOurs, Timing ofTheirs) = Turns.Time(() => Run(operation.Forward, output), () => Run(byHand.Forward, other), rounds);
            double difference = Difference(tensors.Read(output), tensors.Read(other));
            double ours = ofOurs.Median, theirs = ofTheirs.Median;
            string both = $"{ours:F2} | {spec.Flops / ours / 1e6:F0} | {theirs:F2} | {spec.Flops / theirs / 1e6:F0}";
            Console.WriteLine($"| {layer.Name} | {both} | {ours / theirs:F3} | {difference:0E+0} |");

            void Run(Action<TensorView, TensorView> forward, TensorView to)
            {
                forward(input, to);
                device.Synchronize();
            }
        }
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

    // Throws when it is no rounding.
    private static double Difference(float[] ours, float[] theirs)
    {
        double worst = 0, scale = 0;
        for (int i = 0; i < ours.Length; i++)
        {
            worst = Math.Max(worst, Math.Abs(ours[i] - theirs[i]));
            scale = Math.Max(scale, Math.Abs(theirs[i]));
        }
        return worst / scale is <= MostDifference and var share
            ? share : throw new DeviceException($"ours and the convolution by hand differ by {worst / scale:0.0E+0}");
    }
}
