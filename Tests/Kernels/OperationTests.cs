using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Tests.Kernels;

/// <summary>All cases of all operations on all devices.</summary>
internal sealed class OperationTests
{
    internal static IEnumerable<TestCaseData> OnDevices =>
        from device in TestDevices.All
        from testCase in device.Cases
        select device.With(testCase).SetArgDisplayNames(testCase.Operation, testCase.Name, device.Name);

    internal static IEnumerable<TestCaseData> Gradients =>
        OperationCases.Smooth.Select(testCase => new TestCaseData(testCase).SetArgDisplayNames(testCase.Operation, testCase.Name));

    [TestCaseSource(nameof(OnDevices))]
    public void Pass_MatchesReference(object on, object testCase)
    {
        var device = (TestDevice)on;
        var operation = (OperationCase)testCase;
        CaseResult result = operation.Check(device.Device);
        Conformance.AssertRight(result);
        foreach (TestDevice twin in device.Twins)
            Conformance.AssertSameBits(twin.Device, operation, result.Raw);
    }

    /// <summary>The derived gradients against central differences of the loss, both in double.</summary>
    [TestCaseSource(nameof(Gradients))]
    public void Reference_IsTheDerivative(object testCase)
    {
        var operation = (OperationCase)testCase;
        IReadOnlyList<(Func<double[], double> Loss, double[] At)> losses = operation.Losses();
        Assert.That(losses, Is.Not.Empty);
        foreach (((Func<double[], double> loss, double[] at), Expected gradient) in losses.Zip(operation.Reference()))
            AssertDerivativeOf(loss, at, gradient.Values(), gradient.Name);
    }

    private static void AssertDerivativeOf(Func<double[], double> loss, double[] at, double[] gradient, string name)
    {
        // Truncation grows with the square of the step, rounding with its inverse: both stay far below the tolerance.
        const double Step = 1e-4;
        const double Tolerance = 1e-6;
        Assert.That(gradient, Has.Length.EqualTo(at.Length), name);
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
        Assert.That(largest, Is.Positive, $"{name}: a gradient of nothing but zeros is no test");
        Assert.That(worst / largest, Is.LessThan(Tolerance), $"{name}: worst at index {worstAt}, derived {gradient[worstAt]}");
    }
}

/// <summary>Frees the shared devices after the last test.</summary>
[SetUpFixture]
internal sealed class TestDevicesFixture
{
    [OneTimeTearDown]
    public void Close()
    {
        foreach (TestDevice device in TestDevices.All)
            device.Dispose();
    }
}
