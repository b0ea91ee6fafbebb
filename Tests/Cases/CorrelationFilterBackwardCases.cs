using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Cases;

/// <summary>
/// The correlation filters whose gradients every device must get right. Features, window and target are those of
/// <see cref="CorrelationFilterCases"/>.
/// </summary>
internal static class CorrelationFilterBackwardCases
{
    internal static IEnumerable<CorrelationFilterSpec> All => CorrelationFilterCases.All;

    internal static float[] TemplateGradient(in CorrelationFilterSpec spec) => TestValues.Uniform(spec.Template.Count, seed: 51);
}
