using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Cases;

/// <summary>The ReLUs whose gradient every device must get right, with their data.</summary>
internal static class ReluBackwardCases
{
    internal static IEnumerable<ReluSpec> All
    {
        get
        {
            foreach (int size in (int[])[1, 7, 8, 9, 15, 17])
                yield return new ReluSpec(new TensorShape(2, size, 3, size));
            yield return new ReluSpec(new TensorShape(2, 40, 33, 31));
        }
    }

    /// <summary>Outputs of a ReLU, half of them zero.</summary>
    internal static float[] Output(in ReluSpec spec) => [.. TestValues.Uniform(spec.Shape.Count, seed: 21).Select(x => MathF.Max(x, 0))];

    internal static float[] Gradient(in ReluSpec spec) => TestValues.Uniform(spec.Shape.Count, seed: 22);
}
