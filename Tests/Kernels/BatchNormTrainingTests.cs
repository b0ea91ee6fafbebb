using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Tests.Kernels;

[Category("Conformance")]
internal sealed class BatchNormTrainingTests
{
    /// <summary>A mean of a thousand spreads; a GPU, whose sums are in other orders, is asked for a hundred.</summary>
    [Test]
    public void Forward_FarFromZero_KeepsTheVariance()
    {
        using var device = new CpuDevice(1);
        Conformance.Check(device, new BatchNormTrainingCase(new BatchNormData(new BatchNormSpec(2, 3, 40, 9, Relu: false), Mean: 1000)));
    }

    [Test]
    public void Errors_SayWhatIsWrong()
    {
        using var device = new CpuDevice(1);
        using var tensors = new CaseTensors(device);
        Assert.That(() => device.PrepareTraining(new BatchNormSpec(1, 2, 3, 4, Relu: false, Epsilon: 0)),
            Throws.TypeOf<KernelShapeException>().With.Message.StartsWith("batch norm: every size and epsilon must be positive, got "));
        var spec = new BatchNormSpec(1, 1, 3, 4, Relu: false);
        using BatchNormTraining operation = device.PrepareTraining(spec);
        TensorView maps = tensors.Output(spec.Features, TensorLayout.Planar), blocked = tensors.Output(spec.Features);
        TensorView p = tensors.Output(spec.Parameters, TensorLayout.Planar), moments = tensors.Output(spec.Moments, TensorLayout.Planar);
        Assert.That(() => operation.Forward(maps, p, p, moments, blocked), Throws.TypeOf<KernelShapeException>()
            .With.Message.EqualTo("batch norm output: expected [1,1,3,4] Planar, got [1,1,3,4] Blocked16"));
    }
}
