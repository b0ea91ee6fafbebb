using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Cases;

/// <summary>The score maps whose logistic loss every device must get right, with their data.</summary>
internal static class LogisticLossCases
{
    internal static IEnumerable<LogisticLossSpec> All
    {
        get
        {
            foreach (int size in (int[])[1, 7, 8, 9, 15, 17, 57])
                yield return new LogisticLossSpec(size % 3 + 1, size);
            yield return new LogisticLossSpec(8, 33);
        }
    }

    /// <summary>Scores within +-3 where nothing overflows.</summary>
    internal static float[] Scores(in LogisticLossSpec spec) => [.. TestValues.Uniform(spec.Maps.Count, seed: 71).Select(v => 3 * v)];

    /// <summary>+1 for some, -1 for most.</summary>
    internal static float[] Labels(in LogisticLossSpec spec) => [.. TestValues.Uniform(spec.Maps.Count, seed: 72).Select(v =>
        v > 0.7f ? 1f : -1f)];

    /// <summary>Weights, a part of them zero.</summary>
    internal static float[] Weights(in LogisticLossSpec spec) => [.. TestValues.Uniform(spec.Maps.Count, seed: 73).Select(v =>
        MathF.Max(v + 0.5f, 0))];
}
