namespace SiamIlgpu.Tests.Reference;

/// <summary>One step of the optimizer, parameter by parameter, in double.</summary>
internal static class SgdStepReference
{
    /// <summary>Moves parameters and velocities.</summary>
    internal static void Step(SgdSpec spec, double[] parameters, double[] gradients, double[] velocities, double learningRate)
    {
        foreach (ParameterSegment segment in spec.Segments)
            for (long i = segment.Offset; i < segment.Offset + segment.Length; i++)
            {
                if (segment.AverageOf > 0)
                {
                    parameters[i] = (1 - (double)segment.Rate) * parameters[i] + segment.Rate * gradients[i] / segment.AverageOf;
                    continue;
                }
                double decay = (double)spec.WeightDecay * segment.Decay;
                velocities[i] = spec.Momentum * velocities[i] - decay * parameters[i] - gradients[i];
                parameters[i] += learningRate * segment.Rate * velocities[i];
            }
    }
}
