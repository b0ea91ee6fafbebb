namespace SiamIlgpu.Kernels.Gpu;

internal sealed class BlendGpu : Blend
{
    private readonly GpuKernel kernel;
    private readonly int quads;

    internal BlendGpu(GpuDevice device, BlendSpec spec)
        : base(device, spec)
    {
        kernel = device.Load("Blend");
        quads = checked((int)(spec.Shape.Length(device.FeatureLayout) / 4));
    }

    protected override void ForwardCore(TensorView average, TensorView update, float rate) =>
        kernel.LaunchOver(quads, [average.OnGpu(), update.OnGpu()], new BlendArguments { Quads = quads, Rate = rate });
}
