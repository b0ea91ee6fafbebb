namespace SiamIlgpu.Kernels.Cpu;

/// <summary>How the processor computes a convolution.</summary>
public enum ConvolutionAlgorithm
{
    /// <summary>The one that is estimated to be faster, layer by layer.</summary>
    Automatic,

    /// <summary>By the definition: any shape, the smallest rounding errors, no scratch.</summary>
    Direct,

    /// <summary>Winograd's minimal filtering where it applies, else direct.</summary>
    Winograd,
}

/// <summary>How to use the processor.</summary>
public sealed record CpuDeviceOptions
{
    /// <summary>Threads that share the work, the caller's included; 0 for <see cref="CpuDevice.DefaultThreads"/>.</summary>
    public int Threads { get; init; }

    /// <summary>How convolutions are computed.</summary>
    public ConvolutionAlgorithm Convolution { get; init; }
}
