using System.Globalization;
using SiamIlgpu.Kernels.Cpu;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>
/// A device by the name that people give it in settings and on command lines: <c>auto</c>, <c>cpu</c>, <c>cuda</c>, <c>opencl</c>, or
/// <c>cuda:1</c> for the second CUDA device that <see cref="Devices.List"/> lists.
/// </summary>
/// <param name="Kind">What drives the device; null for the best device there is.</param>
/// <param name="Index">Its number among the devices of its kind, from 0.</param>
/// <example>
/// <code>
/// using ComputeDevice device = DeviceName.TryParse(settings["device"], out DeviceName name) ? name.Open() : Devices.OpenBest();
/// </code>
/// </example>
public readonly record struct DeviceName(DeviceKind? Kind, int Index = 0)
{
    /// <summary>What can be written, for help texts and errors.</summary>
    public const string Forms = "auto, cpu, cuda, opencl, or with a number such as cuda:1";

    /// <summary>Reads a name; case does not matter.</summary>
    /// <param name="text">One of the <see cref="Forms"/>.</param>
    /// <param name="name">The device that is meant. It may not exist: <see cref="Open"/> finds out.</param>
    /// <returns>False when the text is no name of a device.</returns>
    public static bool TryParse(string text, out DeviceName name)
    {
        name = default;
        string[] parts = text.Split(':');
        int index = 0;
        if (parts.Length > 2 || (parts.Length == 2 && !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out index)))
            return false;
        DeviceName? found = parts[0].ToLowerInvariant() switch
        {
            "auto" when index == 0 => new DeviceName(null),
            "cpu" when index == 0 => new DeviceName(DeviceKind.Cpu),
            "cuda" => new DeviceName(DeviceKind.Cuda, index),
            "opencl" => new DeviceName(DeviceKind.OpenCl, index),
            _ => null,
        };
        name = found ?? default;
        return found is not null;
    }

    /// <summary>Opens the device.</summary>
    /// <param name="cpu">How to use the CPU, if it is the CPU.</param>
    /// <param name="math">The precision of the products in convolutions, if the name says CUDA.</param>
    /// <exception cref="DeviceUnavailableException">There is no such device, or it cannot be used; the message says why.</exception>
    public ComputeDevice Open(CpuDeviceOptions? cpu = null, ConvolutionMath math = ConvolutionMath.Float32) =>
        Kind is { } kind ? Devices.Open(kind, Index, cpu, math) : Devices.OpenBest(cpu);

    /// <inheritdoc/>
    public override string ToString() => Kind is { } kind ? $"{kind.ToString().ToLowerInvariant()}:{Index}" : "auto";
}
