using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Cases;

/// <summary>The cross-correlations whose gradients every device must get right, with their data.</summary>
internal static class CrossCorrelationBackwardCases
{
    internal static IEnumerable<CrossCorrelationSpec> All
    {
        get
        {
            foreach (int response in (int[])[1, 2, 7, 8, 9, 15, 17, 57])
                yield return new CrossCorrelationSpec(2, 16, 3, response + 2);
            foreach (int channels in (int[])[1, 7, 8, 9, 15, 17, 57])
                yield return new CrossCorrelationSpec(1, channels, 2, 13);
            foreach (int template in (int[])[1, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 17, 19, 20, 57])
                yield return new CrossCorrelationSpec(1, 5, template, template + 11);
            yield return new CrossCorrelationSpec(1, 3, 57, 57);
            yield return new CrossCorrelationSpec(1, 2, 1, 127);
            yield return new CrossCorrelationSpec(1, 256, 6, 22);
            yield return new CrossCorrelationSpec(1, 256, 6, 20);
            foreach (int search in (int[])[62, 57, 53, 49])
                yield return new CrossCorrelationSpec(1, 32, search - 32, search);
        }
    }

    internal static float[] Template(in CrossCorrelationSpec spec) => TestValues.Uniform(spec.Template.Count, seed: 41);

    internal static float[] Search(in CrossCorrelationSpec spec) => TestValues.Uniform(spec.Search.Count, seed: 42);

    internal static float[] ResponseGradient(in CrossCorrelationSpec spec) => TestValues.Uniform(spec.Response.Count, seed: 43);
}
