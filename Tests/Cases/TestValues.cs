using SiamIlgpu.Kernels;

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

    internal static double[] Doubles(this float[] values) => Array.ConvertAll(values, value => (double)value);

    internal static float[] Floats(this double[] values) => Array.ConvertAll(values, value => (float)value);

    /// <summary>The loss whose gradient with respect to the values is <paramref name="weights"/>.</summary>
    internal static double Dot(double[] values, double[] weights)
    {
        double sum = 0;
        for (int i = 0; i < values.Length; i++)
            sum += values[i] * weights[i];
        return sum;
    }

    /// <summary>Batch, channel, row and column of a planar index.</summary>
    internal static (int N, int C, int Y, int X) Position(this TensorShape shape, long index) =>
        ((int)(index / shape.Width / shape.Height / shape.Channels), (int)(index / shape.Width / shape.Height % shape.Channels),
            (int)(index / shape.Width % shape.Height), (int)(index % shape.Width));
}
