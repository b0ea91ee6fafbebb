namespace SiamIlgpu.Kernels.Cpu;

internal sealed class ResponsePeakCpu : ResponsePeak
{
    internal ResponsePeakCpu(CpuDevice device, ResponsePeakSpec spec)
        : base(device, spec)
    {
    }

    public override PeakResult Read() => throw new NotSupportedException();

    protected override void ForwardCore(TensorView responses) => throw new NotSupportedException();
}
