using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Tests.Kernels;

[Category("Conformance")]
internal sealed class TripletLossTests
{
    [Test]
    public void Run_HardNegatives_AreTheHighestOfTheBatchAndOfEqualOnesTheFirst()
    {
        // Map 0: a positive, and negatives 1, 3, 3; map 1: a positive, and negatives 3, 0, 2.
        float[][] actual = Run(new TripletLossSpec(2, 2, HardNegatives: 2), [0, 1, 3, 3, 5, 3, 0, 2], [1, -1, -1, -1, 1, -1, -1, -1]);
        Assert.That(actual[1][0], Is.EqualTo(LogisticLossReference.Softplus(3)).Within(1e-6));
        Assert.That(actual[1][1], Is.EqualTo(LogisticLossReference.Softplus(-2)).Within(1e-6));
        Assert.That(actual[0].Select(g => g != 0), Is.EqualTo((bool[])[true, false, true, true, true, false, false, false]));
    }

    [Test]
    public void Run_LargeScores_StaysFinite()
    {
        float[][] actual = Run(new TripletLossSpec(1, 2, 0), [0, 1e4f, -1e4f, 0], [1, -1, -1, 0]);
        Assert.That(actual, Is.EqualTo((float[][])[[-0.5f, 0.5f, 0, 0], [5e3f]]), "gradient and losses");
    }

    [Test]
    public void Errors_SayWhatIsWrong()
    {
        using var device = new CpuDevice(1);
        using var tensors = new CaseTensors(device);
        Assert.That(() => device.PrepareLoss(new TripletLossSpec(2, 3, -1)),
            Throws.TypeOf<KernelShapeException>()
                .With.Message.StartsWith("triplet loss: sizes must be positive and hard negatives not negative, got "));
        var spec = new TripletLossSpec(2, 3, 0);
        using TripletLoss operation = device.PrepareLoss(spec);
        TensorView maps = tensors.Output(spec.Maps, TensorLayout.Planar);
        Assert.That(() => operation.Run(maps, maps, maps, maps),
            Throws.TypeOf<KernelShapeException>().With.Message.EqualTo("triplet losses: expected [2,1,1,1] Planar, got [2,1,3,3] Planar"));
    }

    private static float[][] Run(TripletLossSpec spec, float[] scores, float[] labels)
    {
        using var device = new CpuDevice(2);
        return new TripletLossCase(spec, "given", scores, labels).Run(device);
    }
}
