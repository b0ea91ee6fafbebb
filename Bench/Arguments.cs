using System.CommandLine;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Bench;

/// <summary>Options that several verbs share.</summary>
internal static class Arguments
{
    internal static Option<string> Network()
    {
        var option = new Option<string>("--network") { Description = "One of the papers' networks.", DefaultValueFactory = _ => "siamfc" };
        option.AcceptOnlyFromAmong([.. PaperNetworks.Names]);
        return option;
    }

    internal static Option<ConvolutionAlgorithm> Convolution() =>
        new("--convolution") { Description = "How convolutions are computed.", DefaultValueFactory = _ => ConvolutionAlgorithm.Automatic };

    /// <summary>A number of at least one.</summary>
    internal static Option<int> Count(string name, int byDefault, string description) =>
        Positive(new Option<int>(name) { Description = description, DefaultValueFactory = _ => byDefault });

    /// <summary>A number of at least one, or none.</summary>
    internal static Option<int?> OptionalCount(string name, string description) =>
        Positive(new Option<int?>(name) { Description = description });

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
