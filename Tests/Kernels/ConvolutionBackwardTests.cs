using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Tests.Kernels;

internal sealed class ConvolutionBackwardTests
{
    private static readonly ConvolutionSpec Small = new(2, 32, 12, 11, 48, Size: 3, Stride: 1, Groups: 1, Relu: false);
    private static readonly ConvolutionSpec Image = Small with { InChannels = 3 };

    [Test]
    public void Packed_FlippedFiltersOfTwoSizes_AreOne_AndAnImagesAreNotMade()
    {
        using var device = new CpuDevice(threads: 1);
        using CpuFilters filters = Load(device, Small), imageFilters = Load(device, Image);
        using ConvolutionBackward large = device.PrepareBackward(Small, filters);
        using ConvolutionBackward small = device.PrepareBackward(Small with { Batch = 1, Height = 6 }, filters);
        Assert.That(filters.PackedForms, Is.EqualTo((Type[])[typeof(FlippedFilters)]));
        using ConvolutionBackward first = device.PrepareBackward(Image, imageFilters);
        Assert.That(imageFilters.PackedForms, Is.Empty);
    }

    [Test]
    public void PrepareBackward_ReluOrOtherFilters_SaysWhatIsWrong()
    {
        using var device = new CpuDevice(threads: 1);
        using CpuFilters filters = Load(device, Small);
        Assert.That(() => device.PrepareBackward(Small with { Relu = true }, filters), Throws.InstanceOf<KernelShapeException>()
            .With.Message.EqualTo("convolution gradients: ReLU and pooling have operations of their own"));
        Assert.That(() => device.PrepareBackward(Small with { Size = 5 }, filters), Throws.InstanceOf<KernelShapeException>()
            .With.Message.EqualTo("convolution: expected [48,32,5,5] filters, got [48,32,3,3]"));
    }

    [Test]
    public void InputAndFilters_WrongViews_SayWhatWasExpected()
    {
        using var device = new CpuDevice(threads: 1);
        using var tensors = new CaseTensors(device);
        using CpuFilters filters = Load(device, Small);
        ConvolutionBackward backward = device.PrepareBackward(Small, filters);
        TensorView x = tensors.Output(Small.Input), y = tensors.Output(Small.Output), w = tensors.Output(Small.Filters, TensorLayout.Planar);
        TensorView biases = tensors.Output(new TensorShape(1, Small.OutChannels, 1, 1), TensorLayout.Planar);
        Assert.That(() => backward.Input(x, x), Throws.InstanceOf<KernelShapeException>()
            .With.Message.EqualTo("convolution output gradient: expected [2,48,10,9] Blocked16, got [2,32,12,11] Blocked16"));
        Assert.That(() => backward.Filters(x, y, biases, biases, GradientWrite.Overwrite), Throws.InstanceOf<KernelShapeException>()
            .With.Message.EqualTo("convolution filter gradient: expected [48,32,3,3] Planar, got [1,48,1,1] Planar"));
        Assert.That(() => filters.Update(w, w), Throws.InstanceOf<KernelShapeException>()
            .With.Message.EqualTo("convolution biases: expected [1,48,1,1] Planar, got [48,32,3,3] Planar"));
        backward.Dispose();
        Assert.That(() => backward.Input(y, x), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void Input_OfAnImage_SaysThatItsGradientIsNotComputed([ValueSource(typeof(TestDevices), nameof(TestDevices.Main))] object on)
    {
        ComputeDevice device = ((TestDevice)on).Device;
        ConvolutionSpec spec = Image with { Height = 5, Width = 4, OutChannels = 16 };
        using var tensors = new CaseTensors(device);
        using ConvolutionFilters filters = device.Load(spec.Filters, new float[spec.Filters.Count], new float[spec.OutChannels]);
        using ConvolutionBackward first = device.PrepareBackward(spec, filters);
        Assert.That(() => first.Input(tensors.Output(spec.Output), tensors.Output(spec.Input)), Throws.InstanceOf<KernelShapeException>()
            .With.Message.EqualTo("convolution gradients: [2,3,5,4] is an image, whose gradient is not computed"));
    }

    private static CpuFilters Load(CpuDevice device, ConvolutionSpec spec) =>
        (CpuFilters)device.Load(spec.Filters, TestValues.Uniform(spec.Filters.Count, seed: 2), new float[spec.OutChannels]);
}
