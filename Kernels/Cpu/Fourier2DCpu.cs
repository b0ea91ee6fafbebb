namespace SiamIlgpu.Kernels.Cpu;

internal sealed class Fourier2DCpu : Fourier2D
{
    internal Fourier2DCpu(CpuDevice device, Fourier2DSpec spec)
        : base(device, spec)
    {
    }

    protected override void ForwardCore(TensorView planes, TensorView spectrumReal, TensorView spectrumImaginary) => throw new NotSupportedException();

    protected override void InverseCore(TensorView spectrumReal, TensorView spectrumImaginary, TensorView planes) => throw new NotSupportedException();
}
