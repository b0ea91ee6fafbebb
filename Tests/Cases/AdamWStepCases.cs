using SiamIlgpu.Kernels;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Tests.Cases;

/// <summary>A few steps of AdamW over an arena.</summary>
internal sealed class AdamWStepCase(AdamWSpec spec) : OperationCase("AdamWStep", $"{spec.Length} floats")
{
    private const int Steps = 3;
    private const float LearningRate = 0.0125f;

    internal override long Bytes => Steps * sizeof(float) * 7 * spec.Length;

    private float[] Parameters => TestValues.Uniform(spec.Length, seed: 94);

    private float[] Gradients => TestValues.Uniform(spec.Length, seed: 95);

    private float[] Means => TestValues.Uniform(spec.Length, seed: 96);

    // Squares are never negative.
    private float[] Squares => [.. TestValues.Uniform(spec.Length, seed: 97).Select(value => value * value)];

    internal override Action Prepare(CaseTensors on)
    {
        AdamWStep operation = on.Own(on.Device.PrepareStep(spec));
        TensorView parameters = on.InOut(Parameters, spec.Arena, TensorLayout.Planar);
        TensorView means = on.InOut(Means, spec.Arena, TensorLayout.Planar);
        TensorView squares = on.InOut(Squares, spec.Arena, TensorLayout.Planar);
        TensorView gradients = on.Input(Gradients, spec.Arena, TensorLayout.Planar);
        return () =>
        {
            for (int step = 1; step <= Steps; step++)
                operation.Step(parameters, gradients, means, squares, LearningRate, step);
        };
    }

    internal override IReadOnlyList<Expected> Reference()
    {
        double[] parameters = Parameters.Doubles(), gradients = Gradients.Doubles(), means = Means.Doubles(), squares = Squares.Doubles();
        for (int step = 1; step <= Steps; step++)
            AdamWStepReference.Step(spec, parameters, gradients, means, squares, LearningRate, step);
        // The first steps divide by roots of small squares, so parameters move far; the error grows with the way.
        return
        [
            new("parameters", spec.Arena, 2e-6, parameters), new("means", spec.Arena, 1e-6, means), new("squares", spec.Arena, 1e-6, squares),
        ];
    }
}

/// <summary>The arenas that every device must step right by AdamW: those of <see cref="SgdStepCases"/>.</summary>
internal static class AdamWStepCases
{
    internal static IEnumerable<AdamWStepCase> All =>
        SgdStepCases.Specs.Select(spec => new AdamWStepCase(new AdamWSpec(spec.Length, spec.Segments, spec.WeightDecay)));
}
