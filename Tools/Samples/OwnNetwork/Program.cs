using SiamIlgpu.Datasets;
using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Media;
using SiamIlgpu.Networks;
using SiamIlgpu.Tracking;
using SiamIlgpu.Training;
using SiamIlgpu.Weights;

// A network of your own: defined, trained for a moment, saved, and loaded to track. A network is a list of layers and how its two
// branches meet; this one is CFNet-conv2 with far fewer channels.

NetworkDefinition small = NetworkDefinition.CfNetConv2 with
{
    Name = "small",
    Layers =
    [
        new ConvolutionLayer("conv1", Size: 11, Stride: 2, InChannels: 3, OutChannels: 16, Groups: 1, BatchNorm: true, Relu: true),
        new MaxPoolLayer(Size: 3, Stride: 2),
        new ConvolutionLayer("conv2", Size: 5, Stride: 1, InChannels: 16, OutChannels: 16, Groups: 1, BatchNorm: true, Relu: true),
    ],
};
Console.WriteLine(small.FindFlaw() ?? $"features {small.FeatureSize(255)}x{small.FeatureSize(255)}, stride {small.Stride}");

using ComputeDevice device = new CpuDevice();
TrainingOptions options = TrainingOptions.For(small) with { Epochs = 1, LastRate = 1e-2f };
using var pairs = new PairSampler(
    new SyntheticScenes(firstSeed: 1, count: 1000),
    new PairOptions { ExemplarSize = small.ExemplarSize, SearchSize = options.SearchSize, Count = 160, PairsPerVisit = 8 });
using (var trainer = new Trainer(NetworkInitializer.Create(small, seed: 1), options, device, pairs))
{
    foreach (EpochReport epoch in trainer.Run())
        Console.WriteLine($"epoch {epoch.Epoch}: loss {epoch.Loss:F4}");
    trainer.Weights().Save("small.safetensors");
}

// The file has the network's definition, so it is all that a tracker needs.
using Tracker tracker = Tracker.Load("small.safetensors", device);
using var video = new SyntheticVideo(seed: 1, frameCount: 60);
tracker.Initialize(video.Read(), video.GroundTruth[0]);
double overlap = 0;
foreach (Frame frame in video)
    overlap += tracker.Update(frame).Box.IntersectionOverUnion(video.GroundTruth[frame.Index]);
overlap /= video.GroundTruth.Count - 1;
Console.WriteLine($"{tracker.Definition.Name}: mean overlap with the true box {overlap:F3}");
return overlap > 0.3 ? 0 : 1;
