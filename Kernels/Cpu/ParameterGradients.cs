namespace SiamIlgpu.Kernels.Cpu;

/// <summary>Writes the gradients of parameters as <see cref="GradientWrite"/> says.</summary>
internal static class ParameterGradients
{
    internal static void Write(ref float gradient, float value, GradientWrite write) =>
        gradient = write == GradientWrite.Accumulate ? gradient + value : value;

    /// <summary>The same for a sum in double.</summary>
    internal static void Write(ref float gradient, double value, GradientWrite write) =>
        gradient = (float)(write == GradientWrite.Accumulate ? gradient + value : value);
}
