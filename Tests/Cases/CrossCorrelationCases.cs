using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Cases;

/// <summary>The cross-correlations that every device must get right.</summary>
internal static class CrossCorrelationCases
{
    internal static IEnumerable<CrossCorrelationSpec> All => [.. Odd, .. Paper];

    internal static IEnumerable<CrossCorrelationSpec> Odd
    {
        get
        {
            foreach (int response in (int[])[1, 2, 7, 8, 9, 10, 11, 12, 15, 17, 22, 23, 57])
                yield return new CrossCorrelationSpec(2, 16, 3, response + 2);
            foreach (int channels in (int[])[1, 7, 8, 9, 15, 17, 57, 127])
                yield return new CrossCorrelationSpec(1, channels, 2, 13);
            foreach (int template in (int[])[1, 7, 8, 9, 15, 17, 57])
                yield return new CrossCorrelationSpec(1, 5, template, template + 11, 0.5f, -1.25f);
            yield return new CrossCorrelationSpec(1, 3, 57, 57, 2, 1);
            yield return new CrossCorrelationSpec(1, 2, 1, 127);
        }
    }

    internal static IEnumerable<CrossCorrelationSpec> Paper
    {
        get
        {
            yield return new CrossCorrelationSpec(3, 256, 6, 22, 1e-3f, -0.25f);
            yield return new CrossCorrelationSpec(5, 256, 6, 22, 1e-3f, -0.25f);
            yield return new CrossCorrelationSpec(3, 32, 17, 49);
            foreach (int search in (int[])[62, 57, 53, 49])
                yield return new CrossCorrelationSpec(1, 32, search - 32, search);
        }
    }
}
