namespace SiamIlgpu.Kernels.Cpu;

internal sealed class CrossCorrelationCpu : CrossCorrelation
{
    internal CrossCorrelationCpu(CpuDevice device, CrossCorrelationSpec spec)
        : base(device, spec)
    {
    }

    protected override void ForwardCore(TensorView template, TensorView search, TensorView response) => throw new NotSupportedException();
}
