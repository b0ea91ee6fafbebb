using SiamIlgpu.Kernels;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Tests.Cases;

/// <summary>A few steps of the optimizer over an arena.</summary>
internal sealed class SgdStepCase(SgdSpec spec, string? name = null) : OperationCase("SgdStep", name ?? $"{spec.Length} floats")
{
    private const int Steps = 3;
    private const float LearningRate = 0.0125f;

    internal override long Bytes => Steps * sizeof(float) * 5 * spec.Length;

    internal float[] Parameters => TestValues.Uniform(spec.Length, seed: 91);

    internal float[] Velocities => TestValues.Uniform(spec.Length, seed: 93);

    private float[] Gradients => TestValues.Uniform(spec.Length, seed: 92);

    internal override Action Prepare(CaseTensors on)
    {
        SgdStep operation = on.Own(on.Device.PrepareStep(spec));
        TensorView parameters = on.InOut(Parameters, spec.Arena, TensorLayout.Planar);
        TensorView velocities = on.InOut(Velocities, spec.Arena, TensorLayout.Planar);
        TensorView gradients = on.Input(Gradients, spec.Arena, TensorLayout.Planar);
        return () =>
        {
            for (int step = 0; step < Steps; step++)
                operation.Step(parameters, gradients, velocities, LearningRate);
        };
    }

    internal override IReadOnlyList<Expected> Reference()
    {
        double[] parameters = Parameters.Doubles(), velocities = Velocities.Doubles(), gradients = Gradients.Doubles();
        for (int step = 0; step < Steps; step++)
            SgdStepReference.Step(spec, parameters, gradients, velocities, LearningRate);
        return [new("parameters", spec.Arena, 1e-6, parameters), new("velocities", spec.Arena, 1e-6, velocities)];
    }
}

/// <summary>The arenas that every device must step right.</summary>
internal static class SgdStepCases
{
    internal static IEnumerable<SgdStepCase> All => Specs.Select(spec => new SgdStepCase(spec));

    internal static IEnumerable<SgdSpec> Specs
    {
        get
        {
            foreach (int length in (int[])[1, 7, 8, 9, 15, 17, 57])
                yield return new SgdSpec(length, [new(0, length, 1, 1)], 0.9f, 5e-4f);
            // Gaps at both ends and between; filters, biases, moments, something frozen, more than a stretch of work.
            ParameterSegment[] segments = [new(3, 300, 1, 1), new(303, 17, 2, 0), new(330, 64, 0.05f, 0, AverageOf: 3), new(400, 9, 0, 1)];
            yield return new SgdSpec(1000, segments, 0.9f, 0.1f);
            yield return new SgdSpec(250_007, [new(5, 200_001, 1, 1), new(200_010, 49_990, 0.3f, 1, AverageOf: 1)], 0.5f, 0.1f);
            yield return new SgdSpec(10, [], 0.9f, 5e-4f);
        }
    }
}
