extern alias RealIlgpu;
using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Media;
using SiamIlgpu.Tests.Gpu.Sandbox;
using SiamIlgpu.Tests.Kernels;
using SiamIlgpu.Tracking;
using RealIlgpu::ILGPU;
using RealIlgpu::ILGPU.Runtime;
using RealIlgpu::ILGPU.Runtime.CPU;
using RealIlgpu::ILGPU.Runtime.OpenCL;

namespace SiamIlgpu.Tests.Gpu;

/// <summary>A host that uses ILGPU itself: its accelerator, its stream, and frames that lie in its buffers.</summary>
[Needs(Need.OpenCl)]
internal sealed class HostAcceleratorTests
{
    private const int FrameCount = 12;

    private Context context = null!;
    private CLAccelerator accelerator = null!;

    [SetUp]
    public void Open()
    {
        OpenClHere.Open().Dispose();
        // As the driver does it: PoCL's processor has no generic address space.
        context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2).OpenCL(device =>
        {
            device.Capabilities.GetType().GetProperty("GenericAddressSpace")!.SetValue(device.Capabilities, true);
            return true;
        }));
        accelerator = context.CreateCLAccelerator(0);
    }

    [TearDown]
    public void Close()
    {
        accelerator?.Dispose();
        context?.Dispose();
    }

    [Test]
    public void Update_OnTheHostsStream_GivesTheSameBoxesAndLeavesTheHostItsOwn([Values] bool ownStream)
    {
        List<TrackResult> expected;
        using (var device = new GpuDevice(OpenClHere.Open()))
            expected = GpuTrackerTests.Track(device, GpuTrackerTests.Tiny, GpuTrackerTests.TinyOptions, FrameCount);
        using AcceleratorStream stream = accelerator.CreateStream();
        using (var device = new GpuDevice(accelerator, ownStream ? stream : null))
        {
            Assert.That(
                GpuTrackerTests.Track(device, GpuTrackerTests.Tiny, GpuTrackerTests.TinyOptions, FrameCount), Is.EqualTo(expected));
        }
        using MemoryBuffer1D<int, Stride1D.Dense> still = accelerator.Allocate1D(new[] { 1, 2, 3 });
        stream.Synchronize();
        Assert.That(still.GetAsArray1D(), Is.EqualTo(new[] { 1, 2, 3 }));
    }

    /// <summary>The pixels never leave the device but for the first frame's mean; rows are further apart than they are wide.</summary>
    [Test]
    public void Update_FramesInTheHostsBuffer_GivesTheSameBoxes([Values(0, 13)] int gap, [Values] bool several)
    {
        using AcceleratorStream stream = accelerator.CreateStream();
        using var device = new GpuDevice(accelerator, stream);
        using var video = new SyntheticVideo();
        Frame first = video.Read()!;
        int stride = first.Width * 3 + gap;
        byte[] rows = new byte[stride * first.Height];
        using MemoryBuffer1D<byte, Stride1D.Dense> buffer = accelerator.Allocate1D<byte>(rows.Length + 5);
        var frame = new GpuFrame(device, buffer.View.SubView(5, rows.Length), first.Width, first.Height, PixelFormat.Rgb24, stride);
        BoundingBox[] boxes = [video.GroundTruth[0], new(100, 60, 40, 30)];
        using var expected = new MultiTracker(GpuTrackerTests.Tiny, device, GpuTrackerTests.TinyOptions);
        using var actual = new MultiTracker(GpuTrackerTests.Tiny, device, GpuTrackerTests.TinyOptions);
        Write(first);
        foreach (BoundingBox box in boxes[..(several ? 2 : 1)])
        {
            expected.Add(first, box);
            actual.Add(frame, box);
        }
        for (int i = 1; i < FrameCount; i++)
        {
            Frame next = video.Read()!;
            Write(next);
            TargetResult[] wanted = [.. expected.Update(next)];
            Assert.That(actual.Update(frame).ToArray(), Is.EqualTo(wanted), $"frame {i}");
        }

        // On the device's own stream: behind the template that the last frame still updates.
        void Write(Frame from)
        {
            for (int y = 0; y < from.Height; y++)
                from.View().Row(y).CopyTo(rows.AsSpan(y * stride));
            buffer.View.SubView(5, rows.Length).CopyFromCPU(stream, rows);
            stream.Synchronize();
        }
    }

    [Test]
    public void Update_WarmWithAFrameOnTheDevice_AllocatesNothing()
    {
        using var device = new GpuDevice(accelerator);
        using var video = new SyntheticVideo();
        Frame first = video.Read()!;
        using MemoryBuffer1D<byte, Stride1D.Dense> buffer = accelerator.Allocate1D(first.View().Pixels.ToArray());
        var frame = new GpuFrame(device, buffer.View, first.Width, first.Height, first.Format);
        using var tracker = new Tracker(GpuTrackerTests.Tiny, device, GpuTrackerTests.TinyOptions);
        tracker.Initialize(frame, video.GroundTruth[0]);
        Conformance.AssertAllocatesNothing(() => tracker.Update(frame));
    }

    [Test]
    public void Update_AcceleratorDisposed_ThrowsAndTheCpuGoesOn()
    {
        var device = new GpuDevice(accelerator);
        using var video = new SyntheticVideo();
        Frame frame = video.Read()!;
        var tracker = new Tracker(GpuTrackerTests.Tiny, device, GpuTrackerTests.TinyOptions);
        tracker.Initialize(frame, video.GroundTruth[0]);
        tracker.Update(frame);
        accelerator.Dispose();
        Assert.That(() => tracker.Update(frame), Throws.TypeOf<ObjectDisposedException>());
        tracker.Dispose();
        device.Dispose();
        using var cpu = new CpuDevice(1);
        Assert.That(GpuTrackerTests.Track(cpu, GpuTrackerTests.Tiny, GpuTrackerTests.TinyOptions, frames: 2), Has.Count.EqualTo(2));
    }

    [Test]
    public void New_AcceleratorThatCannotRunTheKernels_SaysWhy()
    {
        using Context processor = Context.Create(builder => builder.CPU());
        using CPUAccelerator simulated = processor.CreateCPUAccelerator(0);
        Assert.That(() => new GpuDevice(simulated), Throws.ArgumentException.With.Message.Contains("for the processor there is the CPU device"));
        Assert.That(() => new GpuDevice(accelerator, simulated.DefaultStream), Throws.ArgumentException.With.Message.StartsWith("the stream is another"));
        Assert.That(() => new GpuDevice(accelerator, math: ConvolutionMath.Tf32), Throws.TypeOf<DeviceUnavailableException>());
    }

    [Test]
    public void NewFrame_OfAnotherAcceleratorOrTooSmall_SaysSo()
    {
        using var device = new GpuDevice(accelerator);
        using var other = new GpuDevice(OpenClHere.Open());
        using var sandbox = new GpuDevice(new SandboxDriver(SandboxKernels.Find));
        using MemoryBuffer1D<byte, Stride1D.Dense> buffer = accelerator.Allocate1D<byte>(100);
        Assert.That(() => new GpuFrame(other, buffer.View, 5, 5, PixelFormat.Gray8), Throws.ArgumentException.With.Message.Contains(other.Name));
        Assert.That(() => new GpuFrame(sandbox, buffer.View, 5, 5, PixelFormat.Gray8), Throws.ArgumentException);
        Assert.That(() => new GpuFrame(device, default(ArrayView<byte>), 5, 5, PixelFormat.Gray8), Throws.ArgumentException);
        Assert.That(() => new GpuFrame(device, buffer.View, 6, 6, PixelFormat.Rgb24), Throws.ArgumentException
            .With.Message.EqualTo("a 6x6 Rgb24 frame takes 108 bytes, there are 100"));
        var frame = new GpuFrame(device, buffer.View, 5, 5, PixelFormat.Bgra32);
        using var cpu = new CpuDevice(1);
        using CropResize crop = cpu.Prepare(new CropResizeSpec(1, 7));
        using Tensor crops = cpu.Allocate(crop.Spec.Crops, TensorLayout.Interleaved);
        Assert.That(() => crop.Forward(frame, Whole(), crops), Throws.TypeOf<DeviceMismatchException>());

        static CropPyramid Whole() => new()
        {
            Region = new CropSquare(0, 0, 5),
            RegionSize = 5,
            Levels = new[] { new CropSquare(0, 0, 5) },
            Padding = default,
        };
    }
}
