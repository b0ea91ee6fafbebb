using SiamIlgpu.Datasets;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Tests.Gpu;

/// <summary>Whole sequences with the authors' networks: the boxes of the OpenCL device are the CPU device's.</summary>
internal sealed class OpenClTrackingTests
{
    private const string SiamFc = "weights/siamfc/siamfc-color-3s-from-int8.safetensors";
    private const string Conv2 = "weights/cfnet/cfnet-conv2_e80.mat";

    [TestCase(SiamFc, "sequences/vot/bag")]
    [TestCase(SiamFc, "sequences/otb/Crossing/img")]
    [TestCase(Conv2, "sequences/vot/bag")]
    [TestCase(Conv2, "sequences/otb/Crossing/img")]
    [Needs(Need.SharedData, Need.OpenCl)]
    public void Update_WholeSequence_GivesTheBoxesOfTheCpu(string weights, string frames)
    {
        string model = SharedData.Require(weights);
        string folder = SharedData.Require(frames);
        using var gpu = new GpuDevice(OpenClHere.Open());
        using var cpu = new CpuDevice();
        BoundingBox[] expected = Track(cpu, model, folder);
        BoundingBox[] actual = Track(gpu, model, folder);

        double[] overlaps = [.. actual.Zip(expected, (a, b) => a.IntersectionOverUnion(b))];
        TestContext.Out.WriteLine($"mean IoU {overlaps.Average():F5}, worst {overlaps.Min():F5} in frame {Array.IndexOf(overlaps, overlaps.Min()) + 1}");
        Assert.That(overlaps.Average(), Is.GreaterThanOrEqualTo(0.995));
    }

    private static BoundingBox[] Track(ComputeDevice device, string model, string folder)
    {
        using Tracker tracker = Tracker.Load(model, device);
        using FrameSource video = new DecodeAhead(FrameSource.Open(folder));
        BoundingBox target = folder.Contains("Crossing", StringComparison.Ordinal)
            ? new BoundingBox(205, 151, 17, 50)
            : GroundTruth.Read(Path.Combine(folder, "groundtruth.txt"))[0]!.Value;
        var boxes = new List<BoundingBox> { tracker.Initialize(video.Read()!, target).Box };
        foreach (Frame frame in video)
            boxes.Add(tracker.Update(frame).Box);
        return [.. boxes];
    }
}
