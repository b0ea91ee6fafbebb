using System.CommandLine;
using SiamIlgpu.Kernels;
using SiamIlgpu.Networks;
using SiamIlgpu.Tracking;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Run;

/// <summary>The network and the parameters of a tracker.</summary>
/// <param name="Network">The network.</param>
/// <param name="Gray">The same network for gray video, or null.</param>
/// <param name="Options">The tracker's parameters; null stands for the paper's values for the network.</param>
internal sealed record TrackingModel(NetworkWeights Network, NetworkWeights? Gray = null, TrackerOptions? Options = null)
{
    internal MultiTracker Prepare(ComputeDevice device) => new(Network, device, Options, Gray);
}

/// <summary>--model and the options that belong to it. Every verb that tracks has them.</summary>
internal sealed class ModelOptions
{
    internal Option<string?> Model { get; } = new("--model")
    {
        Description = "The network: safetensors, or MatConvNet's MAT file as the authors published it; the default model unless given.",
    };

    internal Option<string?> GrayModel { get; } = new("--gray-model")
    {
        Description = "The same network trained for gray video, used when the first frame has no color.",
    };

    internal Option<string?> Preset { get; } = new("--preset")
    {
        Description = "The paper's parameters to track with, by default those for the network: "
            + string.Join(", ", TrackerOptions.Presets.Select(p => p.Name)) + ".",
    };

    internal void AddTo(Command command)
    {
        command.Add(Model);
        command.Add(GrayModel);
        command.Add(Preset);
    }

    internal TrackingModel Open(ParseResult parsed)
    {
        TrackerOptions? options = PresetOf(parsed);
        return new TrackingModel(
            parsed.GetValue(Model) is { } file ? NetworkWeights.Load(file) : DefaultModel.Load(),
            parsed.GetValue(GrayModel) is { } grayFile ? NetworkWeights.Load(grayFile) : null,
            options);
    }

    /// <summary>The parameters that --preset names, or null.</summary>
    internal TrackerOptions? PresetOf(ParseResult parsed)
    {
        if (parsed.GetValue(Preset) is not { } name)
            return null;
        return TrackerOptions.Presets.FirstOrDefault(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? throw new InputException($"--preset: no '{name}'; there are {string.Join(", ", TrackerOptions.Presets.Select(p => p.Name))}");
    }
}
