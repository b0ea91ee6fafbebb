using SiamIlgpu.Datasets;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Networks;
using SiamIlgpu.Training;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Bench;

/// <summary>
/// What training is compared with: random filters, but batch norms with measured moments. Without measured moments the features of a new
/// network are far from what its batch norms expect, and any training looks like a success.
/// </summary>
internal static class UntrainedNetwork
{
    // The moments are running averages that forget a twentieth with each step, so a hundred steps are enough.
    private const int Steps = 100;

    // So small that no weight changes.
    private const float NoRate = 1e-30f;

    internal static NetworkWeights Create(NetworkDefinition definition)
    {
        NetworkWeights random = NetworkInitializer.Create(definition, seed: 1);
        TrainingOptions options = TrainingOptions.For(definition) with { Epochs = 1, FirstRate = NoRate, LastRate = NoRate };
        using var device = new CpuDevice();
        using PairSampler pairs = SequencesCommand.MadeUpPairs(definition, firstScene: 1, scenes: 1000, Steps * options.Batch, augment: true);
        using var trainer = new Trainer(random, options, device, pairs);
        foreach (EpochReport report in trainer.Run())
            Console.Error.WriteLine($"untrained {definition.Name}: moments of {Steps} batches, loss {report.Loss:F3}");
        NetworkWeights measured = trainer.Weights();
        return new NetworkWeights($"untrained {definition.Name}", measured.Definition, measured.Tensors, measured.Metadata);
    }
}
