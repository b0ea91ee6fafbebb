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

    [TestCaseSource(nameof(Updates))]
    public void Update_EqualsFiltersLoadedWithTheValues(object on, ConvolutionSpec spec) => AssertUpdates(((TestDevice)on).Device, spec);

    [Test]
    [Category("Conformance")]
    public void Update_OnTheCpu_EqualsFiltersLoadedWithTheValues(
        [Values(ConvolutionAlgorithm.Direct, ConvolutionAlgorithm.Winograd)] ConvolutionAlgorithm algorithm)
    {
        using var device = new CpuDevice(new CpuDeviceOptions { Threads = 2, Convolution = algorithm });
        var small = new ConvolutionSpec(2, 32, 12, 11, 48, Size: 3, Stride: 1, Groups: 1, Relu: false);
        AssertUpdates(device, small);
        AssertUpdates(device, small with { Groups = 2, OutChannels = 64 });
        // Lanes that belong to no channel must stay zero.
        AssertUpdates(device, small with { InChannels = 24, OutChannels = 10 });
    }

    [Test]
    public void Update_SecondCall_AllocatesNothing()
    {
        using var device = new CpuDevice(threads: 2);
        using var tensors = new CaseTensors(device);
        ConvolutionFilters filters = tensors.Own(device.Load(Large.Filters, Values, Bias));
        tensors.Own(device.Prepare(Large, filters));
        tensors.Own(device.PrepareBackward(Large, filters));
        TensorView values = tensors.Input(Values, Large.Filters, TensorLayout.Planar);
        TensorView bias = tensors.Input(Bias, new TensorShape(1, Large.OutChannels, 1, 1), TensorLayout.Planar);
        Conformance.AssertAllocatesNothing(() => filters.Update(values, bias));
    }

    /// <summary>Filters that took other values are as if they had been loaded with them, for what was prepared before and after.</summary>
    internal static void AssertUpdates(ComputeDevice device, ConvolutionSpec spec)
    {
        using var tensors = new CaseTensors(device);
        float[] loaded = TestValues.Uniform(spec.Filters.Count, seed: 2), bias = TestValues.Uniform(spec.OutChannels, seed: 3);
        float[] w = TestValues.Uniform(spec.Filters.Count, seed: 11), b = TestValues.Uniform(spec.OutChannels, seed: 12);
        ConvolutionFilters fresh = tensors.Own(device.Load(spec.Filters, w, b));
        ConvolutionFilters updated = tensors.Own(device.Load(spec.Filters, loaded, bias));
        ConvolutionFilters late = tensors.Own(device.Load(spec.Filters, loaded, bias));
        Func<float[][]> early = Prepare(tensors, spec, updated);
        float[][] expected = Prepare(tensors, spec, fresh)();
        Assert.That(early(), Is.Not.EqualTo(expected));

        TensorView filters = tensors.Input(w, spec.Filters, TensorLayout.Planar);
        TensorView biases = tensors.Input(b, new TensorShape(1, spec.OutChannels, 1, 1), TensorLayout.Planar);
        updated.Update(filters, biases);
        late.Update(filters, biases);
        // What the views hold later is of no concern: the values were taken.
        device.Upload(new float[w.Length], filters);
        device.Upload(new float[b.Length], biases);
        Assert.That(early(), Is.EqualTo(expected), "prepared before");
        Assert.That(Prepare(tensors, spec, late)(), Is.EqualTo(expected), "prepared after");
        ConvolutionSpec strided = spec with { Stride = spec.Stride + 1 };
        Assert.That(Prepare(tensors, strided, late)(), Is.EqualTo(Prepare(tensors, strided, fresh)()), "prepared after, with another stride");
        updated.Dispose();
        Assert.That(early(), Is.EqualTo(expected), "once no more can be prepared");
        Assert.That(loaded, Is.EqualTo(TestValues.Uniform(spec.Filters.Count, seed: 2)), "the caller's array");
    }

    private static IEnumerable<TestCaseData> Updates =>
        from device in TestDevices.Main
        from spec in ConvolutionBackwardCases.Updated
        select device.With(spec);

    /// <summary>Runs the convolution and its gradients; returns all that they write.</summary>
    private static Func<float[][]> Prepare(CaseTensors on, ConvolutionSpec spec, ConvolutionFilters filters)
    {
        int first = on.Outputs.Count;
        Action forward = new ConvolutionCase("", spec).Prepare(on, filters);
        Action backward = new ConvolutionBackwardCase(spec).Prepare(on, filters);
        CaseOutput[] outputs = [.. on.Outputs.Skip(first)];
        return () =>
        {
            forward();
            backward();
            return [.. outputs.Select(output => output.Raw())];
        };
    }

    private static float[] Run(CpuDevice device, Convolution convolution)
    {
        ConvolutionSpec spec = convolution.Spec;
        using var tensors = new CaseTensors(device);
        TensorView input = tensors.Input(TestValues.Uniform(spec.Input.Count, seed: 3), spec.Input, spec.InputLayout(device));
        TensorView output = tensors.Output(spec.Output);
        convolution.Forward(input, output);
        return device.Download(output);
    }
}
