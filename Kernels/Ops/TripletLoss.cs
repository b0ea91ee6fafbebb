namespace SiamIlgpu.Kernels.Ops;

/// <summary>
/// The triplet loss of Dong and Shen (ECCV 2018) on score maps v with labels (+1 positive, -1 negative, 0 ignored). The exemplar
/// is the anchor, and every positive place p of a map is compared with its negatives n: l[map] = mean over p and n of
/// log(1 + exp(v_n - v_p)), or 0 for a map without positives. The loss of the batch is the mean of l over all maps. All maps are planar.
/// </summary>
/// <param name="Batch">Number of score maps.</param>
/// <param name="Size">Rows and columns of a map.</param>
/// <param name="HardNegatives">
/// 0 to compare a positive with all negatives of its own map. k to compare it with the k negatives of the whole batch that have the
/// highest scores, or with all if there are fewer; of equal scores the first ones by map, row and column are taken.
/// </param>
public readonly record struct TripletLossSpec(int Batch, int Size, int HardNegatives)
{
    /// <summary>Shape of scores and labels.</summary>
    public TensorShape Maps => new(Batch, 1, Size, Size);

    /// <summary>Shape of the losses: one for each map.</summary>
    public TensorShape Losses => new(Batch, 1, 1, 1);

    /// <summary>Throws when the sizes make no sense.</summary>
    /// <exception cref="KernelShapeException">A size is not positive, or the number of hard negatives is negative.</exception>
    public void Validate()
    {
        if (Batch <= 0 || Size <= 0 || HardNegatives < 0)
            throw new KernelShapeException($"triplet loss: sizes must be positive and hard negatives not negative, got {this}");
    }
}

/// <summary>A prepared <see cref="TripletLossSpec"/>.</summary>
public abstract class TripletLoss(ComputeDevice device, TripletLossSpec spec) : DeviceOperation(device)
{
    /// <summary>What it computes.</summary>
    public TripletLossSpec Spec { get; } = spec;

    /// <summary>Computes the loss of each map and the gradient of their mean, in one pass.</summary>
    public void Run(TensorView scores, TensorView labels, TensorView losses, TensorView scoreGradient)
    {
        Require(scores, Spec.Maps, TensorLayout.Planar, "triplet loss scores");
        Require(labels, Spec.Maps, TensorLayout.Planar, "triplet loss labels");
        Require(losses, Spec.Losses, TensorLayout.Planar, "triplet losses");
        Require(scoreGradient, Spec.Maps, TensorLayout.Planar, "triplet loss score gradient");
        RunCore(scores, labels, losses, scoreGradient);
    }

    /// <summary>Computes losses and gradient; the views have been checked.</summary>
    protected abstract void RunCore(TensorView scores, TensorView labels, TensorView losses, TensorView scoreGradient);
}
