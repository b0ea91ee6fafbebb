namespace SiamIlgpu.Kernels.Ops;

/// <summary>Neighboring parameters of the arena with the same learning rate and weight decay.</summary>
/// <param name="Offset">Index of the first parameter.</param>
/// <param name="Length">Number of parameters.</param>
/// <param name="Rate">Multiplies the learning rate. For an average it is the rate itself.</param>
/// <param name="Decay">Multiplies the weight decay.</param>
/// <param name="AverageOf">
/// 0 for parameters that follow their gradient. n for the stored moments of a batch norm: they are a running average of the batches'
/// moments, and the gradient holds the sum of n such moments.
/// </param>
public readonly record struct SgdSegment(long Offset, long Length, float Rate, float Decay, int AverageOf = 0);

/// <summary>
/// Stochastic gradient descent with momentum and weight decay over one arena of parameters p, gradients g and velocities v, as
/// MatConvNet does it: v = momentum * v - decay * Decay * p - g; p = p + rate * Rate * v. An average is updated
/// by p = (1 - Rate) * p + Rate * g / AverageOf. Parameters in no segment stay as they are.
/// </summary>
/// <param name="Length">Floats of the arena.</param>
/// <param name="Segments">Parts of the arena, in ascending order, without overlap.</param>
/// <param name="Momentum">The share of the velocity that is kept.</param>
/// <param name="WeightDecay">The weight decay, before a segment's factor.</param>
public sealed record SgdSpec(long Length, IReadOnlyList<SgdSegment> Segments, float Momentum, float WeightDecay)
{
    /// <summary>Shape of parameters, gradients and velocities, planar.</summary>
    public TensorShape Arena => new(1, 1, 1, checked((int)Length));

    /// <summary>Throws when the segments do not lie in the arena.</summary>
    /// <exception cref="KernelShapeException">A segment does not lie in the arena; the message names it.</exception>
    public void Validate()
    {
        long end = 0;
        foreach (SgdSegment segment in Segments)
        {
            if (segment.Offset < end || segment.Length <= 0 || segment.Offset + segment.Length > Length || segment.AverageOf < 0)
                throw new KernelShapeException($"SGD: {segment} does not fit into {Length} floats after {end}");
            end = segment.Offset + segment.Length;
        }
    }
}

/// <summary>A prepared <see cref="SgdSpec"/>.</summary>
public abstract class SgdStep(ComputeDevice device, SgdSpec spec) : DeviceOperation(device)
{
    /// <summary>What it computes.</summary>
    public SgdSpec Spec { get; } = spec;

    /// <summary>Moves parameters and velocities by one step. All views are planar.</summary>
    public void Step(TensorView parameters, TensorView gradients, TensorView velocities, float learningRate)
    {
        Require(parameters, Spec.Arena, TensorLayout.Planar, "SGD parameters");
        Require(gradients, Spec.Arena, TensorLayout.Planar, "SGD gradients");
        Require(velocities, Spec.Arena, TensorLayout.Planar, "SGD velocities");
        StepCore(parameters, gradients, velocities, learningRate);
    }

    /// <summary>Moves views that have been checked.</summary>
    protected abstract void StepCore(TensorView parameters, TensorView gradients, TensorView velocities, float learningRate);
}
