using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Cases;

/// <summary>The correlation filters that every device must get right, with data like a network's.</summary>
internal static class CorrelationFilterCases
{
    internal static IEnumerable<CorrelationFilterSpec> All
    {
        get
        {
            foreach (int size in (int[])[62, 57, 53, 49])
                yield return new CorrelationFilterSpec(32, size, 16, 10);
            foreach (int size in (int[])[1, 2, 3, 7, 8, 9, 15, 17])
                yield return new CorrelationFilterSpec(size + 2, size, 0, 0.5f);
            yield return new CorrelationFilterSpec(16, 9, 4, 1);
            yield return new CorrelationFilterSpec(5, 8, 3, 1);
            yield return new CorrelationFilterSpec(1, 12, 1, 0.01f);
            yield return new CorrelationFilterSpec(48, 33, 5, 10);
        }
    }

    internal static float[] Features(in CorrelationFilterSpec spec) => TestValues.Uniform(spec.Features.Count, seed: 5);

    /// <summary>A window that is neither symmetric nor separable, so that swapped axes show.</summary>
    internal static float[] Window(in CorrelationFilterSpec spec) => TestValues.Uniform((long)spec.Size * spec.Size, seed: 6);

    /// <summary>A circular bump off the origin, over noise.</summary>
    internal static float[] Target(in CorrelationFilterSpec spec)
    {
        float[] target = TestValues.Uniform((long)spec.Size * spec.Size, seed: 7);
        for (int i = 0; i < target.Length; i++)
        {
            double dy = i / spec.Size - spec.Size * 0.2, dx = i % spec.Size - spec.Size * 0.1;
            target[i] = (float)(0.1 * target[i] + Math.Exp(-(dx * dx + dy * dy) / 8));
        }
        return target;
    }
}
