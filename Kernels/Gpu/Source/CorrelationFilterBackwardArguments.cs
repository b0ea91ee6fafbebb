namespace SiamIlgpu.Kernels.Gpu.Source;

/// <summary>What the kernel that ends the correlation filter's gradients is told.</summary>
internal readonly record struct CorrelationFilterBackwardArguments
{
    /// <summary>Blocks of sixteen channels of the features.</summary>
    internal int Blocks { get; init; }

    /// <summary>Pixels of a plane.</summary>
    internal int Pixels { get; init; }

    /// <summary>1 when the gradients of window and target are added to what is there, else 0.</summary>
    internal int Accumulate { get; init; }
}
