namespace SiamIlgpu.Tests.Kernels;

/// <summary>Derived gradients against central differences of the loss, both in double.</summary>
internal static class GradientCheck
{
    // Truncation grows with the square of the step, rounding with its inverse: both stay far below the tolerance.
    private const double Step = 1e-4;
    private const double Tolerance = 1e-6;

    /// <summary>Fails when a gradient is off by more than 1e-6 of the largest; names the worst.</summary>
    internal static void AssertDerivativeOf(Func<double[], double> loss, double[] at, double[] gradient)
    {
        Assert.That(gradient, Has.Length.EqualTo(at.Length));
        double[] x = [.. at];
        double largest = gradient.Max(Math.Abs), worst = 0;
        int worstAt = 0;
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = at[i] + Step;
            double above = loss(x);
            x[i] = at[i] - Step;
            double below = loss(x);
            x[i] = at[i];
            double error = Math.Abs((above - below) / (2 * Step) - gradient[i]);
            if (!(error <= worst))
                (worst, worstAt) = (error, i);
        }
        Assert.That(largest, Is.Positive, "a gradient of nothing but zeros is no test");
        Assert.That(worst / largest, Is.LessThan(Tolerance), $"worst at index {worstAt}: derived {gradient[worstAt]}");
    }

    /// <summary>The loss whose gradient with respect to the values is <paramref name="weights"/>.</summary>
    internal static double Dot(double[] values, double[] weights)
    {
        double sum = 0;
        for (int i = 0; i < values.Length; i++)
            sum += values[i] * weights[i];
        return sum;
    }
}
