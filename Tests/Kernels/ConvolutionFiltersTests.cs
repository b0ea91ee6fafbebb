using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Tests.Kernels;

/// <summary>Filters that several convolutions share.</summary>
internal sealed class ConvolutionFiltersTests
{
    private static readonly ConvolutionSpec Large = new(2, 16, 20, 20, 32, Size: 3, Stride: 1, Groups: 1, Relu: false);
    private static readonly ConvolutionSpec Small = Large with { Batch = 1, Height = 7, Width = 9 };
    private static readonly float[] Values = TestValues.Uniform(Large.Filters.Count, seed: 1);
    private static readonly float[] Bias = TestValues.Uniform(Large.OutChannels, seed: 2);

    [TestCase(ConvolutionAlgorithm.Direct)]
    [TestCase(ConvolutionAlgorithm.Winograd)]
    public void Prepare_SharedByTwoSizes_GivesWhatOwnFiltersGive_EvenAfterTheyAreDisposed(ConvolutionAlgorithm algorithm)
    {
        using var device = new CpuDevice(new CpuDeviceOptions { Threads = 1, Convolution = algorithm });
        ConvolutionFilters filters = device.Load(Large.Filters, Values, Bias);
        Convolution large = device.Prepare(Large, filters);
        using Convolution small = device.Prepare(Small, filters);
        filters.Dispose();
        float[] ofLarge = Run(device, large);
        large.Dispose();
        float[] ofSmall = Run(device, small);

        using Convolution largeAlone = device.Prepare(Large, Values, Bias);
        using Convolution smallAlone = device.Prepare(Small, Values, Bias);
        Assert.That(ofLarge, Is.EqualTo(Run(device, largeAlone)));
        Assert.That(ofSmall, Is.EqualTo(Run(device, smallAlone)));
        Assert.That(() => Run(device, large), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void Packed_AskedForTwice_IsOne()
    {
        using var device = new CpuDevice(threads: 1);
        using var filters = (CpuFilters)device.Load(Large.Filters, Values, Bias);
        Assert.That(filters.Packed<DirectFilters>(Small), Is.SameAs(filters.Packed<DirectFilters>(Large)));
        Assert.That(filters.Packed<WinogradFilters<F4x3>>(Small), Is.SameAs(filters.Packed<WinogradFilters<F4x3>>(Large)));
        Assert.That(filters.Packed<DirectFilters>(Large with { Stride = 2 }), Is.Not.SameAs(filters.Packed<DirectFilters>(Large)));
    }

    [Test]
    public void Load_WrongLengths_SaysWhichAreExpected()
    {
        using var device = new CpuDevice(threads: 1);
        Assert.That(() => device.Load(Large.Filters, new float[7], Bias),
            Throws.InstanceOf<KernelShapeException>().With.Message.EqualTo("convolution: [32,16,3,3] filters take 4608 values, got 7"));
        Assert.That(() => device.Load(Large.Filters, Values, new float[31]),
            Throws.InstanceOf<KernelShapeException>().With.Message.EqualTo("convolution: expected 32 biases, got 31"));
    }

    [Test]
    public void Prepare_FiltersOfAnotherShapeOrDeviceOrDisposed_Throws()
    {
        using var device = new CpuDevice(threads: 1);
        using var other = new CpuDevice(threads: 1);
        ConvolutionFilters filters = device.Load(Large.Filters, Values, Bias);
        Assert.That(() => device.Prepare(Large with { OutChannels = 16 }, filters),
            Throws.InstanceOf<KernelShapeException>().With.Message.EqualTo("convolution: expected [16,16,3,3] filters, got [32,16,3,3]"));
        Assert.That(() => other.Prepare(Large, filters), Throws.InstanceOf<DeviceMismatchException>());
        filters.Dispose();
        filters.Dispose();
        Assert.That(() => device.Prepare(Large, filters), Throws.InstanceOf<ObjectDisposedException>());
    }

    private static float[] Run(CpuDevice device, Convolution convolution)
    {
        ConvolutionSpec spec = convolution.Spec;
        using Tensor input = device.Allocate(spec.Input, spec.InputLayout(device));
        using Tensor output = device.Allocate(spec.Output, device.FeatureLayout);
        device.Upload(TestValues.Uniform(spec.Input.Count, seed: 3), input);
        convolution.Forward(input, output);
        var values = new float[spec.Output.Count];
        device.Download(output, values);
        return values;
    }
}
