using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Reference;
using static SiamIlgpu.Tests.Kernels.TrainingTensors;

namespace SiamIlgpu.Tests.Kernels;

[Category("Conformance")]
internal sealed class CrossCorrelationBackwardTests
{
    // Sums of up to 16,129 products, one after the other.
    private const double Tolerance = 5e-6;

    [TestCaseSource(typeof(CrossCorrelationBackwardCases), nameof(CrossCorrelationBackwardCases.All))]
    public void Backward_MatchesReference(CrossCorrelationSpec spec)
    {
        (double[] template, double[] search) = CrossCorrelationBackwardReference.Gradients(
            spec, Doubles(CrossCorrelationBackwardCases.Template(spec)), Doubles(CrossCorrelationBackwardCases.Search(spec)),
            Doubles(CrossCorrelationBackwardCases.ResponseGradient(spec)));
        float[][] actual = Gradients(spec, threads: 1);
        Conformance.AssertClose(actual[0], template, Tolerance, spec.Template);
        Conformance.AssertClose(actual[1], search, Tolerance, spec.Search);
    }

    [TestCaseSource(typeof(CrossCorrelationBackwardCases), nameof(CrossCorrelationBackwardCases.Odd))]
    public void Backward_AnyThreadCount_SameBits(CrossCorrelationSpec spec)
    {
        float[][] expected = Gradients(spec, threads: 1);
        foreach (int threads in Conformance.ThreadCounts)
            Assert.That(Gradients(spec, threads), Is.EqualTo(expected), $"{threads} threads");
    }

    [TestCase(2, 3, 4, 6)]
    [TestCase(1, 2, 3, 3)]
    [TestCase(1, 2, 1, 4)]
    public void Reference_IsTheDerivative(int batch, int channels, int templateSize, int searchSize)
    {
        var spec = new CrossCorrelationSpec(batch, channels, templateSize, searchSize);
        double[] z = Doubles(CrossCorrelationBackwardCases.Template(spec)), x = Doubles(CrossCorrelationBackwardCases.Search(spec));
        double[] weights = Doubles(CrossCorrelationBackwardCases.ResponseGradient(spec));
        (double[] template, double[] search) = CrossCorrelationBackwardReference.Gradients(spec, z, x, weights);
        GradientCheck.AssertDerivativeOf(
            values => GradientCheck.Dot(CrossCorrelationReference.Responses(spec, values, x), weights), z, template);
        GradientCheck.AssertDerivativeOf(
            values => GradientCheck.Dot(CrossCorrelationReference.Responses(spec, z, values), weights), x, search);
    }

    [Test]
    public void Backward_SecondCall_AllocatesNothing()
    {
        var spec = new CrossCorrelationSpec(2, 20, 5, 20);
        using var tensors = new TrainingTensors(2);
        using CrossCorrelationBackward operation = tensors.Device.PrepareBackward(spec);
        TensorView z = tensors.Output(spec.Template), x = tensors.Output(spec.Search), dz = tensors.Output(spec.Template);
        TensorView dx = tensors.Output(spec.Search);
        TensorView dr = tensors.Output(spec.Response, TensorLayout.Planar);
        Conformance.AssertAllocatesNothing(() => operation.Backward(z, x, dr, dz, dx));
    }

    [Test]
    public void Errors_SayWhatIsWrong()
    {
        using var tensors = new TrainingTensors(1);
        Assert.That(() => tensors.Device.PrepareBackward(new CrossCorrelationSpec(1, 4, 2, 5, Gain: 2)),
            Throws.TypeOf<KernelShapeException>()
                .With.Message.EqualTo("cross-correlation gradients: gain and bias have an operation of their own"));
        var spec = new CrossCorrelationSpec(1, 4, 2, 5);
        using CrossCorrelationBackward operation = tensors.Device.PrepareBackward(spec);
        TensorView z = tensors.Output(spec.Template), x = tensors.Output(spec.Search);
        TensorView dr = tensors.Output(spec.Response, TensorLayout.Planar);
        Assert.That(() => operation.Backward(z, x, dr, x, z), Throws.TypeOf<KernelShapeException>()
            .With.Message.EqualTo("cross-correlation template gradient: expected [1,4,2,2] Blocked16, got [1,4,5,5] Blocked16"));
    }

    private static float[][] Gradients(CrossCorrelationSpec spec, int threads)
    {
        using var tensors = new TrainingTensors(threads);
        using CrossCorrelationBackward operation = tensors.Device.PrepareBackward(spec);
        TensorView dz = tensors.Output(spec.Template), dx = tensors.Output(spec.Search);
        operation.Backward(
            tensors.Features(CrossCorrelationBackwardCases.Template(spec), spec.Template),
            tensors.Features(CrossCorrelationBackwardCases.Search(spec), spec.Search),
            tensors.Planar(CrossCorrelationBackwardCases.ResponseGradient(spec), spec.Response), dz, dx);
        tensors.Raw(dz);
        tensors.Raw(dx);
        return [tensors.Values(dz), tensors.Values(dx)];
    }
}
