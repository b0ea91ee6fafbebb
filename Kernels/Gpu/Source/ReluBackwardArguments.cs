namespace SiamIlgpu.Kernels.Gpu.Source;

/// <summary>What the kernel of a ReLU's gradient is told.</summary>
internal readonly record struct ReluBackwardArguments
{
    /// <summary>Groups of four floats.</summary>
    internal int Quads { get; init; }
}
