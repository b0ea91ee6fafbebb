using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Reference;
using static SiamIlgpu.Tests.Kernels.TrainingTensors;

namespace SiamIlgpu.Tests.Kernels;

[Category("Conformance")]
internal sealed class CorrelationFilterBackwardTests
{
    private const double Tolerance = 1e-5;
    private const float Before = 0.5f;

    [TestCaseSource(typeof(CorrelationFilterBackwardCases), nameof(CorrelationFilterBackwardCases.All))]
    public void Backward_MatchesReference(CorrelationFilterSpec spec)
    {
        (double[] features, double[] window, double[] target) = CorrelationFilterBackwardReference.Gradients(
            spec, Doubles(CorrelationFilterCases.Features(spec)), Doubles(CorrelationFilterCases.Window(spec)),
            Doubles(CorrelationFilterCases.Target(spec)), Doubles(CorrelationFilterBackwardCases.TemplateGradient(spec)));
        float[][] actual = Gradients(spec, threads: 1, GradientWrite.Overwrite);
        var plane = new TensorShape(1, 1, spec.Size, spec.Size);
        Conformance.AssertClose(actual[0], features, Tolerance, spec.Features);
        Conformance.AssertClose(actual[1], window, Tolerance, plane);
        Conformance.AssertClose(actual[2], target, Tolerance, plane);

        float[][] added = Gradients(spec, threads: 1, GradientWrite.Accumulate);
        Assert.That(added[0], Is.EqualTo(actual[0]));
        for (int which = 1; which < actual.Length; which++)
            Assert.That(added[which], Is.EqualTo(actual[which].Select(g => g + Before)));
    }

    [TestCaseSource(typeof(CorrelationFilterBackwardCases), nameof(CorrelationFilterBackwardCases.All))]
    public void Backward_AnyThreadCount_SameBits(CorrelationFilterSpec spec)
    {
        float[][] expected = Gradients(spec, threads: 1, GradientWrite.Overwrite);
        foreach (int threads in Conformance.ThreadCounts)
            Assert.That(Gradients(spec, threads, GradientWrite.Overwrite), Is.EqualTo(expected), $"{threads} threads");
    }

    [TestCase(3, 5, 1)]
    [TestCase(2, 6, 1)]
    [TestCase(2, 7, 0)]
    public void Reference_IsTheDerivative(int channels, int size, int margin)
    {
        var spec = new CorrelationFilterSpec(channels, size, margin, 0.5f);
        double[] x = Doubles(CorrelationFilterCases.Features(spec)), h = Doubles(CorrelationFilterCases.Window(spec));
        double[] y = Doubles(CorrelationFilterCases.Target(spec));
        double[] weights = Doubles(CorrelationFilterBackwardCases.TemplateGradient(spec));
        double Loss(double[] features, double[] window, double[] target) =>
            GradientCheck.Dot(CorrelationFilterReference.Template(spec, features, window, target), weights);

        (double[] dx, double[] dh, double[] dy) = CorrelationFilterBackwardReference.Gradients(spec, x, h, y, weights);
        GradientCheck.AssertDerivativeOf(values => Loss(values, h, y), x, dx);
        GradientCheck.AssertDerivativeOf(values => Loss(x, values, y), h, dh);
        GradientCheck.AssertDerivativeOf(values => Loss(x, h, values), y, dy);
    }

    [Test]
    public void Update_UsesTheNewWindowAndTarget()
    {
        var spec = new CorrelationFilterSpec(5, 8, 1, 1);
        using var tensors = new TrainingTensors(1);
        float[] window = CorrelationFilterCases.Window(spec), target = CorrelationFilterCases.Target(spec);
        using CorrelationFilter filter = tensors.Device.Prepare(spec, target, window);
        using CorrelationFilterBackward backward = tensors.Device.PrepareBackward(spec, target, window);
        filter.Update(window, target);
        backward.Update(window, target);

        TensorView x = tensors.Features(CorrelationFilterCases.Features(spec), spec.Features), w = tensors.Output(spec.Template);
        filter.Forward(x, w);
        double[] expected = CorrelationFilterReference.Template(spec, CorrelationFilterCases.Features(spec), window, target);
        Conformance.AssertClose(tensors.Values(w), expected, Tolerance, spec.Template);
        float[][] gradients = Gradients(tensors, backward, GradientWrite.Overwrite);
        Assert.That(gradients, Is.EqualTo(Gradients(spec, threads: 1, GradientWrite.Overwrite)));
        Assert.That(() => backward.Update(window, target.AsSpan(1)), Throws.TypeOf<KernelShapeException>()
            .With.Message.EqualTo("correlation filter: window and target of 8x8 take 64 values, got 64 and 63"));
    }

    [Test]
    public void Backward_SecondCall_AllocatesNothing()
    {
        var spec = new CorrelationFilterSpec(32, 15, 2, 10);
        using var tensors = new TrainingTensors(2);
        using CorrelationFilterBackward operation = Prepare(tensors, spec);
        TensorView x = tensors.Output(spec.Features), dw = tensors.Output(spec.Template), dx = tensors.Output(spec.Features);
        TensorView plane = tensors.Output(operation.Plane, TensorLayout.Planar);
        Conformance.AssertAllocatesNothing(() => operation.Backward(x, dw, dx, plane, plane, GradientWrite.Overwrite));
    }

    [Test]
    public void Errors_SayWhatIsWrong()
    {
        using var tensors = new TrainingTensors(1);
        Assert.That(() => tensors.Device.PrepareBackward(new CorrelationFilterSpec(4, 5, 1, 1), new float[24], new float[25]),
            Throws.TypeOf<KernelShapeException>()
                .With.Message.EqualTo("correlation filter: window and target of 5x5 take 25 values, got 24 and 25"));
        var spec = new CorrelationFilterSpec(4, 5, 1, 1);
        using CorrelationFilterBackward operation = Prepare(tensors, spec);
        TensorView x = tensors.Output(spec.Features), plane = tensors.Output(operation.Plane, TensorLayout.Planar);
        Assert.That(() => operation.Backward(x, x, x, plane, plane, GradientWrite.Overwrite), Throws.TypeOf<KernelShapeException>()
            .With.Message.EqualTo("correlation filter template gradient: expected [1,4,3,3] Blocked16, got [1,4,5,5] Blocked16"));
    }

    private static CorrelationFilterBackward Prepare(TrainingTensors tensors, CorrelationFilterSpec spec) =>
        tensors.Device.PrepareBackward(spec, CorrelationFilterCases.Window(spec), CorrelationFilterCases.Target(spec));

    private static float[][] Gradients(CorrelationFilterSpec spec, int threads, GradientWrite write)
    {
        using var tensors = new TrainingTensors(threads);
        using CorrelationFilterBackward operation = Prepare(tensors, spec);
        return Gradients(tensors, operation, write);
    }

    /// <summary>The gradients of features, window and target, by the second of two calls: nothing of the first may stay.</summary>
    private static float[][] Gradients(TrainingTensors tensors, CorrelationFilterBackward operation, GradientWrite write)
    {
        CorrelationFilterSpec spec = operation.Spec;
        TensorView x = tensors.Features(CorrelationFilterCases.Features(spec), spec.Features);
        TensorView dw = tensors.Features(CorrelationFilterBackwardCases.TemplateGradient(spec), spec.Template);
        TensorView dx = tensors.Output(spec.Features);
        TensorView dh = tensors.Output(operation.Plane, TensorLayout.Planar, Before);
        TensorView dy = tensors.Output(operation.Plane, TensorLayout.Planar, Before);
        operation.Backward(x, dw, dx, dh, dy, write);
        dh.Floats().Fill(Before);
        dy.Floats().Fill(Before);
        operation.Backward(x, dw, dx, dh, dy, write);
        tensors.Raw(dx);
        return [tensors.Values(dx), tensors.Values(dh), tensors.Values(dy)];
    }
}
