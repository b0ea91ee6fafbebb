namespace SiamIlgpu.Kernels.Gpu;

internal sealed class LogisticLossGpu : LogisticLoss
{
    private readonly GpuKernel kernel;
    private readonly LogisticLossArguments arguments;

    internal LogisticLossGpu(GpuDevice device, LogisticLossSpec spec)
        : base(device, spec)
    {
        kernel = device.Load("LogisticLoss");
        arguments = new LogisticLossArguments { Places = checked(spec.Size * spec.Size), Share = 1f / spec.Batch };
    }

    protected override void RunCore(TensorView scores, TensorView labels, TensorView weights, TensorView losses, TensorView scoreGradient) =>
        kernel.Launch(
            new GridSize(Spec.Batch), [scores.OnGpu(), labels.OnGpu(), weights.OnGpu(), losses.OnGpu(), scoreGradient.OnGpu()], arguments);
}
