namespace SiamIlgpu.Tests.Reference;

/// <summary>v = gain * r + bias and its gradients, in double.</summary>
internal static class ScoreAdjustReference
{
    internal static double[] Forward(double[] responses, double gain, double bias) => [.. responses.Select(r => gain * r + bias)];

    /// <summary>dL/dr, dL/dgain and dL/dbias.</summary>
    internal static (double[] Responses, double Gain, double Bias) Backward(double[] responses, double gain, double[] scoreGradient) =>
        ([.. scoreGradient.Select(d => gain * d)], scoreGradient.Zip(responses, (d, r) => d * r).Sum(), scoreGradient.Sum());
}
