using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Reference;
using static SiamIlgpu.Tests.Kernels.TrainingTensors;

namespace SiamIlgpu.Tests.Kernels;

[Category("Conformance")]
internal sealed class ScoreAdjustTests
{
    private const double Tolerance = 1e-6;
    private const float Before = 0.5f;

    [TestCaseSource(typeof(ScoreAdjustCases), nameof(ScoreAdjustCases.All))]
    public void Forward_MatchesReference(ScoreAdjustSpec spec)
    {
        using var tensors = new TrainingTensors(1);
        using ScoreAdjust operation = tensors.Device.PrepareTraining(spec);
        TensorView scores = tensors.Output(spec.Maps, TensorLayout.Planar);
        operation.Forward(
            tensors.Planar(ScoreAdjustCases.Responses(spec), spec.Maps), tensors.Planar([ScoreAdjustCases.Gain], spec.Parameter),
            tensors.Planar([ScoreAdjustCases.Bias], spec.Parameter), scores);
        double[] expected = ScoreAdjustReference.Forward(
            Doubles(ScoreAdjustCases.Responses(spec)), ScoreAdjustCases.Gain, ScoreAdjustCases.Bias);
        Conformance.AssertClose(tensors.Values(scores), expected, Tolerance, spec.Maps);
    }

    [TestCaseSource(typeof(ScoreAdjustCases), nameof(ScoreAdjustCases.All))]
    public void Backward_MatchesReference_AlsoInPlace(ScoreAdjustSpec spec)
    {
        (double[] responses, double gain, double bias) = ScoreAdjustReference.Backward(
            Doubles(ScoreAdjustCases.Responses(spec)), ScoreAdjustCases.Gain, Doubles(ScoreAdjustCases.ScoreGradient(spec)));
        foreach (GradientWrite write in Enum.GetValues<GradientWrite>())
        {
            using var tensors = new TrainingTensors(2);
            using ScoreAdjust operation = tensors.Device.PrepareTraining(spec);
            TensorView dv = tensors.Planar(ScoreAdjustCases.ScoreGradient(spec), spec.Maps);
            TensorView dr = write == GradientWrite.Overwrite ? tensors.Output(spec.Maps, TensorLayout.Planar) : dv;
            TensorView dGain = tensors.Output(spec.Parameter, TensorLayout.Planar, Before);
            TensorView dBias = tensors.Output(spec.Parameter, TensorLayout.Planar, Before);
            operation.Backward(
                tensors.Planar(ScoreAdjustCases.Responses(spec), spec.Maps), tensors.Planar([ScoreAdjustCases.Gain], spec.Parameter),
                dv, dr, dGain, dBias, write);
            float before = write == GradientWrite.Accumulate ? Before : 0;
            Conformance.AssertClose(tensors.Values(dr), responses, Tolerance, spec.Maps);
            Conformance.AssertClose(tensors.Values(dGain), [gain + before], Tolerance, spec.Parameter);
            Conformance.AssertClose(tensors.Values(dBias), [bias + before], Tolerance, spec.Parameter);
        }
    }

    [Test]
    public void Reference_IsTheDerivative()
    {
        var spec = new ScoreAdjustSpec(2, 5);
        double[] r = Doubles(ScoreAdjustCases.Responses(spec)), weights = Doubles(ScoreAdjustCases.ScoreGradient(spec));
        (double[] responses, double gain, double bias) = ScoreAdjustReference.Backward(r, 0.75, weights);
        GradientCheck.AssertDerivativeOf(x => GradientCheck.Dot(ScoreAdjustReference.Forward(x, 0.75, -0.5), weights), r, responses);
        GradientCheck.AssertDerivativeOf(x => GradientCheck.Dot(ScoreAdjustReference.Forward(r, x[0], -0.5), weights), [0.75], [gain]);
        GradientCheck.AssertDerivativeOf(x => GradientCheck.Dot(ScoreAdjustReference.Forward(r, 0.75, x[0]), weights), [-0.5], [bias]);
    }

    [Test]
    public void SecondCalls_AllocateNothing()
    {
        var spec = new ScoreAdjustSpec(2, 17);
        using var tensors = new TrainingTensors(2);
        using ScoreAdjust operation = tensors.Device.PrepareTraining(spec);
        TensorView maps = tensors.Output(spec.Maps, TensorLayout.Planar), one = tensors.Output(spec.Parameter, TensorLayout.Planar);
        Conformance.AssertAllocatesNothing(() => operation.Forward(maps, one, one, maps));
        Conformance.AssertAllocatesNothing(() => operation.Backward(maps, one, maps, maps, one, one, GradientWrite.Accumulate));
    }

    [Test]
    public void Errors_SayWhatIsWrong()
    {
        using var tensors = new TrainingTensors(1);
        Assert.That(() => tensors.Device.PrepareTraining(new ScoreAdjustSpec(0, 3)),
            Throws.TypeOf<KernelShapeException>().With.Message.StartsWith("adjust: every size must be positive, got "));
        var spec = new ScoreAdjustSpec(1, 3);
        using ScoreAdjust operation = tensors.Device.PrepareTraining(spec);
        TensorView maps = tensors.Output(spec.Maps, TensorLayout.Planar), one = tensors.Output(spec.Parameter, TensorLayout.Planar);
        Assert.That(() => operation.Forward(maps, one, maps, maps),
            Throws.TypeOf<KernelShapeException>().With.Message.EqualTo("adjust bias: expected [1,1,1,1] Planar, got [1,1,3,3] Planar"));
    }
}
