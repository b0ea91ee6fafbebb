namespace SiamIlgpu.Kernels.Cpu;

internal sealed class BlendCpu : Blend
{
    internal BlendCpu(CpuDevice device, BlendSpec spec)
        : base(device, spec)
    {
    }

    protected override void ForwardCore(TensorView average, TensorView update, float rate) => throw new NotSupportedException();
}
