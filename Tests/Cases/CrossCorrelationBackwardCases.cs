using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Cases;

/// <summary>The cross-correlations whose gradients every device must get right, with their data.</summary>
internal static class CrossCorrelationBackwardCases
{
    internal static IEnumerable<CrossCorrelationSpec> All => [.. Odd, .. Paper];

    /// <summary>Small sizes chosen to break vector code and tiles.</summary>
    internal static IEnumerable<CrossCorrelationSpec> Odd
    {
        get
        {
            foreach (int response in (int[])[1, 2, 7, 8, 9, 15, 17, 57])
                yield return new CrossCorrelationSpec(2, 16, 3, response + 2);
            foreach (int channels in (int[])[1, 7, 8, 9, 15, 17, 57])
                yield return new CrossCorrelationSpec(1, channels, 2, 13);
            foreach (int template in (int[])[1, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 17, 19, 20])
                yield return new CrossCorrelationSpec(1, 5, template, template + 11);
            yield return new CrossCorrelationSpec(1, 3, 57, 57);
            yield return new CrossCorrelationSpec(1, 3, 57, 59);
            yield return new CrossCorrelationSpec(1, 2, 1, 127);
        }
    }

    /// <summary>The papers' sizes. Most have fewer channels than there: the loops over them are the same, the tests shorter.</summary>
    internal static IEnumerable<CrossCorrelationSpec> Paper
    {
        get
        {
            yield return new CrossCorrelationSpec(1, 256, 6, 22);
            yield return new CrossCorrelationSpec(1, 16, 6, 20);
            foreach (int search in (int[])[62, 57, 53])
                yield return new CrossCorrelationSpec(1, 3, search - 32, search);
            yield return new CrossCorrelationSpec(1, 32, 17, 49);
        }
    }

    internal static float[] Template(in CrossCorrelationSpec spec) => TestValues.Uniform(spec.Template.Count, seed: 41);

    internal static float[] Search(in CrossCorrelationSpec spec) => TestValues.Uniform(spec.Search.Count, seed: 42);

    internal static float[] ResponseGradient(in CrossCorrelationSpec spec) => TestValues.Uniform(spec.Response.Count, seed: 43);
}
