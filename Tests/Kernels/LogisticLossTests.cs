using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Tests.Kernels;

[Category("Conformance")]
internal sealed class LogisticLossTests
{
    [Test]
    public void Run_LargeScores_StaysFinite()
    {
        using var device = new CpuDevice(2);
        var spec = new LogisticLossSpec(1, 2);
        var testCase = new LogisticLossCase(spec, "given", [1e4f, -1e4f, 1e4f, -1e4f], [1, 1, -1, -1], [1, 1, 1, 0.5f]);
        float[][] actual = testCase.Run(device);
        Assert.That(actual, Is.EqualTo((float[][])[[0, -1, 1, 0], [2e4f]]), "gradient and losses");
    }

    [Test]
    public void Errors_SayWhatIsWrong()
    {
        using var device = new CpuDevice(1);
        using var tensors = new CaseTensors(device);
        Assert.That(() => device.PrepareLoss(new LogisticLossSpec(2, 0)),
            Throws.TypeOf<KernelShapeException>().With.Message.StartsWith("logistic loss: every size must be positive, got "));
        var spec = new LogisticLossSpec(2, 3);
        using LogisticLoss operation = device.PrepareLoss(spec);
        TensorView maps = tensors.Output(spec.Maps, TensorLayout.Planar);
        Assert.That(() => operation.Run(maps, maps, maps, maps, maps),
            Throws.TypeOf<KernelShapeException>().With.Message.EqualTo("logistic losses: expected [2,1,1,1] Planar, got [2,1,3,3] Planar"));
    }
}
