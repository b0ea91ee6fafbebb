using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Kernels;

/// <summary>What every operation is asked: is it close to the reference, and does it leave the collector alone?</summary>
internal static class Conformance
{
    internal static readonly int[] ThreadCounts = [1, 2, 3];

    /// <summary>Fails when a value is off by more than a share of the largest expected magnitude; names the worst.</summary>
    internal static void AssertClose(float[] actual, double[] expected, double tolerance, TensorShape shape)
    {
        Assert.That(actual, Has.Length.EqualTo(expected.Length));
        double largest = expected.Max(Math.Abs);
        double worst = -1;
        int at = 0;
        for (int i = 0; i < actual.Length; i++)
        {
            double error = Math.Abs(actual[i] - expected[i]);
            if (!(error <= worst))
                (worst, at) = (error, i);
            if (double.IsNaN(error))
                break;
        }
        if (largest > 0)
            worst /= largest;
        Assert.That(worst, Is.LessThanOrEqualTo(tolerance), $"worst at index {at} of {shape}: expected {expected[at]}, got {actual[at]}");
    }

    /// <summary>Fails when a call allocates managed memory after the first.</summary>
    internal static void AssertAllocatesNothing(Action call)
    {
        call();
        call();
        long before = GC.GetAllocatedBytesForCurrentThread();
        call();
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero, "bytes allocated by a warm call");
    }
}
