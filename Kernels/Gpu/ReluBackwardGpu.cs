namespace SiamIlgpu.Kernels.Gpu;

internal sealed class ReluBackwardGpu : ReluBackward
{
    private readonly GpuKernel kernel;
    private readonly ReluBackwardArguments arguments;

    internal ReluBackwardGpu(GpuDevice device, ReluSpec spec)
        : base(device, spec)
    {
        kernel = device.Load("ReluBackward");
        arguments = new ReluBackwardArguments { Quads = checked((int)(spec.Shape.Length(device.FeatureLayout) / 4)) };
    }

    protected override void BackwardCore(TensorView output, TensorView gradient) =>
        kernel.LaunchOver(arguments.Quads, [output.OnGpu(), gradient.OnGpu()], arguments);
}
