using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Cases;

/// <summary>The gradients of max poolings that every device must get right, with their data.</summary>
internal static class MaxPoolBackwardCases
{
    internal static IEnumerable<MaxPoolSpec> All =>
        [.. MaxPoolCases.Odd.Select(c => c.Spec), new(2, 32, 123, 123, 3, 2), new(2, 32, 57, 57, 3, 2), new(2, 32, 57, 57, 3, 1)];

    /// <summary>Features after a ReLU, in steps: most windows have several maxima, many nothing but zeros.</summary>
    internal static float[] Input(in MaxPoolSpec spec) =>
        [.. TestValues.Uniform(spec.Input.Count, seed: 31).Select(x => MathF.Max(0, MathF.Round(x * 4) / 4 - 0.5f))];

    internal static float[] OutputGradient(in MaxPoolSpec spec) => TestValues.Uniform(spec.Output.Count, seed: 32);
}
