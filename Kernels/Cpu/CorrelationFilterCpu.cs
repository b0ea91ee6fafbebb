namespace SiamIlgpu.Kernels.Cpu;

internal sealed class CorrelationFilterCpu : CorrelationFilter
{
    internal CorrelationFilterCpu(CpuDevice device, CorrelationFilterSpec spec, ReadOnlySpan<float> window, ReadOnlySpan<float> target)
        : base(device, spec)
    {
    }

    protected override void ForwardCore(TensorView features, TensorView template) => throw new NotSupportedException();
}
