namespace SiamIlgpu.Kernels.Gpu.Source;

/// <summary>What the kernel of the logistic loss is told.</summary>
internal readonly record struct LogisticLossArguments
{
    /// <summary>Values of a map.</summary>
    internal int Places { get; init; }

    /// <summary>1 / batch.</summary>
    internal float Share { get; init; }
}
