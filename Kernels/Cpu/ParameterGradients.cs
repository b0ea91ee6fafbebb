namespace SiamIlgpu.Kernels.Cpu;

/// <summary>How the gradients of parameters, summed in double, arrive where they belong.</summary>
internal static class ParameterGradients
{
    internal static void Write(ref float gradient, double value, GradientWrite write) =>
        gradient = (float)(write == GradientWrite.Accumulate ? gradient + value : value);
}
