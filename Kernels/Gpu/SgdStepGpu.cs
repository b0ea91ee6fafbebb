namespace SiamIlgpu.Kernels.Gpu;

/// <summary>One launch for all segments.</summary>
internal sealed class SgdStepGpu : SgdStep
{
    private readonly GpuKernel kernel;
    private readonly ParameterStretches stretches;

    internal SgdStepGpu(GpuDevice device, SgdSpec spec)
        : base(device, spec)
    {
        kernel = device.Load("SgdStep");
        stretches = new ParameterStretches(device, spec.Segments, spec.WeightDecay);
    }

    protected override void StepCore(TensorView parameters, TensorView gradients, TensorView velocities, float learningRate)
    {
        if (stretches.Count == 0)
            return;
        kernel.Launch(
            new GridSize(stretches.Count),
            [stretches.Bounds.All, stretches.Factors.All, parameters.OnGpu(), gradients.OnGpu(), velocities.OnGpu()],
            new SgdStepArguments { Momentum = Spec.Momentum, Rate = learningRate });
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            stretches.Dispose();
    }
}
