namespace SiamIlgpu.Kernels.Cpu;

/// <summary>Chooses how the processor computes a convolution.</summary>
internal static class ConvolutionCpu
{
    internal static Convolution Create(CpuDevice device, ConvolutionSpec spec, ReadOnlySpan<float> filters, ReadOnlySpan<float> bias) =>
        new DirectConvolutionCpu(device, spec, filters, bias);
}
