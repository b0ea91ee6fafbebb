using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Networks;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Training;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tests.Engine;

internal sealed class TrainerTests
{
    private static readonly NetworkDefinition Network = SmallNetworks.CfNet;
    private static readonly BlobPairs Pairs = new(Network.ExemplarSize, Network.SearchSize, count: 90);
    private static readonly BlobPairs OtherPairs = new(Network.ExemplarSize, Network.SearchSize, count: 10);

    private static readonly TrainingOptions Options =
        TrainingOptions.CfNet with { SearchSize = Network.SearchSize, PositiveRadius = 2, Batch = 4, Epochs = 3, LastRate = 1e-3f };

    private static NetworkWeights Start => SmallNetworks.Start(Network, seed: 7);

    [Test]
    public void Run_ReportsEveryEpoch_AndLearns()
    {
        using var device = new CpuDevice(threads: 2);
        using var trainer = new Trainer(Start, Options with { Epochs = 6 }, device, Pairs, OtherPairs);
        var progress = new List<StepReport>();
        EpochReport[] reports = [.. trainer.Run(progress: progress.Add)];
        Assert.That(reports.Select(r => r.Epoch), Is.EqualTo(Enumerable.Range(0, 6)));
        Assert.That(reports[0].LearningRate, Is.EqualTo(1e-2f));
        Assert.That(reports[5].LearningRate, Is.EqualTo(1e-3f).Within(1e-9f));
        Assert.That(reports[5].Loss, Is.LessThan(0.9 * reports[0].Loss));
        Assert.That(reports[5].Validation!.Value.Loss, Is.LessThan(reports[0].Validation!.Value.Loss));
        // 22 steps of an epoch, read every 8.
        Assert.That(progress.Where(p => p.Epoch == 0).Select(p => p.Pairs), Is.EqualTo((int[])[32, 64, 88]));
        Assert.That(progress.All(p => p.PairsOfEpoch == 88 && p.PairsPerSecond > 0));
    }

    private static readonly TrainingOptions WithEverything = Options with
    {
        Optimizer = OptimizerKind.AdamW,
        AverageDecay = 0.9f,
        Schedule = LearningRateSchedule.Cosine,
        WarmupSteps = 20,
        FirstRate = 3e-3f,
    };

    [Test]
    public void Run_WithAdamW_Learns()
    {
        using var device = new CpuDevice(threads: 2);
        using var trainer = new Trainer(Start, WithEverything with { Epochs = 6 }, device, Pairs, OtherPairs);

        EpochReport[] reports = [.. trainer.Run()];

        Assert.That(reports[5].Loss, Is.LessThan(0.9 * reports[0].Loss));
        Assert.That(reports[5].Validation!.Value.Loss, Is.LessThan(reports[0].Validation!.Value.Loss));
        Assert.That(reports.Select(r => r.Layers[0].CosineWithStart), Is.Ordered.Descending, "the filters move away from the start");
        Assert.That(reports.SelectMany(r => r.Layers).Select(l => l.UpdateRatio), Is.All.InRange(1e-5, 0.1));
    }

    [Test]
    public void Resume_AfterAStopAnywhere_GivesTheSameLossesAndWeights([Values] bool everything)
    {
        TrainingOptions options = everything ? WithEverything : Options;
        using var device = new CpuDevice(threads: 2);
        using var whole = new Trainer(Start, options, device, Pairs, OtherPairs);
        EpochReport[] expected = [.. whole.Run()];

        // Stopped after 8 and 16 steps of an epoch, at the end of one, and within a validation's epoch.
        NetworkWeights? checkpoint = null;
        foreach (int stopAfter in (int[])[1, 2, 3, 5, 100])
            checkpoint = RunUntil(device, checkpoint, stopAfter, options);
        using var end = new Trainer(checkpoint!, options, device, Pairs, OtherPairs);
        end.Resume(checkpoint!);
        Assert.That(end.History.Select(r => (r.Loss, r.Validation)), Is.EqualTo(expected.Select(r => (r.Loss, r.Validation))));
        Assert.That(end.History.SelectMany(r => r.Layers), Is.EqualTo(expected.SelectMany(r => r.Layers)));
        AssertSame(end.Weights(), whole.Weights());
        Assert.That(end.Run(), Is.Empty, "all epochs are done");
    }

    [Test]
    public void Checkpoint_IsAFileThatTracks_AndSurvivesTheDisk()
    {
        string file = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{Guid.NewGuid():N}.safetensors");
        using var device = new CpuDevice(threads: 1);
        try
        {
            using var trainer = new Trainer(Start, Options with { Epochs = 1 }, device, Pairs);
            _ = trainer.Run().Last();
            trainer.Checkpoint().Save(file);
            var loaded = NetworkWeights.Load(file);
            AssertSame(loaded, trainer.Weights());
            using var resumed = new Trainer(loaded, Options with { Epochs = 1 }, device, Pairs);
            resumed.Resume(loaded);
            AssertSame(resumed.Checkpoint(), trainer.Checkpoint());
            Assert.That(resumed.Weights().Metadata, Is.Empty, "weights without the state of their training");
            using var network = SiameseNetwork.Create(device, loaded, scales: 3);
            Assert.That(network.ResponseSize, Is.EqualTo(5));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Test]
    public void Resume_WithOtherOptions_IsRefused()
    {
        using var device = new CpuDevice(threads: 1);
        using var trainer = new Trainer(Start, Options, device, Pairs);
        using var other = new Trainer(Start, Options with { Momentum = 0.8f }, device, Pairs);
        NetworkWeights checkpoint = trainer.Checkpoint();
        Assert.That(() => other.Resume(checkpoint), Throws.InstanceOf<WeightFormatException>().With.Message.Contains("was trained with other options"));
        Assert.That(() => other.Resume(Start), Throws.InstanceOf<WeightFormatException>().With.Message.Contains("is not a checkpoint"));
    }

    [Test]
    public void Run_WithAnAbsurdRate_StopsAndNamesTheStep()
    {
        using var device = new CpuDevice(threads: 1);
        using var trainer = new Trainer(Start, Options with { FirstRate = 1e30f, LastRate = 1e30f }, device, Pairs);
        TrainingDivergedException e = Assert.Throws<TrainingDivergedException>(() => _ = trainer.Run().Last())!;
        Assert.That(e.Step, Is.InRange(1, 8));
        Assert.That(e.Message, Does.Contain($"step {e.Step}").And.Contain("smaller learning rate"));
    }

    [Test]
    public void Trainer_OfUnfitPairs_SaysWhatItTakes()
    {
        using var device = new CpuDevice(threads: 1);
        Assert.That(
            () => new Trainer(Start, Options, device, new BlobPairs(21, 33, 90)),
            Throws.ArgumentException.With.Message.EqualTo("small CFNet trains on crops of 37 and 37 pixels, the pairs have 21 and 33"));
        Assert.That(
            () => new Trainer(Start, Options, device, new BlobPairs(37, 37, 3)),
            Throws.ArgumentException.With.Message.Contains("at least the 4 pairs of one step"));
        Assert.That(() => new Trainer(Start, Options with { Momentum = 1 }, device, Pairs), Throws.ArgumentException.With.Message.Contains("momentum"));
    }

    private static NetworkWeights RunUntil(CpuDevice device, NetworkWeights? checkpoint, int reports, TrainingOptions options)
    {
        using var trainer = new Trainer(checkpoint ?? Start, options, device, Pairs, OtherPairs);
        if (checkpoint is not null)
            trainer.Resume(checkpoint);
        using var cancel = new CancellationTokenSource();
        int seen = 0;
        _ = trainer.Run(loaders: 2, _ => CancelWhen(++seen == reports), cancel.Token).Count();
        return trainer.Checkpoint();

        void CancelWhen(bool enough)
        {
            if (enough)
                cancel.Cancel();
        }
    }

    private static void AssertSame(NetworkWeights actual, NetworkWeights expected)
    {
        foreach ((string name, WeightTensor tensor) in expected.Tensors)
            Assert.That(actual.Tensors[name].Values, Is.EqualTo(tensor.Values), name);
    }
}
