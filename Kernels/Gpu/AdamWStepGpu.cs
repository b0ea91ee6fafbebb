namespace SiamIlgpu.Kernels.Gpu;

/// <summary>One launch for all segments.</summary>
internal sealed class AdamWStepGpu : AdamWStep
{
    private readonly GpuKernel kernel;
    private readonly ParameterStretches stretches;

    internal AdamWStepGpu(GpuDevice device, AdamWSpec spec)
        : base(device, spec)
    {
        kernel = device.Load("AdamWStep");
        stretches = new ParameterStretches(device, spec.Segments, spec.WeightDecay);
    }

    protected override void StepCore(
        TensorView parameters, TensorView gradients, TensorView means, TensorView squares, float learningRate, float meanScale, float rootScale)
    {
        if (stretches.Count == 0)
            return;
        kernel.Launch(
            new GridSize(stretches.Count),
            [stretches.Bounds.All, stretches.Factors.All, parameters.OnGpu(), gradients.OnGpu(), means.OnGpu(), squares.OnGpu()],
            new AdamWStepArguments
            {
                Beta1 = Spec.Beta1,
                Beta2 = Spec.Beta2,
                Epsilon = Spec.Epsilon,
                MeanScale = meanScale,
                RootScale = rootScale,
                Rate = learningRate,
            });
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            stretches.Dispose();
    }
}
