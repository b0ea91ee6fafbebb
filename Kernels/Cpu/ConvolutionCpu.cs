namespace SiamIlgpu.Kernels.Cpu;

internal sealed class ConvolutionCpu : Convolution
{
    internal ConvolutionCpu(CpuDevice device, ConvolutionSpec spec, ReadOnlySpan<float> filters, ReadOnlySpan<float> bias)
        : base(device, spec)
    {
    }

    protected override void ForwardCore(TensorView input, TensorView output) => throw new NotSupportedException();
}
