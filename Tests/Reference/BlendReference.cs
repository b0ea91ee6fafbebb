namespace SiamIlgpu.Tests.Reference;

/// <summary>The running average as its definition reads, in double.</summary>
internal static class BlendReference
{
    internal static double[] Average(float[] average, float[] update, float rate) =>
        [.. average.Zip(update, (a, b) => (1 - (double)rate) * a + (double)rate * b)];
}
