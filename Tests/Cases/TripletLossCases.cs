using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Cases;

/// <summary>The score maps whose triplet loss every device must get right, with their data.</summary>
internal static class TripletLossCases
{
    internal static IEnumerable<TripletLossSpec> All
    {
        get
        {
            foreach (int hard in (int[])[0, 1, 5, 40])
                foreach (int size in (int[])[1, 2, 5, 7, 8, 9])
                    yield return new TripletLossSpec(4, size, hard);
            yield return new TripletLossSpec(2, 3, 1000);
            foreach (int hard in (int[])[0, 100])
                yield return new TripletLossSpec(8, 33, hard);
        }
    }

    /// <summary>Scores in steps, so that many are equal.</summary>
    internal static float[] Scores(in TripletLossSpec spec) => [.. TestValues.Uniform(spec.Maps.Count, seed: 81).Select(v =>
        MathF.Round(40 * v) / 10)];

    /// <summary>A few positives, some ignored, the others negative; the second map has no positives, the third no negatives.</summary>
    internal static float[] Labels(TripletLossSpec spec)
    {
        float[] draws = TestValues.Uniform(spec.Maps.Count, seed: 82);
        return [.. draws.Select((v, i) => (v, map: i / (spec.Size * spec.Size)) switch
        {
            ( > 0.8f, not 1) => 1f,
            ( < -0.4f, not 2) => -1f,
            ( > 0.6f, _) => 0f,
            (_, 2) => 0f,
            _ => -1f,
        })];
    }
}
