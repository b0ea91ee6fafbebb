using System.CommandLine;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Bench;

/// <summary>Options that several verbs share.</summary>
internal static partial class Arguments
{
    internal static Option<string> Network(string description = "One of the papers' networks.")
    {
        var option = new Option<string>("--network") { Description = description, DefaultValueFactory = _ => "siamfc" };
        option.AcceptOnlyFromAmong([.. NetworkDefinition.Named.Keys]);
        return option;
    }

    /// <summary>Weights from a file; what a verb makes up unless given.</summary>
    internal static Option<FileInfo?> Model() => new("--model") { Description = "Weights to use instead of random ones.", HelpName = "FILE" };

    /// <summary>The weights of <see cref="Model"/>, or random ones for <see cref="Network"/>.</summary>
    internal static NetworkWeights WeightsOf(ParseResult parsed, Option<FileInfo?> model, Option<string> network) =>
        parsed.GetValue(model) is { } file ? NetworkWeights.Load(file.FullName) : SeededNetwork.Create(parsed.GetRequiredValue(network));

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
