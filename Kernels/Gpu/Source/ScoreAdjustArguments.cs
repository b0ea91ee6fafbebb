namespace SiamIlgpu.Kernels.Gpu.Source;

/// <summary>What the kernels of the map from responses to scores are told.</summary>
internal readonly record struct ScoreAdjustArguments
{
    /// <summary>Values of all maps.</summary>
    internal int Places { get; init; }

    /// <summary>1: gradients of parameters are added to what is there.</summary>
    internal int Accumulate { get; init; }
}
