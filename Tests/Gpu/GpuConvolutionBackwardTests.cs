using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Gpu.Sandbox;
using SiamIlgpu.Tests.Kernels;

namespace SiamIlgpu.Tests.Gpu;

/// <summary>What a GPU's gradients of convolutions hold, share and let go.</summary>
internal sealed class GpuConvolutionBackwardTests
{
    private static readonly ConvolutionSpec Features = new(1, 16, 5, 6, 32, Size: 2, Stride: 1, Groups: 1, Relu: false);

    [Test]
    public void PrepareBackward_TwoSizes_ShareOneFlippedForm()
    {
        using var device = new GpuDevice(new SandboxDriver(SandboxKernels.Find));
        using var filters = (GpuFilters)Load(device, Features);
        using ConvolutionBackward large = device.PrepareBackward(Features, filters);
        using ConvolutionBackward small = device.PrepareBackward(Features with { Batch = 2, Height = 3 }, filters);
        Assert.That(filters.Flipped(large.Spec), Is.SameAs(filters.Flipped(small.Spec)));
        Assert.That(filters.Forms, Is.EqualTo(1));
    }

    [Test]
    public void PrepareBackward_OfAnImage_PacksNoFilters()
    {
        using var device = new GpuDevice(new SandboxDriver(SandboxKernels.Find));
        ConvolutionSpec spec = Features with { InChannels = 3 };
        using var filters = (GpuFilters)Load(device, spec);
        using ConvolutionBackward backward = device.PrepareBackward(spec, filters);
        Assert.That(filters.Forms, Is.Zero);
    }

    [Test]
    public void Dispose_OfAll_FreesAll()
    {
        using var driver = new SandboxDriver(SandboxKernels.Find, computeUnits: 132);
        using var device = new GpuDevice(driver);
        ConvolutionFilters filters = Load(device, Features);
        ConvolutionBackward first = device.PrepareBackward(Features, filters), second = device.PrepareBackward(Features, filters);
        Convolution forward = device.Prepare(Features, filters);
        filters.Dispose();
        Assert.That(driver.LiveAllocations, Is.Positive);
        foreach (DeviceOperation operation in (DeviceOperation[])[first, forward, second])
            operation.Dispose();
        Assert.That(driver.LiveAllocations, Is.Zero);
        Assert.That(() => device.PrepareBackward(Features, filters), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    [Needs(Need.OpenCl)]
    public void StepOfTraining_Warm_AllocatesNothing()
    {
        using var device = new GpuDevice(OpenClHere.Open());
        using ConvolutionFilters filters = Load(device, Features);
        using ConvolutionBackward backward = device.PrepareBackward(Features, filters);
        using ReluBackward relu = device.PrepareBackward(new ReluSpec(Features.Output));
        using Tensor x = device.Allocate(Features.Input, device.FeatureLayout), dx = device.Allocate(Features.Input, device.FeatureLayout);
        using Tensor y = device.Allocate(Features.Output, device.FeatureLayout), dy = device.Allocate(Features.Output, device.FeatureLayout);
        using Tensor w = device.Allocate(Features.Filters, TensorLayout.Planar), dw = device.Allocate(Features.Filters, TensorLayout.Planar);
        var biases = new TensorShape(1, Features.OutChannels, 1, 1);
        using Tensor b = device.Allocate(biases, TensorLayout.Planar), db = device.Allocate(biases, TensorLayout.Planar);
        Conformance.AssertAllocatesNothing(() =>
        {
            relu.Backward(y, dy);
            backward.Filters(x, dy, dw, db, GradientWrite.Overwrite);
            backward.Input(dy, dx);
            filters.Update(w, b);
        });
        device.Synchronize();
    }

    private static ConvolutionFilters Load(GpuDevice device, ConvolutionSpec spec) =>
        device.Load(spec.Filters, TestValues.Uniform(spec.Filters.Count, seed: 1), TestValues.Uniform(spec.OutChannels, seed: 2));
}
