using System.CommandLine;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Kernels.Gpu;

namespace SiamIlgpu.Run;

/// <summary>--device and the options that belong to it. Every verb that runs a network has them.</summary>
internal sealed class DeviceOptions
{
    internal Option<string> Device { get; } = new("--device")
    {
        Description = "Where to run: auto (a GPU if there is one), cpu, cuda or opencl; cuda:1 is the second CUDA device that the verb devices lists.",
        DefaultValueFactory = _ => "auto",
    };

    internal Option<ConvolutionMath> Math { get; } = new("--math")
    {
        Description = "How a CUDA device rounds the products of convolutions; tf32 is faster, and boxes may differ.",
        DefaultValueFactory = _ => ConvolutionMath.Float32,
    };

    internal Option<int> Threads { get; } = new("--threads")
    {
        Description = "Threads of the CPU device; 0 takes every processor that this process may use.",
        DefaultValueFactory = _ => 0,
    };

    internal Option<ConvolutionAlgorithm> Convolution { get; } = new("--convolution")
    {
        Description = "How the CPU device computes convolutions: the faster way layer by layer, or one way for all.",
        DefaultValueFactory = _ => ConvolutionAlgorithm.Automatic,
    };

    internal void AddTo(Command command)
    {
        command.Add(Device);
        command.Add(Math);
        command.Add(Threads);
        command.Add(Convolution);
    }

    internal ComputeDevice Open(ParseResult parsed)
    {
        int threads = parsed.GetValue(Threads);
        if (threads is < 0 or > 1024)
            throw new InputException($"--threads: expected 0 to 1024, got {threads}");
        var cpu = new CpuDeviceOptions { Threads = threads, Convolution = parsed.GetValue(Convolution) };
        string device = parsed.GetRequiredValue(Device);
        return DeviceName.TryParse(device, out DeviceName name)
            ? name.Open(cpu, parsed.GetValue(Math))
            : throw new InputException($"--device: expected {DeviceName.Forms}, got '{device}'");
    }
}
