namespace SiamIlgpu.Kernels.Cpu;

internal sealed class CropResizeCpu : CropResize
{
    internal CropResizeCpu(CpuDevice device, CropResizeSpec spec)
        : base(device, spec)
    {
    }

    protected override void ForwardCore(in FrameView frame, in CropPyramid pyramid, TensorView crops) => throw new NotSupportedException();
}
