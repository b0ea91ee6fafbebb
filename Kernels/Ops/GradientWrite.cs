namespace SiamIlgpu.Kernels.Ops;

/// <summary>
/// How a backward pass writes the gradients of parameters. Where branches share parameters, the first branch overwrites and the
/// others accumulate.
/// </summary>
public enum GradientWrite
{
    /// <summary>The gradient replaces what is there.</summary>
    Overwrite,

    /// <summary>The gradient is added to what is there.</summary>
    Accumulate,
}
