namespace SiamIlgpu.Tests.Cases;

/// <summary>Values for tests and benchmarks: the same for the same seed, everywhere.</summary>
internal static class TestValues
{
    /// <summary>Uniform in -1..1.</summary>
    internal static float[] Uniform(long count, int seed)
    {
        var random = new Random(seed);
        var values = new float[count];
        foreach (ref float value in values.AsSpan())
            value = random.NextSingle() * 2 - 1;
        return values;
    }
}
