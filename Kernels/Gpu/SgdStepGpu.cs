namespace SiamIlgpu.Kernels.Gpu;

/// <summary>
/// One launch for all segments. They are cut into ranges, one for each group of threads, which a table on the device lists.
/// </summary>
internal sealed class SgdStepGpu : SgdStep
{
    private readonly GpuKernel kernel;
    private readonly GpuBuffer bounds, factors;
    private readonly int stretches;

    internal SgdStepGpu(GpuDevice device, SgdSpec spec)
        : base(device, spec)
    {
        kernel = device.Load("SgdStep");
        var places = new List<int>();
        var values = new List<float>();
        foreach (SgdSegment segment in spec.Segments)
        {
            bool isAverage = segment.AverageOf > 0;
            double first = isAverage ? 1 - (double)segment.Rate : segment.Rate;
            double second = isAverage ? (double)segment.Rate / segment.AverageOf : (double)spec.WeightDecay * segment.Decay;
            int end = checked((int)(segment.Offset + segment.Length));
            for (int from = (int)segment.Offset; from < end; from += SgdStepArguments.Stretch)
            {
                places.AddRange([from, Math.Min(end - from, SgdStepArguments.Stretch) + from, isAverage ? 1 : 0]);
                values.AddRange([(float)first, (float)second]);
                stretches++;
            }
        }
        bounds = device.Store<int>(places.ToArray());
        factors = device.Store<float>(values.ToArray());
    }

    protected override void StepCore(TensorView parameters, TensorView gradients, TensorView velocities, float learningRate)
    {
        if (stretches == 0)
            return;
        kernel.Launch(
            new GridSize(stretches), [bounds.All, factors.All, parameters.OnGpu(), gradients.OnGpu(), velocities.OnGpu()],
            new SgdStepArguments { Momentum = Spec.Momentum, Rate = learningRate });
    }

    protected override void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        bounds.Dispose();
        factors.Dispose();
    }
}
