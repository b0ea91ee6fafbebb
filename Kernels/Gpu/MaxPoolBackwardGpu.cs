namespace SiamIlgpu.Kernels.Gpu;

internal sealed class MaxPoolBackwardGpu : MaxPoolBackward
{
    private readonly GpuKernel kernel;
    private readonly MaxPoolArguments arguments;

    internal MaxPoolBackwardGpu(GpuDevice device, MaxPoolSpec spec)
        : base(device, spec)
    {
        kernel = device.Load("MaxPool.Backward");
        arguments = MaxPoolGpu.Arguments(spec, spec.Input.Length(device.FeatureLayout));
    }

    protected override void BackwardCore(TensorView input, TensorView output, TensorView outputGradient, TensorView inputGradient) =>
        kernel.LaunchOver(arguments.Quads, [input.OnGpu(), output.OnGpu(), outputGradient.OnGpu(), inputGradient.OnGpu()], arguments);
}
