using System.CommandLine;
using System.CommandLine.Parsing;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Kernels.Gpu;

namespace SiamIlgpu.Bench;

// Apart from the other options, because Bench/Peers, which shares those, has no GPU kernels.
internal static partial class Arguments
{
    /// <summary>A device by kind and number; <paramref name="byDefault"/> null: it must be given.</summary>
    internal static Option<DeviceChoice> Device(DeviceChoice? byDefault, string description) => new("--device")
    {
        Description = description,
        HelpName = "cpu|cuda|opencl[:N]",
        Required = byDefault is null,
        DefaultValueFactory = byDefault is { } choice ? _ => choice : null,
        CustomParser = Parse,
    };

    private static DeviceChoice Parse(ArgumentResult result)
    {
        string[] parts = result.Tokens[0].Value.Split(':');
        int index = 0;
        // A number by itself would pass for a kind.
        if (parts.Length <= 2 && !int.TryParse(parts[0], out _) && Enum.TryParse(parts[0], ignoreCase: true, out DeviceKind kind)
            && (parts.Length == 1 || (int.TryParse(parts[1], out index) && index >= 0)))
            return new DeviceChoice(kind, index);
        result.AddError($"--device: expected cpu, cuda or opencl, maybe with a number (opencl:1), got '{result.Tokens[0].Value}'");
        return default;
    }
}

/// <summary>A device as it is named on a command line: cuda:1.</summary>
internal readonly record struct DeviceChoice(DeviceKind Kind, int Index)
{
    /// <summary>Opens it.</summary>
    /// <param name="cpu">How the CPU computes, if it is the CPU.</param>
    /// <exception cref="DeviceUnavailableException">There is none, or it cannot be used.</exception>
    internal ComputeDevice Open(CpuDeviceOptions cpu) => this == default ? new CpuDevice(cpu) : Devices.Open(Kind, Index);

    /// <inheritdoc/>
    public override string ToString() => $"{Kind.ToString().ToLowerInvariant()}:{Index}";
}
