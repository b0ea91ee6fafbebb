using System.CommandLine;
using System.CommandLine.Parsing;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Bench;

/// <summary>Options that several verbs share.</summary>
internal static class Arguments
{
    internal static Option<string> Network(string description = "One of the papers' networks.")
    {
        var option = new Option<string>("--network") { Description = description, DefaultValueFactory = _ => "siamfc" };
        option.AcceptOnlyFromAmong([.. PaperNetworks.Names]);
        return option;
    }

    /// <summary>Weights from a file; what a verb makes up unless given.</summary>
    internal static Option<FileInfo?> Model() => new("--model") { Description = "Weights to use instead of random ones.", HelpName = "FILE" };

    /// <summary>The weights of <see cref="Model"/>, or random ones for <see cref="Network"/>.</summary>
    internal static NetworkWeights WeightsOf(ParseResult parsed, Option<FileInfo?> model, Option<string> network) =>
        parsed.GetValue(model) is { } file ? NetworkWeights.Load(file.FullName) : SeededNetwork.Create(parsed.GetRequiredValue(network));

    /// <summary>A device by kind and number; <paramref name="byDefault"/> null: it must be given.</summary>
    internal static Option<DeviceChoice> Device(DeviceChoice? byDefault, string description) => new("--device")
    {
        Description = description,
        HelpName = "cpu|cuda|opencl[:N]",
        Required = byDefault is null,
        DefaultValueFactory = byDefault is { } choice ? _ => choice : null,
        CustomParser = Parse,
    };

    internal static Option<ConvolutionAlgorithm> Convolution() =>
        new("--convolution") { Description = "How convolutions are computed.", DefaultValueFactory = _ => ConvolutionAlgorithm.Automatic };

    /// <summary>A number of at least one.</summary>
    internal static Option<int> Count(string name, int byDefault, string description) =>
        Positive(new Option<int>(name) { Description = description, DefaultValueFactory = _ => byDefault });

    /// <summary>A number of at least one, or none.</summary>
    internal static Option<int?> OptionalCount(string name, string description) =>
        Positive(new Option<int?>(name) { Description = description });

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

    private static Option<T> Positive<T>(Option<T> option)
    {
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<T>() is int and < 1)
                result.AddError($"{option.Name} must be at least 1");
        });
        return option;
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
