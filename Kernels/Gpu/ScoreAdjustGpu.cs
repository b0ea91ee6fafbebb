namespace SiamIlgpu.Kernels.Gpu;

internal sealed class ScoreAdjustGpu : ScoreAdjust
{
    private readonly GpuKernel forward, backward;
    private readonly ScoreAdjustArguments arguments;

    internal ScoreAdjustGpu(GpuDevice device, ScoreAdjustSpec spec)
        : base(device, spec)
    {
        forward = device.Load("ScoreAdjust");
        backward = device.Load("ScoreAdjust.Backward");
        arguments = new ScoreAdjustArguments { Places = checked((int)spec.Maps.Count) };
    }

    protected override void ForwardCore(TensorView responses, TensorView gain, TensorView bias, TensorView scores) =>
        forward.LaunchOver(arguments.Places, [responses.OnGpu(), gain.OnGpu(), bias.OnGpu(), scores.OnGpu()], arguments);

    protected override void BackwardCore(
        TensorView responses, TensorView gain, TensorView scoreGradient,
        TensorView responseGradient, TensorView gainGradient, TensorView biasGradient, GradientWrite write) =>
        backward.Launch(
            new GridSize(1),
            [responses.OnGpu(), gain.OnGpu(), scoreGradient.OnGpu(), responseGradient.OnGpu(), gainGradient.OnGpu(), biasGradient.OnGpu()],
            arguments with { Accumulate = write == GradientWrite.Accumulate ? 1 : 0 });
}
