namespace SiamIlgpu.Kernels;

/// <summary>
/// What a backward pass does with the gradients of parameters: the first of the branches that share them overwrites, the
/// others accumulate.
/// </summary>
public enum GradientWrite
{
    /// <summary>What was there is lost.</summary>
    Overwrite,

    /// <summary>The gradient is added to what is there.</summary>
    Accumulate,
}
