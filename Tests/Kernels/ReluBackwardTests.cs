using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Tests.Kernels;

internal sealed class ReluBackwardTests
{
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
        using var device = new CpuDevice(1);
        using var tensors = new CaseTensors(device);
        using ReluBackward operation = device.PrepareBackward(new ReluSpec(new TensorShape(1, 2, 3, 4)));
        TensorView right = tensors.Output(new TensorShape(1, 2, 3, 4)), wrong = tensors.Output(new TensorShape(1, 2, 4, 3));
        Assert.That(() => operation.Backward(right, wrong),
            Throws.TypeOf<KernelShapeException>()
                .With.Message.EqualTo("ReLU gradient: expected [1,2,3,4] Blocked16, got [1,2,4,3] Blocked16"));
    }
}
