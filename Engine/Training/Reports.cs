namespace SiamIlgpu.Training;

/// <summary>What one epoch brought.</summary>
/// <param name="Epoch">Its number, from 0.</param>
/// <param name="LearningRate">The learning rate.</param>
/// <param name="Loss">Mean training loss of a pair.</param>
/// <param name="Validation">How the network does on other pairs; null without a validation.</param>
/// <param name="PairsPerSecond">Speed of the training, validation not counted.</param>
public sealed record EpochReport(int Epoch, float LearningRate, double Loss, ValidationReport? Validation, double PairsPerSecond);

/// <summary>How far an epoch is.</summary>
/// <param name="Epoch">Its number, from 0.</param>
/// <param name="Pairs">Pairs of the epoch that are done.</param>
/// <param name="PairsOfEpoch">Pairs of the epoch.</param>
/// <param name="Loss">Mean loss of these pairs.</param>
/// <param name="PairsPerSecond">Speed since this run began.</param>
public readonly record struct StepReport(int Epoch, int Pairs, int PairsOfEpoch, double Loss, double PairsPerSecond);

/// <summary>A loss or a weight that is no number any more: the learning rate is too high, or the data is broken.</summary>
public sealed class TrainingDivergedException(long step)
    : Exception($"training diverged in step {step}: its loss or a weight is not a finite number; try a smaller learning rate")
{
    /// <summary>The step, counted from 0 over all epochs.</summary>
    public long Step { get; } = step;
}
