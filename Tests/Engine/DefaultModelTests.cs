using SiamIlgpu.Datasets;
using SiamIlgpu.Evaluation;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Media;
using SiamIlgpu.Networks;
using SiamIlgpu.Tracking;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tests.Engine;

internal sealed class DefaultModelTests
{
    [Test]
    public void Load_GivesATrainedNetwork_ThatSaysWhereItComesFrom()
    {
        NetworkWeights model = DefaultModel.Load();
        Assert.That(model.RequireDefinition().FindFlaw(), Is.Null);
        Assert.That(model.Metadata.Keys, Is.SupersetOf((string[])["command", "seed"]));
        Assert.That(model.Values("adjust.weight", 1, 1, 1, 1)[0], Is.GreaterThan(1), "the score's gain, 1 in the papers' untrained networks");
        Assert.That(TrackerOptions.For(model).Name, Is.EqualTo("default"), "the parameters that were fitted to it");
    }

    [Test]
    public void Load_GivesWeightsOfItsOwn()
    {
        NetworkWeights first = DefaultModel.Load(), second = DefaultModel.Load();
        foreach ((string name, WeightTensor tensor) in first.Tensors)
        {
            Assert.That(second.Tensors[name].Values, Is.EqualTo(tensor.Values));
            Assert.That(second.Tensors[name].Values, Is.Not.SameAs(tensor.Values));
        }
    }

    // What docs/default-model.md says of these sequences, less what another vector width may change.
    [TestCase("otb/Crossing", 0.65)]
    [TestCase("otb/Woman", 0.5)]
    [TestCase("otb/Man", 0.75)]
    [Needs(Need.SharedData)]
    public void DefaultModel_TracksRealVideo(string sequence, double least)
    {
        string folder = SharedData.Require($"sequences/{sequence}");
        Sequence video = Otb.Open(folder)[0];
        using var device = new CpuDevice();
        using var tracker = new Tracker(DefaultModel.Load(), device);
        using FrameSource frames = video.OpenFrames();
        tracker.Initialize(frames.Read(), video.GroundTruth[0]!.Value);
        List<BoundingBox> boxes = [tracker.Box];
        foreach (Frame frame in frames)
            boxes.Add(tracker.Update(frame).Box);
        Assert.That(SequenceScore.Of(boxes, video.GroundTruth).MeanIou, Is.GreaterThan(least));
    }
}
