using System.Runtime.CompilerServices;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Gpu.Sandbox;
using SiamIlgpu.Tests.Kernels;

namespace SiamIlgpu.Tests.Gpu;

/// <summary>What holds for every operation of a GPU device: whose views it takes, when memory may be reused, what is recorded.</summary>
internal sealed class GpuDeviceTests
{
    private static readonly BlendSpec Small = new(new TensorShape(1, 17, 3, 3));

    [Test]
    public void Forward_ViewOfAnotherDevice_IsRefused()
    {
        using GpuDevice device = Sandbox(), other = Sandbox();
        using var cpu = new CpuDevice(1);
        using Blend blend = device.Prepare(Small);
        using Tensor own = device.Allocate(Small.Shape, device.FeatureLayout);
        foreach (ComputeDevice stranger in (ComputeDevice[])[other, cpu])
        {
            using Tensor theirs = stranger.Allocate(Small.Shape, device.FeatureLayout);
            Assert.That(() => blend.Forward(own, theirs, 1), Throws.TypeOf<DeviceMismatchException>());
            Assert.That(() => blend.Forward(theirs, own, 1), Throws.TypeOf<DeviceMismatchException>());
            Assert.That(() => device.Upload(new float[Small.Shape.Count], theirs), Throws.TypeOf<DeviceMismatchException>());
            Assert.That(() => device.Download(theirs, new float[Small.Shape.Count]), Throws.TypeOf<DeviceMismatchException>());
        }
    }

    [Test]
    public void Forward_ViewAtAnOffset_TakesWholeQuadsOnly([Values(1, 2, 3, 4, 8)] int offset)
    {
        using GpuDevice device = Sandbox();
        using Blend blend = device.Prepare(Small);
        long length = Small.Shape.Length(device.FeatureLayout);
        using Tensor longer = device.Allocate(new TensorShape(1, 1, 1, (int)length + 8), TensorLayout.Planar);
        TensorView average = longer.View.Slice(offset, Small.Shape, device.FeatureLayout);
        float[] values = TestValues.Uniform(Small.Shape.Count, seed: 1);
        using var tensors = new CaseTensors(device);
        TensorView update = tensors.Input(values, Small.Shape);
        if (offset % 4 == 0)
        {
            blend.Forward(average, update, 1);
            Assert.That(device.Download(average), Is.EqualTo(values));
            return;
        }
        Assert.That(() => blend.Forward(average, update, 1), Throws.TypeOf<KernelShapeException>()
            .With.Message.EqualTo($"GPU tensors start at a multiple of 4 floats, got offset {offset} of {Small.Shape}"));
    }

    [TestCaseSource(typeof(OpenClHere), nameof(OpenClHere.WithoutAndWith))]
    public void Allocate_MoreThanThereIs_SaysSoAndTheDeviceGoesOn(bool openCl)
    {
        using var device = new GpuDevice(openCl ? OpenClHere.Open() : new SandboxDriver(SandboxKernels.Find, memoryLimit: 100_000));
        Assert.That(() => device.AllocateBuffer(1L << 40), Throws.TypeOf<DeviceMemoryException>());
        Conformance.Check(device, new BlendCase(Small, 0.5f));
    }

    // An operation whose preparation fails cannot be disposed; its buffers go when they are collected.
    [Test]
    public void Prepare_MemoryRunsOutHalfWay_ComesBackWithTheCollector()
    {
        int failures = 0;
        for (int limit = 1000; limit < 60_000; limit += 3000)
        {
            using var driver = new SandboxDriver(SandboxKernels.Find, memoryLimit: limit);
            using var device = new GpuDevice(driver);
            if (!Fails(device))
                continue;
            failures++;
            Collect();
            Assert.That(driver.LiveAllocations, Is.Zero, $"{limit} bytes");
        }
        Assert.That(failures, Is.GreaterThan(5));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static bool Fails(GpuDevice device)
        {
            try
            {
                var spec = new CorrelationFilterSpec(17, 12, 1, 1);
                device.Prepare(spec, CorrelationFilterCase.Window(spec), CorrelationFilterCase.Target(spec)).Dispose();
                return false;
            }
            catch (DeviceMemoryException)
            {
                return true;
            }
        }
    }

    // Nothing that is enqueued in the sandbox has happened when the second frame comes.
    [TestCaseSource(typeof(OpenClHere), nameof(OpenClHere.WithoutAndWith))]
    public void CropResize_OtherFrameBeforeAnyWait_EachHasItsOwnCrops(bool openCl)
    {
        using GpuDevice device = openCl ? new GpuDevice(OpenClHere.Open()) : Sandbox();
        CropSquare[] levels = [new(0, 0, 17), new(2, 2, 13)];
        CropResizeCase first = Of("first", 20, 11), second = Of("second", 31, 40);
        using CropResize operation = device.Prepare(first.Spec);
        Tensor[] crops = [.. Enumerable.Range(0, 4).Select(_ => device.Allocate(first.Spec.Crops, TensorLayout.Interleaved))];
        byte[][] pixels = [first.Pixels(), second.Pixels(), [.. first.Pixels().Reverse()], second.Pixels()];
        CropResizeCase[] cases = [first, second, first, second];
        for (int i = 0; i < 4; i++)
        {
            byte[] borrowed = [.. pixels[i]];
            operation.Forward(cases[i].View(borrowed), cases[i].Pyramid(), crops[i]);
            borrowed.AsSpan().Fill(77);
        }
        for (int i = 0; i < 4; i++)
        {
            Deviation deviation = cases[i].Reference(pixels[i]).Compare(device.Download(crops[i]), device);
            Assert.That(deviation.IsAllowed, $"frame {i}: {deviation}");
        }

        CropResizeCase Of(string name, int width, int height) =>
            new(name, width, height, PixelFormat.Rgb24, 0, new(-3, -2, width), 17, 9, levels);
    }

    [Test]
    public void CropResize_DisposedBeforeAnyWait_IsSilent()
    {
        using GpuDevice device = Sandbox();
        var crop = new CropResizeCase("", 20, 11, PixelFormat.Rgb24, 0, new(-3, -2, 17), 17, 9, new CropSquare(0, 0, 17));
        using Tensor crops = device.Allocate(crop.Spec.Crops, TensorLayout.Interleaved);
        using (CropResize operation = device.Prepare(crop.Spec))
            operation.Forward(crop.View(crop.Pixels()), crop.Pyramid(), crops);
        using ResponsePeak peak = device.Prepare(new ResponsePeakSpec(1, 5, 2, 1, 0));
        peak.Forward(device.Allocate(peak.Spec.Responses, TensorLayout.Planar));
        peak.Dispose();
        device.Synchronize();
    }

    private static IEnumerable<object[]> Drivers =>
    [
        ["GPU", 4], ["GPU", 132], ["tensor cores", 4], ["processor", 2],
        .. OpenClHere.IsTested ? (object[][])[["OpenCL", 132], ["OpenCL", 0]] : [],
    ];

    /// <summary>A ReLU that is a plain maximum would make NaN 0, and hide that a network has diverged.</summary>
    [TestCaseSource(nameof(Drivers))]
    public void Convolution_NaNFeature_StaysNaNThroughRelu(string kind, int units)
    {
        using GpuDriver driver = kind == "OpenCL" ? OpenClHere.Open() : new SandboxDriver(
            SandboxKernels.Find, kind == "processor", kind == "tensor cores", units);
        ConvolutionMath math = kind == "tensor cores" ? ConvolutionMath.Tf32 : ConvolutionMath.Float32;
        GpuDevice device = kind == "OpenCL" && units > 0
            ? new GpuDevice(driver) { LikeProcessor = false, ComputeUnits = units }
            : new GpuDevice(driver, math);
        var testCase = new ConvolutionCase("", new ConvolutionSpec(1, 16, 5, 6, 17, 4, 1, 1, Relu: true));
        ConvolutionSpec spec = testCase.Spec;
        float[] values = testCase.Input();
        values[0] = float.NaN;
        using Convolution convolution = device.Prepare(spec, testCase.Filters(), testCase.Bias());
        using var tensors = new CaseTensors(device);
        TensorView output = tensors.Output(spec.Output);
        convolution.Forward(tensors.Input(values, spec.Input), output);
        // The first window alone has it, in all 17 channels, and the unused lanes of the last block stay 0.
        float[] actual = device.Download(output);
        int area = spec.MapHeight * spec.MapWidth;
        Assert.That(actual.Where((_, i) => i % area == 0), Is.All.NaN);
        Assert.That(actual.Where((_, i) => i % area != 0), Has.None.NaN.And.Some.Zero);
        Assert.That(device.DownloadRaw(output).Count(float.IsNaN), Is.EqualTo(17));
    }

    [TestCaseSource(typeof(OpenClHere), nameof(OpenClHere.WithoutAndWith))]
    public void Record_FirstPlainSecondRecordedThenReplayed_SameResults(bool openCl)
    {
        // Of a driver that cannot record, every run calls the action.
        int[] expectedCalls = openCl ? [1, 2, 3, 4, 5] : [1, 2, 2, 2, 2];
        using GpuDevice device = openCl ? new GpuDevice(OpenClHere.Open()) : Sandbox();
        using Blend blend = device.Prepare(Small);
        using var tensors = new CaseTensors(device);
        TensorView average = tensors.Input(new float[Small.Shape.Count], Small.Shape);
        TensorView update = tensors.Input([.. Enumerable.Repeat(1f, (int)Small.Shape.Count)], Small.Shape);
        int calls = 0;
        using RecordedWork work = device.Record(() =>
        {
            calls++;
            blend.Forward(average, update, 0.5f);
        });
        float expected = 0;
        foreach (int expectedCall in expectedCalls)
        {
            work.Replay();
            expected = 0.5f * expected + 0.5f;
            Assert.That(calls, Is.EqualTo(expectedCall));
            Assert.That(device.Download(average), Is.All.EqualTo(expected));
        }
    }

    [Test]
    public void Record_WhereItIsSwitchedOff_CallsTheActionEachTime()
    {
        using var device = new GpuDevice(new SandboxDriver(SandboxKernels.Find)) { Records = false };
        int calls = 0;
        using RecordedWork work = device.Record(() => calls++);
        for (int i = 0; i < 4; i++)
            work.Replay();
        Assert.That(calls, Is.EqualTo(4));
    }

    [Test]
    public void Record_ActionFailsWhileRecorded_LaterRunsArePlain()
    {
        using GpuDevice device = Sandbox();
        int calls = 0;
        using RecordedWork work = device.Record(() =>
        {
            if (calls++ == 1)
                throw new InvalidOperationException("mine");
        });
        work.Replay();
        Assert.That(work.Replay, Throws.InvalidOperationException.With.Message.EqualTo("mine"));
        work.Replay();
        work.Replay();
        Assert.That(calls, Is.EqualTo(4));
    }

    /// <summary>Finalizes what nothing refers to any more.</summary>
    internal static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    private static GpuDevice Sandbox() => new(new SandboxDriver(SandboxKernels.Find));
}
