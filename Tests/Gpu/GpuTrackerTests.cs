using System.Runtime.CompilerServices;
using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Media;
using SiamIlgpu.Networks;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Gpu.Sandbox;
using SiamIlgpu.Tests.Kernels;
using SiamIlgpu.Tracking;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tests.Gpu;

/// <summary>Trackers on GPU devices that run out of memory, go away or are shared; the CPU device goes on whatever they do.</summary>
internal sealed class GpuTrackerTests
{
    /// <summary>As small as a tracking network can be: the sandbox is slow.</summary>
    internal static readonly NetworkWeights Tiny = NetworkInitializer.Create(new NetworkDefinition
    {
        Name = "tiny",
        ExemplarSize = 31,
        SearchSize = 31,
        Layers =
        [
            new ConvolutionLayer("conv1", 7, 4, 3, 16, 1, BatchNorm: true, Relu: true),
            new ConvolutionLayer("conv2", 3, 1, 16, 17, 1, BatchNorm: false, Relu: false),
        ],
        Join = new JoinDefinition(JoinKind.CorrelationFilter, AdjustKind.Affine, Lambda: 10, Margin: 1),
    }, seed: 1);

    internal static readonly TrackerOptions TinyOptions = TrackerOptions.CfNetConv1 with { Upsampling = 4 };

    private static readonly NetworkWeights Whole = NetworkInitializer.Create(NetworkDefinition.CfNetConv1, seed: 1);

    [Test]
    public void Update_InTheSandbox_FollowsTheCpusBoxes([Values] bool isProcessor)
    {
        using var device = new GpuDevice(new SandboxDriver(SandboxKernels.Find, isProcessor));
        using var cpu = new CpuDevice(1);
        AssertSameTrack(Track(device, Tiny, TinyOptions, frames: 5), Track(cpu, Tiny, TinyOptions, frames: 5));
    }

    [Test]
    [Needs(Need.OpenCl)]
    public void Update_OnOpenCl_FollowsTheCpusBoxes()
    {
        using var device = new GpuDevice(OpenClHere.Open());
        using var cpu = new CpuDevice(2);
        AssertSameTrack(Track(device, Whole, null, frames: 20), Track(cpu, Whole, null, frames: 20));
    }

    [Test]
    public void Prepare_MemoryRunsOut_GivesAllBackAndDevicesGoOn()
    {
        using var cpu = new CpuDevice(1);
        List<TrackResult> expected = Track(cpu, Tiny, TinyOptions, frames: 2);
        int failures = 0;
        for (int limit = 20_000; limit < 400_000; limit += 20_000)
        {
            using var driver = new SandboxDriver(SandboxKernels.Find, isProcessor: true, memoryLimit: limit);
            using var device = new GpuDevice(driver);
            Tensor before = device.Allocate(new TensorShape(1, 1, 1, 100), TensorLayout.Planar);
            if (!Fails(device))
                continue;
            failures++;
            GpuDeviceTests.Collect();
            Assert.That(driver.LiveAllocations, Is.EqualTo(1), $"{limit} bytes");
            Conformance.Check(device, new BlendCase(new BlendSpec(new TensorShape(1, 17, 3, 3)), 0.5f));
            before.Dispose();
            Assert.That(driver.LiveAllocations, Is.Zero);
        }
        Assert.That(failures, Is.GreaterThan(3));
        Assert.That(Track(cpu, Tiny, TinyOptions, frames: 2), Is.EqualTo(expected));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static bool Fails(GpuDevice device)
        {
            try
            {
                using var tracker = new Tracker(Tiny, device, TinyOptions);
                return false;
            }
            catch (DeviceMemoryException)
            {
                return true;
            }
        }
    }

    [Test]
    public void Dispose_TrackerThatTracked_LeavesNothing()
    {
        using var driver = new SandboxDriver(SandboxKernels.Find, isProcessor: true);
        using var device = new GpuDevice(driver);
        Track(device, Tiny, TinyOptions, frames: 3);
        Assert.That(driver.LiveAllocations, Is.Zero);
    }

    // Nothing waited for the crop's upload yet.
    [Test]
    public void Dispose_TrackerThatWasOnlyInitialized_IsSilent()
    {
        using var device = new GpuDevice(new SandboxDriver(SandboxKernels.Find, isProcessor: true));
        Track(device, Tiny, TinyOptions, frames: 1);
        device.Synchronize();
    }

    [TestCaseSource(typeof(OpenClHere), nameof(OpenClHere.WithoutAndWith))]
    public void Update_DeviceDisposed_ThrowsAndTheCpuGoesOn(bool openCl)
    {
        var device = new GpuDevice(openCl ? OpenClHere.Open() : new SandboxDriver(SandboxKernels.Find, isProcessor: true));
        using var cpu = new CpuDevice(1);
        using var video = new SyntheticVideo();
        Frame frame = video.Read()!;
        var tracker = new Tracker(Tiny, device, TinyOptions);
        using var other = new Tracker(Tiny, cpu, TinyOptions);
        tracker.Initialize(frame, video.GroundTruth[0]);
        other.Initialize(frame, video.GroundTruth[0]);
        tracker.Update(frame);
        BoundingBox box = other.Update(frame).Box;

        device.Dispose();
        Assert.That(() => tracker.Update(frame), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => tracker.Initialize(frame, video.GroundTruth[0]), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => new Tracker(Tiny, device, TinyOptions), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(other.Update(frame).Box.IntersectionOverUnion(box), Is.GreaterThan(0.5));
        tracker.Dispose();
        device.Dispose();
        GpuDeviceTests.Collect();
    }

    [Test]
    [Needs(Need.OpenCl)]
    public void Update_WarmOnOpenCl_AllocatesNothing()
    {
        using var device = new GpuDevice(OpenClHere.Open());
        using var tracker = new Tracker(Whole, device);
        using var video = new SyntheticVideo();
        Frame frame = video.Read()!;
        tracker.Initialize(frame, video.GroundTruth[0]);
        // All managed code of a frame runs on the caller's thread.
        Conformance.AssertAllocatesNothing(() => tracker.Update(frame));
    }

    [Test]
    [Needs(Need.OpenCl)]
    public void Trackers_OnOneOpenClDeviceFromTwoThreads_GiveTheSameBoxes()
    {
        using var device = new GpuDevice(OpenClHere.Open());
        List<TrackResult>[] alone = [Track(device, Whole, null, frames: 12), Track(device, Tiny, TinyOptions, frames: 12)];
        var together = new List<TrackResult>[2];
        Thread[] hosts =
        [
            new(() => together[0] = Track(device, Whole, null, frames: 12)),
            new(() => together[1] = Track(device, Tiny, TinyOptions, frames: 12)),
        ];
        foreach (Thread host in hosts)
            host.Start();
        foreach (Thread host in hosts)
            Assert.That(host.Join(TimeSpan.FromMinutes(2)), "a tracker hangs");
        Assert.That(together, Is.EqualTo(alone));
    }

    /// <summary>The results of a tracker of its own on the first frames of a synthetic video.</summary>
    internal static List<TrackResult> Track(ComputeDevice device, NetworkWeights weights, TrackerOptions? options, int frames)
    {
        using var tracker = new Tracker(weights, device, options);
        using var video = new SyntheticVideo();
        List<TrackResult> results = [tracker.Initialize(video.Read(), video.GroundTruth[0])];
        while (results.Count < frames)
            results.Add(tracker.Update(video.Read()));
        return results;
    }

    /// <summary>Boxes are equal but for a response's rounding, which moves no peak here.</summary>
    internal static void AssertSameTrack(List<TrackResult> actual, List<TrackResult> expected)
    {
        Assert.That(actual, Has.Count.EqualTo(expected.Count));
        for (int i = 0; i < actual.Count; i++)
        {
            Assert.That(actual[i].Box, Is.EqualTo(expected[i].Box), $"frame {i}");
            Assert.That(actual[i].Confidence, Is.EqualTo(expected[i].Confidence).Within(1e-4), $"frame {i}");
        }
    }
}
