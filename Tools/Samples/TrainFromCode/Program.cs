using SiamIlgpu.Datasets;
using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Networks;
using SiamIlgpu.Training;
using SiamIlgpu.Weights;

// Training from code, on made-up scenes that need no files. Three short epochs show that the loss falls; a network worth using takes hours.

NetworkDefinition network = NetworkDefinition.CfNetConv1;
TrainingOptions options = TrainingOptions.For(network) with { Epochs = 3, LastRate = 1e-3f };
using var pairs = new PairSampler(
    new SyntheticScenes(firstSeed: 1, count: 1000),
    new PairOptions { ExemplarSize = network.ExemplarSize, SearchSize = options.SearchSize, Count = 160, PairsPerVisit = 8 });

using ComputeDevice device = new CpuDevice();
using var trainer = new Trainer(NetworkInitializer.Create(network, seed: 1), options, device, pairs);
foreach (EpochReport epoch in trainer.Run())
    Console.WriteLine($"epoch {epoch.Epoch}: loss {epoch.Loss:F4}, {epoch.PairsPerSecond:F0} pairs/s");
trainer.Weights().Save("mine.safetensors");
Console.WriteLine("a network to track with, or to train on: mine.safetensors");
return trainer.History[^1].Loss < trainer.History[0].Loss ? 0 : 1;
