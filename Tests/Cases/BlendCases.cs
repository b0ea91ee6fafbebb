using SiamIlgpu.Kernels;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Tests.Cases;

/// <summary>A running average that takes an update in.</summary>
internal sealed class BlendCase(BlendSpec spec, float rate, string? name = null)
    : OperationCase("Blend", name ?? $"{spec.Shape} at rate {rate}")
{
    // At the rates 0 and 1 the result is one of the two, to the last bit.
    private readonly double tolerance = rate is 0 or 1 ? 0 : 2e-7;

    private float[] Average => TestValues.Uniform(spec.Shape.Count, seed: 1);

    private float[] Update => TestValues.Uniform(spec.Shape.Count, seed: 2);

    internal override double Flops => 3.0 * spec.Shape.Count;

    internal override long Bytes => spec.Bytes;

    internal override Action Prepare(CaseTensors on)
    {
        Blend operation = on.Own(on.Device.Prepare(spec));
        TensorView average = on.InOut(Average, spec.Shape), update = on.Input(Update, spec.Shape);
        return () => operation.Forward(average, update, rate);
    }

    internal override IReadOnlyList<Expected> Reference() =>
        [new("average", spec.Shape, tolerance, BlendReference.Average(Average, Update, rate))];
}

/// <summary>The blends that every device must get right.</summary>
internal static class BlendCases
{
    internal static IEnumerable<BlendCase> All =>
        from shape in (TensorShape[])[new(1, 32, 25, 25), .. ((int[])[1, 7, 8, 9, 15, 17]).Select(size => new TensorShape(2, size, size, 1))]
        from rate in (float[])[0, 0.005f, 0.5f, 1]
        select new BlendCase(new BlendSpec(shape), rate);
}
