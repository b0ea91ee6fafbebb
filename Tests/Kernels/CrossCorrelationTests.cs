using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Tests.Kernels;

/// <summary>The cross-correlation and its gradients.</summary>
internal sealed class CrossCorrelationTests
{
    [Test]
    public void Prepare_TemplateLargerThanSearch_SaysSo()
    {
        using var device = new CpuDevice(1);
        Assert.That(() => device.Prepare(new CrossCorrelationSpec(1, 4, 6, 5)),
            Throws.TypeOf<KernelShapeException>().With.Message.EqualTo("cross-correlation: a 6x6 template does not fit into a 5x5 search"));
    }

    [Test]
    public void Backward_Errors_SayWhatIsWrong()
    {
        using var device = new CpuDevice(1);
        using var tensors = new CaseTensors(device);
        Assert.That(() => device.PrepareBackward(new CrossCorrelationSpec(1, 4, 2, 5, Gain: 2)),
            Throws.TypeOf<KernelShapeException>()
                .With.Message.EqualTo("cross-correlation gradients: gain and bias have an operation of their own"));
        var spec = new CrossCorrelationSpec(1, 4, 2, 5);
        using CrossCorrelationBackward operation = device.PrepareBackward(spec);
        TensorView z = tensors.Output(spec.Template), x = tensors.Output(spec.Search);
        TensorView dr = tensors.Output(spec.Response, TensorLayout.Planar);
        Assert.That(() => operation.Backward(z, x, dr, x, z), Throws.TypeOf<KernelShapeException>()
            .With.Message.EqualTo("cross-correlation template gradient: expected [1,4,2,2] Blocked16, got [1,4,5,5] Blocked16"));
    }
}
