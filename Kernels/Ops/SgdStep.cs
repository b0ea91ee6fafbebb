namespace SiamIlgpu.Kernels.Ops;

/// <summary>
/// Stochastic gradient descent with momentum and weight decay over one arena of parameters p, gradients g and velocities v, as
/// MatConvNet does it: v = momentum * v - decay * Decay * p - g; p = p + rate * Rate * v. An average is updated
/// by p = (1 - Rate) * p + Rate * g / AverageOf. Parameters in no segment stay as they are.
/// </summary>
/// <param name="Length">Floats of the arena.</param>
/// <param name="Segments">Parts of the arena, in ascending order, without overlap.</param>
/// <param name="Momentum">The share of the velocity that is kept.</param>
/// <param name="WeightDecay">The weight decay, before a segment's factor.</param>
public sealed record SgdSpec(long Length, IReadOnlyList<ParameterSegment> Segments, float Momentum, float WeightDecay)
{
    /// <summary>Shape of parameters, gradients and velocities, planar.</summary>
    public TensorShape Arena => new(1, 1, 1, checked((int)Length));

    /// <summary>Throws when the segments do not lie in the arena.</summary>
    /// <exception cref="KernelShapeException">A segment does not lie in the arena; the message names it.</exception>
    public void Validate() => ParameterSegment.Validate("SGD", Segments, Length);
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
