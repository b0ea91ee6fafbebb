using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Tests.Kernels;

/// <summary>The max pooling and its gradient.</summary>
internal sealed class MaxPoolTests
{
    [Test]
    public void Prepare_ImpossibleSizes_SaysWhich()
    {
        using var device = new CpuDevice(threads: 1);
        Assert.That(() => device.Prepare(new MaxPoolSpec(1, 16, 2, 9, 3, 1)), Throws.InstanceOf<KernelShapeException>()
            .With.Message.EqualTo("max pool: a 3x3 window does not fit into 2x9"));
        Assert.That(() => device.Prepare(new MaxPoolSpec(1, 16, 9, 9, 3, 0)), Throws.InstanceOf<KernelShapeException>()
            .With.Message.Contains("every size must be positive"));
        Assert.That(() => device.PrepareBackward(new MaxPoolSpec(1, 16, 2, 9, 3, 1)),
            Throws.TypeOf<KernelShapeException>().With.Message.EqualTo("max pool: a 3x3 window does not fit into 2x9"));
    }

    [TestCaseSource(nameof(Ties))]
    public void Backward_Ties_GoToTheFirstByRows(object on, int stride)
    {
        // One window of equal values and one whose maximum comes first in the second row.
        var spec = new MaxPoolSpec(1, 1, 3, 4 + (stride - 1), 3, stride);
        float[] input = stride == 1 ? [1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 2] : [1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 2, 2];
        float[] expected = new float[input.Length];
        expected[0] = 3;
        expected[stride == 1 ? 7 : 8] = 5;
        Assert.That(new MaxPoolBackwardCase(spec, "ties", input, [3, 5]).Run(((TestDevice)on).Device)[0], Is.EqualTo(expected));
    }

    [Test]
    public void Backward_WrongView_SaysWhatWasExpected()
    {
        using var device = new CpuDevice(1);
        using var tensors = new CaseTensors(device);
        var spec = new MaxPoolSpec(1, 1, 5, 5, 3, 2);
        using MaxPoolBackward operation = device.PrepareBackward(spec);
        TensorView input = tensors.Output(spec.Input), output = tensors.Output(spec.Output);
        Assert.That(() => operation.Backward(input, output, input, input), Throws.TypeOf<KernelShapeException>()
            .With.Message.EqualTo("max pool output gradient: expected [1,1,2,2] Blocked16, got [1,1,5,5] Blocked16"));
    }

    private static IEnumerable<TestCaseData> Ties =>
        from device in TestDevices.Main
        from stride in (int[])[1, 2]
        select device.With(stride);
}
