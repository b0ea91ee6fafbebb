using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Tests.Kernels;

internal sealed class ConvolutionTests
{
    [Test]
    public void Prepare_ImpossibleSizes_SaysWhich()
    {
        using var device = new CpuDevice(threads: 1);
        var spec = new ConvolutionSpec(1, 16, 9, 9, 32, 3, 1, 1, Relu: true);
        Assert.Multiple(() =>
        {
            AssertRefused(spec with { Stride = 0 }, "every size must be positive");
            AssertRefused(spec with { Groups = 3 }, "3 groups must divide 16 input and 32 output channels");
            AssertRefused(spec with { Size = 10 }, "a 10x10 filter does not fit into 9x9");
            Assert.That(() => device.Prepare(spec, new float[7], new float[32]), Throws.InstanceOf<KernelShapeException>()
                .With.Message.EqualTo("convolution: [32,16,3,3] filters take 4608 values, got 7"));
            Assert.That(() => device.Prepare(spec, new float[4608], new float[3]), Throws.InstanceOf<KernelShapeException>()
                .With.Message.EqualTo("convolution: expected 32 biases, got 3"));
        });

        void AssertRefused(ConvolutionSpec impossible, string message) => Assert.That(
            () => device.Prepare(impossible, [], []), Throws.InstanceOf<KernelShapeException>().With.Message.Contains(message));
    }

    [Test]
    public void Forward_WrongShapeLayoutOrDevice_SaysWhatWasExpected()
    {
        using var device = new CpuDevice(threads: 1);
        using var other = new CpuDevice(threads: 1);
        var spec = new ConvolutionSpec(1, 16, 9, 9, 32, 3, 1, 1, Relu: true);
        using Convolution convolution = device.Prepare(spec, new float[spec.Filters.Count], new float[32]);
        using var tensors = new CaseTensors(device);
        using var foreigners = new CaseTensors(other);
        TensorView input = tensors.Output(spec.Input), output = tensors.Output(spec.Output), foreign = foreigners.Output(spec.Output);
        Assert.Multiple(() =>
        {
            Assert.That(() => convolution.Forward(output, output), Throws.InstanceOf<KernelShapeException>()
                .With.Message.EqualTo("convolution input: expected [1,16,9,9] Blocked16, got [1,32,7,7] Blocked16"));
            Assert.That(() => convolution.Forward(input, output with { Layout = TensorLayout.Planar }), Throws.InstanceOf<KernelShapeException>()
                .With.Message.EqualTo("convolution output: expected [1,32,7,7] Blocked16, got [1,32,7,7] Planar"));
            Assert.That(() => convolution.Forward(input, foreign), Throws.InstanceOf<DeviceMismatchException>());
        });
    }
}
