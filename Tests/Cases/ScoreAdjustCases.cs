using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Cases;

/// <summary>The score maps that every device must adjust right, with their data.</summary>
internal static class ScoreAdjustCases
{
    internal const float Gain = 0.75f;
    internal const float Bias = -0.5f;

    internal static IEnumerable<ScoreAdjustSpec> All
    {
        get
        {
            foreach (int size in (int[])[1, 7, 8, 9, 15, 17, 33, 57])
                yield return new ScoreAdjustSpec(size % 3 + 1, size);
            yield return new ScoreAdjustSpec(8, 33);
        }
    }

    internal static float[] Responses(in ScoreAdjustSpec spec) => TestValues.Uniform(spec.Maps.Count, seed: 61);

    internal static float[] ScoreGradient(in ScoreAdjustSpec spec) => TestValues.Uniform(spec.Maps.Count, seed: 62);
}
