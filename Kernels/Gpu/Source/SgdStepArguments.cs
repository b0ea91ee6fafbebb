namespace SiamIlgpu.Kernels.Gpu.Source;

/// <summary>What the optimiser's kernel is told.</summary>
internal readonly record struct SgdStepArguments
{
    /// <summary>Parameters that a group of threads moves at most.</summary>
    internal const int Stretch = 1024;

    /// <summary>Ints that describe a stretch: its first parameter, the one behind its last, 1 if it is of a running average.</summary>
    internal const int Bounds = 3;

    /// <summary>
    /// Floats that describe a stretch: the factor of the learning rate and the weight decay; of an average the share that stays and
    /// that of the gradient.
    /// </summary>
    internal const int Factors = 2;

    /// <summary>Share of the velocity that stays.</summary>
    internal float Momentum { get; init; }

    /// <summary>Learning rate.</summary>
    internal float Rate { get; init; }
}
