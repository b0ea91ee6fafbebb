using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Reference;
using static SiamIlgpu.Tests.Kernels.TrainingTensors;

namespace SiamIlgpu.Tests.Kernels;

[Category("Conformance")]
internal sealed class LogisticLossTests
{
    private const double Tolerance = 1e-6;

    [TestCaseSource(typeof(LogisticLossCases), nameof(LogisticLossCases.All))]
    public void Run_MatchesReference(LogisticLossSpec spec)
    {
        double[] scores = Doubles(LogisticLossCases.Scores(spec)), labels = Doubles(LogisticLossCases.Labels(spec));
        double[] weights = Doubles(LogisticLossCases.Weights(spec));
        (float[] losses, float[] gradient) = Run(
            spec, LogisticLossCases.Scores(spec), LogisticLossCases.Labels(spec), LogisticLossCases.Weights(spec));
        Conformance.AssertClose(losses, LogisticLossReference.Losses(spec, scores, labels, weights), Tolerance, spec.Losses);
        Conformance.AssertClose(gradient, LogisticLossReference.Gradient(spec, scores, labels, weights), Tolerance, spec.Maps);
    }

    [Test]
    public void Run_LargeScores_StaysFinite()
    {
        (float[] losses, float[] gradient) = Run(new LogisticLossSpec(1, 2), [1e4f, -1e4f, 1e4f, -1e4f], [1, 1, -1, -1], [1, 1, 1, 0.5f]);
        Assert.That(losses, Is.EqualTo((float[])[2e4f]));
        Assert.That(gradient, Is.EqualTo((float[])[0, -1, 1, 0]));
    }

    [Test]
    public void Reference_IsTheDerivative()
    {
        var spec = new LogisticLossSpec(3, 4);
        double[] scores = Doubles(LogisticLossCases.Scores(spec)), labels = Doubles(LogisticLossCases.Labels(spec));
        double[] weights = Doubles(LogisticLossCases.Weights(spec));
        GradientCheck.AssertDerivativeOf(
            v => LogisticLossReference.Losses(spec, v, labels, weights).Average(), scores,
            LogisticLossReference.Gradient(spec, scores, labels, weights));
    }

    [Test]
    public void Run_SecondCall_AllocatesNothing()
    {
        var spec = new LogisticLossSpec(2, 17);
        using var tensors = new TrainingTensors(2);
        using LogisticLoss operation = tensors.Device.PrepareLoss(spec);
        TensorView maps = tensors.Output(spec.Maps, TensorLayout.Planar, 1), losses = tensors.Output(spec.Losses, TensorLayout.Planar);
        TensorView gradient = tensors.Output(spec.Maps, TensorLayout.Planar);
        Conformance.AssertAllocatesNothing(() => operation.Run(maps, maps, maps, losses, gradient));
    }

    [Test]
    public void Errors_SayWhatIsWrong()
    {
        using var tensors = new TrainingTensors(1);
        Assert.That(() => tensors.Device.PrepareLoss(new LogisticLossSpec(2, 0)),
            Throws.TypeOf<KernelShapeException>().With.Message.StartsWith("logistic loss: every size must be positive, got "));
        var spec = new LogisticLossSpec(2, 3);
        using LogisticLoss operation = tensors.Device.PrepareLoss(spec);
        TensorView maps = tensors.Output(spec.Maps, TensorLayout.Planar);
        Assert.That(() => operation.Run(maps, maps, maps, maps, maps),
            Throws.TypeOf<KernelShapeException>().With.Message.EqualTo("logistic losses: expected [2,1,1,1] Planar, got [2,1,3,3] Planar"));
    }

    private static (float[] Losses, float[] Gradient) Run(LogisticLossSpec spec, float[] scores, float[] labels, float[] weights)
    {
        using var tensors = new TrainingTensors(2);
        using LogisticLoss operation = tensors.Device.PrepareLoss(spec);
        TensorView losses = tensors.Output(spec.Losses, TensorLayout.Planar), gradient = tensors.Output(spec.Maps, TensorLayout.Planar);
        operation.Run(
            tensors.Planar(scores, spec.Maps), tensors.Planar(labels, spec.Maps), tensors.Planar(weights, spec.Maps), losses, gradient);
        return (tensors.Values(losses), tensors.Values(gradient));
    }
}
