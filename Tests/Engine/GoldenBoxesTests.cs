using SiamIlgpu.Datasets;
using SiamIlgpu.Evaluation;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Tests.Engine;

/// <summary>
/// Whole sequences with the original networks. The golden boxes are the original MATLAB SiamFC-3s's; the accuracies are those
/// of an independent float32 implementation of the same design (shared/README.md).
/// </summary>
[TestFixture]
[Needs(Need.SharedData)]
internal sealed class GoldenBoxesTests
{
    private const string SiamFc = "weights/siamfc/siamfc-color-3s-from-int8.safetensors";
    private const string Conv1 = "weights/cfnet/cfnet-conv1_e75.mat";
    private const string Conv2 = "weights/cfnet/cfnet-conv2_e80.mat";
    private const string Conv3 = "weights/cfnet/baseline-conv3-on-cfnet-conv3_e100.mat";

    [TestCase("bag", 0.97)]
    [TestCase("ball1", 0.93)]
    public void SiamFc3s_MatchesMatlab(string name, double leastIou)
    {
        BoundingBox[] matlab = [.. GroundTruth.Read(SharedData.Require($"results/siamfc-3s-matlab/{name}.txt")).Select(b => b!.Value)];

        BoundingBox[] boxes = Track(SiamFc, name, out _);

        Assert.That(boxes, Has.Length.EqualTo(matlab.Length));
        double[] ious = [.. boxes.Zip(matlab, (a, b) => a.IntersectionOverUnion(b))];
        TestContext.Out.WriteLine($"{name}: mean IoU with MATLAB {ious.Average():F4}, worst {ious.Min():F4} in frame {Array.IndexOf(ious, ious.Min()) + 1}");
        Assert.That(ious.Average(), Is.GreaterThanOrEqualTo(leastIou));
    }

    [Test]
    public void SiamFc3s_FirstTenFramesOfBag_WithinAHundredthOfAPixelOfMatlab()
    {
        BoundingBox?[] matlab = [.. GroundTruth.Read(SharedData.Require("results/siamfc-3s-matlab/bag.txt")).Take(10)];

        BoundingBox[] boxes = Track(SiamFc, "bag", out _);

        for (int i = 0; i < 10; i++)
        {
            BoundingBox expected = matlab[i]!.Value;
            Assert.That(
                new[] { boxes[i].X, boxes[i].Y, boxes[i].Width, boxes[i].Height },
                Is.EqualTo(new[] { expected.X, expected.Y, expected.Width, expected.Height }).Within(0.01),
                $"frame {i + 1}");
        }
    }

    [TestCase(SiamFc, "bag", 0.684)]
    [TestCase(SiamFc, "ball1", 0.746)]
    [TestCase(Conv1, "bag", 0.646)]
    [TestCase(Conv1, "ball1", 0.585)]
    [TestCase(Conv2, "bag", 0.705)]
    [TestCase(Conv2, "ball1", 0.184)]
    [TestCase(Conv3, "bag", 0.547)]
    [TestCase(Conv3, "ball1", 0.279)]
    public void OriginalNetwork_MeanIouWithGroundTruth_IsTheIndependentImplementations(string weights, string name, double expected)
    {
        BoundingBox[] boxes = Track(weights, name, out IReadOnlyList<BoundingBox?> truth);

        SequenceScore score = SequenceScore.Of(boxes, truth);
        TestContext.Out.WriteLine($"{Path.GetFileName(weights)} on {name}: {score}");
        Assert.That(score.MeanIou, Is.EqualTo(expected).Within(0.01));
    }

    private static BoundingBox[] Track(string weights, string name, out IReadOnlyList<BoundingBox?> truth)
    {
        string folder = SharedData.Require($"sequences/vot/{name}");
        truth = GroundTruth.Read(Path.Combine(folder, "groundtruth.txt"));
        using var device = new CpuDevice();
        using Tracker tracker = Tracker.Load(SharedData.Require(weights), device);
        using FrameSource video = FrameSource.Open(folder);
        List<BoundingBox> boxes = [tracker.Initialize(video.Read(), truth[0]!.Value).Box];
        foreach (Frame frame in video)
            boxes.Add(tracker.Update(frame).Box);
        return [.. boxes];
    }
}
