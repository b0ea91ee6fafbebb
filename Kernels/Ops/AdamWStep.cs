namespace SiamIlgpu.Kernels.Ops;

/// <summary>
/// AdamW (Loshchilov and Hutter, ICLR 2019) over one arena of parameters p and gradients g, with running averages m of the gradients and s of
/// their squares. In step t, counted from 1: m = Beta1 * m + (1 - Beta1) * g; s = Beta2 * s + (1 - Beta2) * g * g;
/// p = p - rate * Rate * (m' / (sqrt(s') + Epsilon) + decay * Decay * p), where m' = m / (1 - Beta1^t) and s' = s / (1 - Beta2^t). The moments
/// of a batch norm are updated as by <see cref="SgdSpec"/>. Parameters in no segment stay as they are.
/// </summary>
/// <param name="Length">Floats of the arena.</param>
/// <param name="Segments">Parts of the arena, in ascending order, without overlap.</param>
/// <param name="WeightDecay">The weight decay, before a segment's factor.</param>
/// <param name="Beta1">The share of the average gradient that is kept.</param>
/// <param name="Beta2">The share of the average square that is kept.</param>
/// <param name="Epsilon">Keeps the division from exploding where gradients are almost 0.</param>
public sealed record AdamWSpec(
    long Length, IReadOnlyList<ParameterSegment> Segments, float WeightDecay, float Beta1 = 0.9f, float Beta2 = 0.999f, float Epsilon = 1e-8f)
{
    /// <summary>Shape of parameters, gradients and both averages, planar.</summary>
    public TensorShape Arena => new(1, 1, 1, checked((int)Length));

    /// <summary>Throws when the segments do not lie in the arena.</summary>
    /// <exception cref="KernelShapeException">A segment does not lie in the arena; the message names it.</exception>
    public void Validate() => ParameterSegment.Validate("AdamW", Segments, Length);
}

/// <summary>A prepared <see cref="AdamWSpec"/>.</summary>
public abstract class AdamWStep(ComputeDevice device, AdamWSpec spec) : DeviceOperation(device)
{
    /// <summary>What it computes.</summary>
    public AdamWSpec Spec { get; } = spec;

    /// <summary>Moves parameters and both averages by one step. All views are planar.</summary>
    /// <param name="parameters">The parameters p.</param>
    /// <param name="gradients">The gradients g.</param>
    /// <param name="means">The average gradients m.</param>
    /// <param name="squares">The average squares s.</param>
    /// <param name="learningRate">The learning rate.</param>
    /// <param name="step">The step t, from 1.</param>
    public void Step(TensorView parameters, TensorView gradients, TensorView means, TensorView squares, float learningRate, long step)
    {
        Require(parameters, Spec.Arena, TensorLayout.Planar, "AdamW parameters");
        Require(gradients, Spec.Arena, TensorLayout.Planar, "AdamW gradients");
        Require(means, Spec.Arena, TensorLayout.Planar, "AdamW means");
        Require(squares, Spec.Arena, TensorLayout.Planar, "AdamW squares");
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        // sqrt(s') = sqrt(s) / root, so the kernels need only these two numbers.
        double meanScale = 1 / (1 - Math.Pow(Spec.Beta1, step)), rootScale = 1 / Math.Sqrt(1 - Math.Pow(Spec.Beta2, step));
        StepCore(parameters, gradients, means, squares, learningRate, (float)meanScale, (float)rootScale);
    }

    /// <summary>Moves views that have been checked.</summary>
    protected abstract void StepCore(
        TensorView parameters, TensorView gradients, TensorView means, TensorView squares, float learningRate, float meanScale, float rootScale);
}
