using SiamIlgpu.Kernels;
using SiamIlgpu.Tests.Reference;
using static SiamIlgpu.Tests.Cases.TestValues;

namespace SiamIlgpu.Tests.Cases;

/// <summary>The gradient of a max pooling, with features after a ReLU unless others are given.</summary>
internal sealed class MaxPoolBackwardCase(MaxPoolSpec spec, string? name = null, float[]? input = null, float[]? outputGradient = null)
    : OperationCase("MaxPoolBackward", name ?? MaxPoolCase.NameOf(spec))
{
    internal override long Bytes => sizeof(float) * 2 * (spec.Input.Count + spec.Output.Count);

    internal override bool IsSmall => spec.Input.Count < 50_000;

    // In steps: most windows have several maxima, many nothing but zeros.
    private float[] Input =>
        input ?? [.. Uniform(spec.Input.Count, seed: 31).Select(x => MathF.Max(0, MathF.Round(x * 4) / 4 - 0.5f))];

    private float[] OutputGradient => outputGradient ?? Uniform(spec.Output.Count, seed: 32);

    internal override Action Prepare(CaseTensors on)
    {
        MaxPoolBackward operation = on.Own(on.Device.PrepareBackward(spec));
        TensorView x = on.Input(Input, spec.Input), y = on.Input(MaxPoolReference.Forward(spec, Input.Doubles()).Floats(), spec.Output);
        TensorView dy = on.Input(OutputGradient, spec.Output), dx = on.Output(spec.Input);
        return () => operation.Backward(x, y, dy, dx);
    }

    internal override IReadOnlyList<Expected> Reference()
    {
        double[] gradient = MaxPoolReference.Gradient(spec, Input.Doubles(), OutputGradient.Doubles());
        return [new("input gradient", spec.Input, 1e-6, gradient) { GpuTolerance = 1e-6 }];
    }

    internal override IReadOnlyList<(Func<double[], double> Loss, double[] At)> Losses()
    {
        double[] weights = OutputGradient.Doubles();
        return [(values => Dot(MaxPoolReference.Forward(spec, values), weights), Input.Doubles())];
    }
}

/// <summary>The poolings whose gradient every device must get right.</summary>
internal static class MaxPoolBackwardCases
{
    internal static IEnumerable<MaxPoolBackwardCase> All =>
    [
        .. ((MaxPoolSpec[])[.. MaxPoolCases.Odd, new(2, 32, 123, 123, 3, 2), new(2, 32, 57, 57, 3, 2), new(2, 32, 57, 57, 3, 1)])
            .Select(spec => new MaxPoolBackwardCase(spec)),
        .. Smooth,
    ];

    /// <summary>Small enough for finite differences, and without equal features.</summary>
    internal static IEnumerable<MaxPoolBackwardCase> Smooth =>
        from stride in (int[])[1, 2, 4]
        let spec = new MaxPoolSpec(2, 2, 7, 8, 3, stride)
        select new MaxPoolBackwardCase(spec, $"{MaxPoolCase.NameOf(spec)} without ties", Uniform(spec.Input.Count, seed: 1));
}
