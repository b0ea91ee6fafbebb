namespace SiamIlgpu.Tests.Reference;

/// <summary>ReLU and its gradient, one value at a time.</summary>
internal static class ReluBackwardReference
{
    internal static double[] Forward(double[] input) => [.. input.Select(x => Math.Max(x, 0))];

    /// <summary>dL/dx of the output y and dL/dy.</summary>
    internal static double[] Gradient(double[] output, double[] outputGradient) => [.. output.Zip(outputGradient, (y, d) => y > 0 ? d : 0)];
}
