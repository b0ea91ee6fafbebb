namespace SiamIlgpu.Kernels.Cpu;

/// <summary>How the gradients of parameters arrive where they belong.</summary>
internal static class ParameterGradients
{
    internal static void Write(ref float gradient, float value, GradientWrite write) =>
        gradient = write == GradientWrite.Accumulate ? gradient + value : value;

    /// <summary>The same for what was summed in double.</summary>
    internal static void Write(ref float gradient, double value, GradientWrite write) =>
        gradient = (float)(write == GradientWrite.Accumulate ? gradient + value : value);
}
