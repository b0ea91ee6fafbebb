namespace SiamIlgpu.Kernels.Cpu;

internal sealed class MaxPoolCpu : MaxPool
{
    internal MaxPoolCpu(CpuDevice device, MaxPoolSpec spec)
        : base(device, spec)
    {
    }

    protected override void ForwardCore(TensorView input, TensorView output) => throw new NotSupportedException();
}
