namespace SiamIlgpu.Kernels.Gpu.Source;

/// <summary>
/// What the kernels of batch normalisation in training are told. A plane is an image's block of sixteen channels, or the only
/// channel of an image; positions count in floats.
/// </summary>
internal readonly record struct BatchNormTrainingArguments
{
    /// <summary>Floats of a plane that a group of threads sums up.</summary>
    internal const int Stretch = 4096;

    /// <summary>What is known of a channel in a stretch: number of values, their mean, the squares of what they differ from it.</summary>
    internal const int MomentParts = 3;

    /// <summary>What is known of a channel's gradient in a stretch: the sum of dL/dy, and that of dL/dy * (x - mean).</summary>
    internal const int GradientParts = 2;

    /// <summary>What the normalisation needs of a channel: mean, gain / sigma, offset.</summary>
    internal const int ForwardFactors = 3;

    /// <summary>What the gradient needs of a channel: mean, gain / sigma, o / N, g / (N sigma).</summary>
    internal const int BackwardFactors = 4;

    /// <summary>Channels side by side: 16, or 1.</summary>
    internal int Lanes { get; init; }

    /// <summary>Number of images.</summary>
    internal int Batch { get; init; }

    /// <summary>Planes of an image.</summary>
    internal int Blocks { get; init; }

    /// <summary>Channels, unused lanes not counted.</summary>
    internal int Channels { get; init; }

    /// <summary>Floats of a plane.</summary>
    internal int PlaneLength { get; init; }

    /// <summary>Stretches of a plane.</summary>
    internal int Stretches { get; init; }

    /// <summary>N: values of a channel in the whole batch.</summary>
    internal float Count { get; init; }

    /// <summary>Is added to the variance.</summary>
    internal float Epsilon { get; init; }

    /// <summary>1: negative results become 0.</summary>
    internal int Relu { get; init; }

    /// <summary>1: gradients of parameters are added to what is there.</summary>
    internal int Accumulate { get; init; }
}
