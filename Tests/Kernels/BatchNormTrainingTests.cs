using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Reference;
using static SiamIlgpu.Tests.Kernels.TrainingTensors;

namespace SiamIlgpu.Tests.Kernels;

[Category("Conformance")]
internal sealed class BatchNormTrainingTests
{
    private const double Tolerance = 5e-6;

    [TestCaseSource(typeof(BatchNormTrainingCases), nameof(BatchNormTrainingCases.All))]
    public void Forward_MatchesReference_SameBitsForAnyThreadCount(BatchNormSpec spec)
    {
        Problem problem = new(spec);
        (float[] output, float[] moments) = problem.Forward(threads: 1);
        Conformance.AssertClose(output, problem.Output, Tolerance, spec.Features);
        for (int i = 0; i < moments.Length; i++)
            Assert.That(moments[i], Is.EqualTo(problem.Moments[i]).Within(1e-6 * Math.Max(1, Math.Abs(problem.Moments[i]))), $"moment {i}");
        foreach (int threads in Conformance.ThreadCounts)
            Assert.That(problem.Forward(threads), Is.EqualTo((output, moments)), $"{threads} threads");
    }

    [TestCaseSource(typeof(BatchNormTrainingCases), nameof(BatchNormTrainingCases.All))]
    public void Backward_MatchesReference_SameBitsForAnyThreadCountAndInPlace(BatchNormSpec spec)
    {
        Problem problem = new(spec);
        (double[] input, double[] gain, double[] offset) = BatchNormTrainingReference.Backward(
            spec, Doubles(problem.Input), Doubles(Floats(problem.Output)),
            Doubles(problem.Gain), Doubles(Floats(problem.Moments)),
            Doubles(problem.OutputGradient));
        float[][] actual = problem.Backward(threads: 1, inPlace: false, GradientWrite.Overwrite);
        Conformance.AssertClose(actual[0], input, Tolerance, spec.Features);
        Conformance.AssertClose(actual[1], gain, Tolerance, spec.Parameters);
        Conformance.AssertClose(actual[2], offset, Tolerance, spec.Parameters);
        Assert.That(actual[3], Is.EqualTo(Floats(problem.Moments)));
        foreach (int threads in Conformance.ThreadCounts)
            Assert.That(problem.Backward(threads, inPlace: true, GradientWrite.Overwrite), Is.EqualTo(actual), $"{threads} threads");

        float[][] added = problem.Backward(threads: 1, inPlace: false, GradientWrite.Accumulate);
        Assert.That(added[0], Is.EqualTo(actual[0]));
        for (int which = 1; which < actual.Length; which++)
            Conformance.AssertClose(added[which], [.. actual[which].Select(g => (double)g + Problem.Before)], 1e-6, spec.Parameters);
    }

    [Test]
    public void Forward_FarFromZero_KeepsTheVariance()
    {
        // A mean of a thousand spreads, and a first row that is none of them.
        var spec = new BatchNormSpec(2, 3, 40, 9, Relu: false);
        float[] input = [.. TestValues.Uniform(spec.Features.Count, seed: 1).Select(x => 1000 + x)];
        for (int c = 0; c < 3; c++)
            input.AsSpan(c * 360, 9).Fill(c == 1 ? 0 : 1000);
        Problem problem = new(spec, input);
        (float[] output, float[] moments) = problem.Forward(threads: 1);
        Conformance.AssertClose(output, problem.Output, Tolerance, spec.Features);
        for (int i = 0; i < moments.Length; i++)
            Assert.That(moments[i], Is.EqualTo(problem.Moments[i]).Within(2e-6 * problem.Moments[i]));
    }

    [TestCase(2, false)]
    [TestCase(2, true)]
    [TestCase(1, false)]
    public void Reference_IsTheDerivative(int channels, bool relu)
    {
        var spec = new BatchNormSpec(2, channels, 3, 4, relu, Epsilon: 0.01f);
        double[] x = Doubles(BatchNormTrainingCases.Input(spec)), weights = Doubles(BatchNormTrainingCases.OutputGradient(spec));
        double[] gain = Doubles(BatchNormTrainingCases.Gain(spec)), offset = Doubles(BatchNormTrainingCases.Offset(spec));
        double Loss(double[] input, double[] g, double[] o) =>
            GradientCheck.Dot(BatchNormTrainingReference.Forward(spec, input, g, o).Output, weights);

        (double[] output, double[] moments) = BatchNormTrainingReference.Forward(spec, x, gain, offset);
        (double[] inputGradient, double[] gainGradient, double[] offsetGradient) =
            BatchNormTrainingReference.Backward(spec, x, output, gain, moments, weights);
        GradientCheck.AssertDerivativeOf(values => Loss(values, gain, offset), x, inputGradient);
        GradientCheck.AssertDerivativeOf(values => Loss(x, values, offset), gain, gainGradient);
        GradientCheck.AssertDerivativeOf(values => Loss(x, gain, values), offset, offsetGradient);
    }

    [TestCase(40)]
    [TestCase(1)]
    public void SecondCalls_AllocateNothing(int channels)
    {
        var spec = new BatchNormSpec(2, channels, 9, 9, Relu: true);
        using var tensors = new TrainingTensors(2);
        using BatchNormTraining operation = tensors.Device.PrepareTraining(spec);
        TensorLayout layout = spec.Layout(tensors.Device);
        TensorView x = tensors.Output(spec.Features, layout), y = tensors.Output(spec.Features, layout);
        TensorView moments = tensors.Output(spec.Moments, TensorLayout.Planar);
        TensorView p = tensors.Output(spec.Parameters, TensorLayout.Planar);
        Conformance.AssertAllocatesNothing(() => operation.Forward(x, p, p, moments, y));
        Conformance.AssertAllocatesNothing(() => operation.Backward(x, y, p, moments, x, x, p, p, moments, GradientWrite.Overwrite));
    }

    [Test]
    public void Errors_SayWhatIsWrong()
    {
        using var tensors = new TrainingTensors(1);
        Assert.That(() => tensors.Device.PrepareTraining(new BatchNormSpec(1, 2, 3, 4, Relu: false, Epsilon: 0)),
            Throws.TypeOf<KernelShapeException>().With.Message.StartsWith("batch norm: every size and epsilon must be positive, got "));
        var spec = new BatchNormSpec(1, 1, 3, 4, Relu: false);
        using BatchNormTraining operation = tensors.Device.PrepareTraining(spec);
        TensorView maps = tensors.Output(spec.Features, TensorLayout.Planar), blocked = tensors.Output(spec.Features);
        TensorView p = tensors.Output(spec.Parameters, TensorLayout.Planar), moments = tensors.Output(spec.Moments, TensorLayout.Planar);
        Assert.That(() => operation.Forward(maps, p, p, moments, blocked), Throws.TypeOf<KernelShapeException>()
            .With.Message.EqualTo("batch norm output: expected [1,1,3,4] Planar, got [1,1,3,4] Blocked16"));
    }

    private sealed class Problem
    {
        internal const float Before = 0.5f;
        private readonly BatchNormSpec spec;
        private readonly float[] offset;

        internal Problem(BatchNormSpec spec, float[]? input = null)
        {
            this.spec = spec;
            Input = input ?? BatchNormTrainingCases.Input(spec);
            Gain = BatchNormTrainingCases.Gain(spec);
            offset = BatchNormTrainingCases.Offset(spec);
            OutputGradient = BatchNormTrainingCases.OutputGradient(spec);
            (Output, Moments) = BatchNormTrainingReference.Forward(
                spec, Doubles(Input), Doubles(Gain), Doubles(offset));
        }

        internal float[] Input { get; }

        internal float[] Gain { get; }

        internal float[] OutputGradient { get; }

        internal double[] Output { get; }

        internal double[] Moments { get; }

        internal (float[] Output, float[] Moments) Forward(int threads)
        {
            using var tensors = new TrainingTensors(threads);
            using BatchNormTraining operation = tensors.Device.PrepareTraining(spec);
            TensorView y = tensors.Output(spec.Features, spec.Layout(tensors.Device));
            TensorView moments = tensors.Output(spec.Moments, TensorLayout.Planar);
            operation.Forward(
                Features(tensors, Input), tensors.Planar(Gain, spec.Parameters), tensors.Planar(offset, spec.Parameters), moments, y);
            tensors.Raw(y);
            return (tensors.Values(y), tensors.Values(moments));
        }

        /// <summary>The gradients of input, gain, offset, and what goes where those of the moments belong.</summary>
        internal float[][] Backward(int threads, bool inPlace, GradientWrite write)
        {
            using var tensors = new TrainingTensors(threads);
            using BatchNormTraining operation = tensors.Device.PrepareTraining(spec);
            TensorView dy = Features(tensors, OutputGradient);
            TensorView dx = inPlace ? dy : tensors.Output(spec.Features, spec.Layout(tensors.Device));
            TensorView gain = tensors.Output(spec.Parameters, TensorLayout.Planar, Before);
            TensorView bias = tensors.Output(spec.Parameters, TensorLayout.Planar, Before);
            TensorView moments = tensors.Output(spec.Moments, TensorLayout.Planar, Before);
            operation.Backward(
                Features(tensors, Input), Features(tensors, Floats(Output)), tensors.Planar(Gain, spec.Parameters),
                tensors.Planar(Floats(Moments), spec.Moments), dy, dx, gain, bias, moments, write);
            tensors.Raw(dx);
            return [tensors.Values(dx), tensors.Values(gain), tensors.Values(bias), tensors.Values(moments)];
        }

        private TensorView Features(TrainingTensors tensors, float[] values) =>
            spec.Channels == 1 ? tensors.Planar(values, spec.Features) : tensors.Features(values, spec.Features);
    }
}
