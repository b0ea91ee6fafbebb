namespace SiamIlgpu.Kernels.Cpu;

/// <summary>How the CPU device computes a convolution.</summary>
public enum ConvolutionAlgorithm
{
    /// <summary>For each layer, the algorithm that is estimated to be faster.</summary>
    Automatic,

    /// <summary>By the definition: for any shape, with the smallest rounding errors and without scratch memory.</summary>
    Direct,

    /// <summary>Winograd's minimal filtering where it applies, else the direct algorithm.</summary>
    Winograd,
}

/// <summary>How to use the CPU.</summary>
public sealed record CpuDeviceOptions
{
    /// <summary>Number of threads that share the work, including the caller's; 0 for <see cref="CpuDevice.DefaultThreads"/>.</summary>
    public int Threads { get; init; }

    /// <summary>How convolutions are computed.</summary>
    public ConvolutionAlgorithm Convolution { get; init; }
}
