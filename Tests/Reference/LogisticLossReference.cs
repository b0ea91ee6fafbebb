namespace SiamIlgpu.Tests.Reference;

/// <summary>The logistic loss and its gradient, in double. All maps planar.</summary>
internal static class LogisticLossReference
{
    /// <summary>The loss of each map.</summary>
    internal static double[] Losses(in LogisticLossSpec spec, double[] scores, double[] labels, double[] weights)
    {
        var losses = new double[spec.Batch];
        for (int i = 0; i < scores.Length; i++)
            losses[i / (spec.Size * spec.Size)] += weights[i] * Softplus(-labels[i] * scores[i]);
        return losses;
    }

    /// <summary>The gradient of the maps' mean loss.</summary>
    internal static double[] Gradient(in LogisticLossSpec spec, double[] scores, double[] labels, double[] weights)
    {
        var gradient = new double[scores.Length];
        for (int i = 0; i < scores.Length; i++)
            gradient[i] = -weights[i] * labels[i] / (1 + Math.Exp(labels[i] * scores[i])) / spec.Batch;
        return gradient;
    }

    /// <summary>log(1 + exp(x)).</summary>
    internal static double Softplus(double x) => Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x)));
}
