namespace SiamIlgpu.Tests.Reference;

/// <summary>One step of AdamW, parameter by parameter, in double.</summary>
internal static class AdamWStepReference
{
    /// <summary>Moves parameters and both averages.</summary>
    internal static void Step(
        AdamWSpec spec, double[] parameters, double[] gradients, double[] means, double[] squares, double learningRate, int step)
    {
        foreach (ParameterSegment segment in spec.Segments)
        {
            for (long i = segment.Offset; i < segment.Offset + segment.Length; i++)
            {
                if (segment.AverageOf > 0)
                {
                    parameters[i] = (1 - (double)segment.Rate) * parameters[i] + segment.Rate * gradients[i] / segment.AverageOf;
                    continue;
                }
                means[i] = spec.Beta1 * means[i] + (1 - (double)spec.Beta1) * gradients[i];
                squares[i] = spec.Beta2 * squares[i] + (1 - (double)spec.Beta2) * gradients[i] * gradients[i];
                double mean = means[i] / (1 - Math.Pow(spec.Beta1, step)), square = squares[i] / (1 - Math.Pow(spec.Beta2, step));
                double decay = (double)spec.WeightDecay * segment.Decay;
                parameters[i] -= learningRate * segment.Rate * (mean / (Math.Sqrt(square) + spec.Epsilon) + decay * parameters[i]);
            }
        }
    }
}
