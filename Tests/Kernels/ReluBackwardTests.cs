using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Reference;
using static SiamIlgpu.Tests.Kernels.TrainingTensors;

namespace SiamIlgpu.Tests.Kernels;

[Category("Conformance")]
internal sealed class ReluBackwardTests
{
    [TestCaseSource(typeof(ReluBackwardCases), nameof(ReluBackwardCases.All))]
    public void Backward_EqualsReference_ForAnyThreadCount(ReluSpec spec)
    {
        double[] expected = ReluBackwardReference.Gradient(
            Doubles(ReluBackwardCases.Output(spec)), Doubles(ReluBackwardCases.Gradient(spec)));
        foreach (int threads in Conformance.ThreadCounts)
        {
            using var tensors = new TrainingTensors(threads);
            using ReluBackward operation = tensors.Device.PrepareBackward(spec);
            TensorView gradient = tensors.Features(ReluBackwardCases.Gradient(spec), spec.Shape);
            operation.Backward(tensors.Features(ReluBackwardCases.Output(spec), spec.Shape), gradient);
            Assert.That(tensors.Values(gradient), Is.EqualTo(Floats(expected)), $"{threads} threads");
            tensors.Raw(gradient);
        }
    }

    [Test]
    public void Reference_IsTheDerivative()
    {
        double[] x = Doubles(TestValues.Uniform(50, seed: 1)), weights = Doubles(TestValues.Uniform(50, seed: 2));
        double[] gradient = ReluBackwardReference.Gradient(ReluBackwardReference.Forward(x), weights);
        GradientCheck.AssertDerivativeOf(values => GradientCheck.Dot(ReluBackwardReference.Forward(values), weights), x, gradient);
    }

    [Test]
    public void Backward_SecondCall_AllocatesNothing()
    {
        var spec = new ReluSpec(new TensorShape(2, 48, 40, 40));
        using var tensors = new TrainingTensors(2);
        using ReluBackward operation = tensors.Device.PrepareBackward(spec);
        TensorView output = tensors.Output(spec.Shape), gradient = tensors.Output(spec.Shape);
        Conformance.AssertAllocatesNothing(() => operation.Backward(output, gradient));
    }

    [Test]
    public void Prepare_EmptyShape_SaysSo()
    {
        using var device = new CpuDevice(1);
        Assert.That(() => device.PrepareBackward(new ReluSpec(new TensorShape(1, 0, 2, 3))),
            Throws.TypeOf<KernelShapeException>().With.Message.EqualTo("ReLU: every size must be positive, got [1,0,2,3]"));
    }

    [Test]
    public void Backward_OtherShape_SaysWhich()
    {
        using var tensors = new TrainingTensors(1);
        using ReluBackward operation = tensors.Device.PrepareBackward(new ReluSpec(new TensorShape(1, 2, 3, 4)));
        TensorView right = tensors.Output(new TensorShape(1, 2, 3, 4)), wrong = tensors.Output(new TensorShape(1, 2, 4, 3));
        Assert.That(() => operation.Backward(right, wrong),
            Throws.TypeOf<KernelShapeException>()
                .With.Message.EqualTo("ReLU gradient: expected [1,2,3,4] Blocked16, got [1,2,4,3] Blocked16"));
    }
}
