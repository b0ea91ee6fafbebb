namespace SiamIlgpu.Kernels.Ops;

/// <summary>
/// The logistic loss of score maps v with labels y (+1 or -1) and weights q (0 in a neutral zone):
/// l[n] = sum over i,j of q * log(1 + exp(-y * v)); the loss of the batch is the mean of l, and its gradient
/// dL/dv = -(1/batch) * q * y / (1 + exp(y * v)). All maps are planar.
/// </summary>
/// <param name="Batch">Number of score maps.</param>
/// <param name="Size">Rows and columns of a map.</param>
public readonly record struct LogisticLossSpec(int Batch, int Size)
{
    /// <summary>Shape of scores, labels and weights.</summary>
    public TensorShape Maps => new(Batch, 1, Size, Size);

    /// <summary>Shape of the losses: one for each map.</summary>
    public TensorShape Losses => new(Batch, 1, 1, 1);

    /// <summary>Throws when the sizes make no sense.</summary>
    /// <exception cref="KernelShapeException">A size is not positive.</exception>
    public void Validate()
    {
        if (Batch <= 0 || Size <= 0)
            throw new KernelShapeException($"logistic loss: every size must be positive, got {this}");
    }
}

/// <summary>A prepared <see cref="LogisticLossSpec"/>.</summary>
public abstract class LogisticLoss(ComputeDevice device, LogisticLossSpec spec) : DeviceOperation(device)
{
    /// <summary>What it computes.</summary>
    public LogisticLossSpec Spec { get; } = spec;

    /// <summary>Computes the loss of each map and the gradient of their mean, in one pass.</summary>
    public void Run(TensorView scores, TensorView labels, TensorView weights, TensorView losses, TensorView scoreGradient)
    {
        Require(scores, Spec.Maps, TensorLayout.Planar, "logistic loss scores");
        Require(labels, Spec.Maps, TensorLayout.Planar, "logistic loss labels");
        Require(weights, Spec.Maps, TensorLayout.Planar, "logistic loss weights");
        Require(losses, Spec.Losses, TensorLayout.Planar, "logistic losses");
        Require(scoreGradient, Spec.Maps, TensorLayout.Planar, "logistic loss score gradient");
        RunCore(scores, labels, weights, losses, scoreGradient);
    }

    /// <summary>Computes losses and gradient; the views have been checked.</summary>
    protected abstract void RunCore(TensorView scores, TensorView labels, TensorView weights, TensorView losses, TensorView scoreGradient);
}
