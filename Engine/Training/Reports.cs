namespace SiamIlgpu.Training;

/// <summary>The figures of one epoch.</summary>
/// <param name="Epoch">Its number, from 0.</param>
/// <param name="LearningRate">The learning rate of its last step.</param>
/// <param name="Loss">Mean training loss of a pair.</param>
/// <param name="Validation">How well the network does on the validation pairs; null if there are none.</param>
/// <param name="PairsPerSecond">Speed of the training since the run began, without validation.</param>
public sealed record EpochReport(int Epoch, float LearningRate, double Loss, ValidationReport? Validation, double PairsPerSecond)
{
    /// <summary>How well the network tracks after the epoch, by <see cref="Trainer.ScoreTracking"/>; null if nothing scores it.</summary>
    public double? Tracking { get; init; }

    /// <summary>How much each convolution learns, in the network's order.</summary>
    public IReadOnlyList<LayerReport> Layers { get; init; } = [];
}

/// <summary>How far the current epoch has come.</summary>
/// <param name="Epoch">Its number, from 0.</param>
/// <param name="Pairs">Number of pairs of the epoch that are done.</param>
/// <param name="PairsOfEpoch">Number of pairs in the epoch.</param>
/// <param name="Loss">Mean loss of the pairs that are done.</param>
/// <param name="PairsPerSecond">Speed of the training since the run began.</param>
public readonly record struct StepReport(int Epoch, int Pairs, int PairsOfEpoch, double Loss, double PairsPerSecond);

/// <summary>A loss or a weight is no longer a finite number: the learning rate is too high, or the data is broken.</summary>
public sealed class TrainingDivergedException(long step)
    : Exception($"training diverged in step {step}: its loss or a weight is not a finite number; try a smaller learning rate")
{
    /// <summary>The step, counted from 0 over all epochs.</summary>
    public long Step { get; } = step;
}
