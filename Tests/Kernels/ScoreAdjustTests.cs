using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Tests.Kernels;

internal sealed class ScoreAdjustTests
{
    [Test]
    public void Errors_SayWhatIsWrong()
    {
        using var device = new CpuDevice(1);
        using var tensors = new CaseTensors(device);
        Assert.That(() => device.PrepareTraining(new ScoreAdjustSpec(0, 3)),
            Throws.TypeOf<KernelShapeException>().With.Message.StartsWith("adjust: every size must be positive, got "));
        var spec = new ScoreAdjustSpec(1, 3);
        using ScoreAdjust operation = device.PrepareTraining(spec);
        TensorView maps = tensors.Output(spec.Maps, TensorLayout.Planar), one = tensors.Output(spec.Parameter, TensorLayout.Planar);
        Assert.That(() => operation.Forward(maps, one, maps, maps),
            Throws.TypeOf<KernelShapeException>().With.Message.EqualTo("adjust bias: expected [1,1,1,1] Planar, got [1,1,3,3] Planar"));
    }
}
