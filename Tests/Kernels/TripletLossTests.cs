using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Reference;
using static SiamIlgpu.Tests.Kernels.TrainingTensors;

namespace SiamIlgpu.Tests.Kernels;

[Category("Conformance")]
internal sealed class TripletLossTests
{
    private const double Tolerance = 1e-6;

    [TestCaseSource(typeof(TripletLossCases), nameof(TripletLossCases.All))]
    public void Run_MatchesReference(TripletLossSpec spec)
    {
        float[] scores = TripletLossCases.Scores(spec), labels = TripletLossCases.Labels(spec);
        (double[] losses, double[] gradient) = TripletLossReference.Run(spec, Doubles(scores), Doubles(labels));
        (float[] actualLosses, float[] actualGradient) = Run(spec, scores, labels);
        Conformance.AssertClose(actualLosses, losses, Tolerance, spec.Losses);
        Conformance.AssertClose(actualGradient, gradient, Tolerance, spec.Maps);
    }

    [Test]
    public void Run_HardNegatives_AreTheHighestOfTheBatchAndOfEqualOnesTheFirst()
    {
        // Map 0: a positive, and negatives 1, 3, 3; map 1: a positive, and negatives 3, 0, 2.
        (float[] losses, float[] gradient) = Run(
            new TripletLossSpec(2, 2, HardNegatives: 2), [0, 1, 3, 3, 5, 3, 0, 2], [1, -1, -1, -1, 1, -1, -1, -1]);
        Assert.That(losses[0], Is.EqualTo(LogisticLossReference.Softplus(3)).Within(1e-6));
        Assert.That(losses[1], Is.EqualTo(LogisticLossReference.Softplus(-2)).Within(1e-6));
        Assert.That(gradient.Select(g => g != 0), Is.EqualTo((bool[])[true, false, true, true, true, false, false, false]));
    }

    [Test]
    public void Run_LargeScores_StaysFinite()
    {
        (float[] losses, float[] gradient) = Run(new TripletLossSpec(1, 2, 0), [0, 1e4f, -1e4f, 0], [1, -1, -1, 0]);
        Assert.That(losses, Is.EqualTo((float[])[5e3f]));
        Assert.That(gradient, Is.EqualTo((float[])[-0.5f, 0.5f, 0, 0]));
    }

    [TestCase(0)]
    [TestCase(3)]
    public void Reference_AwayFromTies_IsTheDerivative(int hardNegatives)
    {
        var spec = new TripletLossSpec(4, 5, hardNegatives);
        double[] scores = Doubles(TestValues.Uniform(spec.Maps.Count, seed: 1)), labels = Doubles(TripletLossCases.Labels(spec));
        GradientCheck.AssertDerivativeOf(
            v => TripletLossReference.Run(spec, v, labels).Losses.Average(), scores,
            TripletLossReference.Run(spec, scores, labels).Gradient);
    }

    [TestCase(0)]
    [TestCase(20)]
    public void Run_SecondCall_AllocatesNothing(int hardNegatives)
    {
        var spec = new TripletLossSpec(2, 9, hardNegatives);
        using var tensors = new TrainingTensors(2);
        using TripletLoss operation = tensors.Device.PrepareLoss(spec);
        TensorView scores = tensors.Planar(TripletLossCases.Scores(spec), spec.Maps);
        TensorView labels = tensors.Planar(TripletLossCases.Labels(spec), spec.Maps);
        TensorView losses = tensors.Output(spec.Losses, TensorLayout.Planar), gradient = tensors.Output(spec.Maps, TensorLayout.Planar);
        Conformance.AssertAllocatesNothing(() => operation.Run(scores, labels, losses, gradient));
    }

    [Test]
    public void Errors_SayWhatIsWrong()
    {
        using var tensors = new TrainingTensors(1);
        Assert.That(() => tensors.Device.PrepareLoss(new TripletLossSpec(2, 3, -1)),
            Throws.TypeOf<KernelShapeException>()
                .With.Message.StartsWith("triplet loss: sizes must be positive and hard negatives not negative, got "));
        var spec = new TripletLossSpec(2, 3, 0);
        using TripletLoss operation = tensors.Device.PrepareLoss(spec);
        TensorView maps = tensors.Output(spec.Maps, TensorLayout.Planar);
        Assert.That(() => operation.Run(maps, maps, maps, maps),
            Throws.TypeOf<KernelShapeException>().With.Message.EqualTo("triplet losses: expected [2,1,1,1] Planar, got [2,1,3,3] Planar"));
    }

    private static (float[] Losses, float[] Gradient) Run(TripletLossSpec spec, float[] scores, float[] labels)
    {
        using var tensors = new TrainingTensors(2);
        using TripletLoss operation = tensors.Device.PrepareLoss(spec);
        TensorView losses = tensors.Output(spec.Losses, TensorLayout.Planar), gradient = tensors.Output(spec.Maps, TensorLayout.Planar);
        operation.Run(tensors.Planar(scores, spec.Maps), tensors.Planar(labels, spec.Maps), losses, gradient);
        return (tensors.Values(losses), tensors.Values(gradient));
    }
}
