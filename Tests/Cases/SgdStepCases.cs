using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Cases;

/// <summary>The arenas that every device must step right, with their data.</summary>
internal static class SgdStepCases
{
    internal const float LearningRate = 0.0125f;

    internal static IEnumerable<SgdSpec> All
    {
        get
        {
            foreach (int length in (int[])[1, 7, 8, 9, 15, 17, 57])
                yield return new SgdSpec(length, [new(0, length, 1, 1)], 0.9f, 5e-4f);
            // Gaps at both ends and between; filters, biases, moments, something frozen, more than a stretch of work.
            SgdSegment[] segments = [new(3, 300, 1, 1), new(303, 17, 2, 0), new(330, 64, 0.05f, 0, AverageOf: 3), new(400, 9, 0, 1)];
            yield return new SgdSpec(1000, segments, 0.9f, 0.1f);
            yield return new SgdSpec(250_007, [new(5, 200_001, 1, 1), new(200_010, 49_990, 0.3f, 1, AverageOf: 1)], 0.5f, 0.1f);
            yield return new SgdSpec(10, [], 0.9f, 5e-4f);
        }
    }

    internal static float[] Parameters(SgdSpec spec) => TestValues.Uniform(spec.Length, seed: 91);

    internal static float[] Gradients(SgdSpec spec) => TestValues.Uniform(spec.Length, seed: 92);

    internal static float[] Velocities(SgdSpec spec) => TestValues.Uniform(spec.Length, seed: 93);
}
