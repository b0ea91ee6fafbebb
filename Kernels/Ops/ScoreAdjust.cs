namespace SiamIlgpu.Kernels.Ops;

/// <summary>
/// The map from responses to scores that training learns, called "adjust" in the authors' networks: v = gain * r + bias. All maps
/// are planar.
/// </summary>
/// <param name="Batch">Number of response maps.</param>
/// <param name="Size">Rows and columns of a map.</param>
public readonly record struct ScoreAdjustSpec(int Batch, int Size)
{
    /// <summary>Shape of the maps.</summary>
    public TensorShape Maps => new(Batch, 1, Size, Size);

    /// <summary>Shape of gain and of bias.</summary>
    public TensorShape Parameter => new(1, 1, 1, 1);

    /// <summary>Throws when the sizes make no sense.</summary>
    /// <exception cref="KernelShapeException">A size is not positive.</exception>
    public void Validate()
    {
        if (Batch <= 0 || Size <= 0)
            throw new KernelShapeException($"adjust: every size must be positive, got {this}");
    }
}

/// <summary>A prepared <see cref="ScoreAdjustSpec"/>.</summary>
public abstract class ScoreAdjust(ComputeDevice device, ScoreAdjustSpec spec) : DeviceOperation(device)
{
    /// <summary>What it computes.</summary>
    public ScoreAdjustSpec Spec { get; } = spec;

    /// <summary>Computes the scores.</summary>
    public void Forward(TensorView responses, TensorView gain, TensorView bias, TensorView scores)
    {
        Require(responses, Spec.Maps, TensorLayout.Planar, "adjust responses");
        Require(gain, Spec.Parameter, TensorLayout.Planar, "adjust gain");
        Require(bias, Spec.Parameter, TensorLayout.Planar, "adjust bias");
        Require(scores, Spec.Maps, TensorLayout.Planar, "adjust scores");
        ForwardCore(responses, gain, bias, scores);
    }

    /// <summary>
    /// Computes dL/dr = gain * dL/dv (overwritten), dL/dgain = sum of dL/dv * r and dL/dbias = sum of dL/dv, the sums over all maps.
    /// <paramref name="responseGradient"/> may be the same view as <paramref name="scoreGradient"/>.
    /// </summary>
    public void Backward(
        TensorView responses, TensorView gain, TensorView scoreGradient,
        TensorView responseGradient, TensorView gainGradient, TensorView biasGradient, GradientWrite write)
    {
        Require(responses, Spec.Maps, TensorLayout.Planar, "adjust responses");
        Require(gain, Spec.Parameter, TensorLayout.Planar, "adjust gain");
        Require(scoreGradient, Spec.Maps, TensorLayout.Planar, "adjust score gradient");
        Require(responseGradient, Spec.Maps, TensorLayout.Planar, "adjust response gradient");
        Require(gainGradient, Spec.Parameter, TensorLayout.Planar, "adjust gain gradient");
        Require(biasGradient, Spec.Parameter, TensorLayout.Planar, "adjust bias gradient");
        BackwardCore(responses, gain, scoreGradient, responseGradient, gainGradient, biasGradient, write);
    }

    /// <summary>Computes the scores; the views have been checked.</summary>
    protected abstract void ForwardCore(TensorView responses, TensorView gain, TensorView bias, TensorView scores);

    /// <summary>Computes the gradients; the views have been checked.</summary>
    protected abstract void BackwardCore(
        TensorView responses, TensorView gain, TensorView scoreGradient,
        TensorView responseGradient, TensorView gainGradient, TensorView biasGradient, GradientWrite write);
}
