using System.CommandLine;
using System.CommandLine.Parsing;
using SiamIlgpu.Kernels.Gpu;

namespace SiamIlgpu.Bench;

// Apart from the other options, because Bench/Peers, which shares those, has no GPU kernels.
internal static partial class Arguments
{
    /// <summary>A device on which to run.</summary>
    internal static Option<DeviceName> Device(DeviceName byDefault, string description) => Device(description, DeviceName.Forms, _ => true, byDefault);

    /// <summary>A device of ILGPU, which must be given.</summary>
    internal static Option<DeviceName> GpuDevice(string description) =>
        Device(description, "cuda or opencl, or with a number such as opencl:1", name => name.Kind is DeviceKind.Cuda or DeviceKind.OpenCl, byDefault: null);

    private static Option<DeviceName> Device(string description, string forms, Func<DeviceName, bool> accepts, DeviceName? byDefault) => new("--device")
    {
        Description = description,
        HelpName = "DEVICE",
        Required = byDefault is null,
        DefaultValueFactory = byDefault is { } name ? _ => name : null,
        CustomParser = result => Parse(result, forms, accepts),
    };

    private static DeviceName Parse(ArgumentResult result, string forms, Func<DeviceName, bool> accepts)
    {
        string text = result.Tokens[0].Value;
        if (DeviceName.TryParse(text, out DeviceName name) && accepts(name))
            return name;
        result.AddError($"--device: expected {forms}, got '{text}'");
        return default;
    }
}
