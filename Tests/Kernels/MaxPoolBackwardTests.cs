using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Reference;
using static SiamIlgpu.Tests.Kernels.TrainingTensors;

namespace SiamIlgpu.Tests.Kernels;

[Category("Conformance")]
internal sealed class MaxPoolBackwardTests
{
    private const double Tolerance = 1e-6;

    [TestCaseSource(typeof(MaxPoolBackwardCases), nameof(MaxPoolBackwardCases.All))]
    public void Backward_MatchesReference_SameBitsForAnyThreadCount(MaxPoolSpec spec)
    {
        float[] input = MaxPoolBackwardCases.Input(spec), outputGradient = MaxPoolBackwardCases.OutputGradient(spec);
        double[] expected = MaxPoolBackwardReference.Gradient(spec, Doubles(input), Doubles(outputGradient));
        float[] gradient = Gradient(spec, input, outputGradient, threads: 1);
        Conformance.AssertClose(gradient, expected, Tolerance, spec.Input);
        foreach (int threads in Conformance.ThreadCounts)
            Assert.That(Gradient(spec, input, outputGradient, threads), Is.EqualTo(gradient), $"{threads} threads");
    }

    [TestCase(1)]
    [TestCase(2)]
    public void Backward_Ties_GoToTheFirstByRows(int stride)
    {
        // One window of equal values and one whose maximum comes first in the second row.
        var spec = new MaxPoolSpec(1, 1, 3, 4 + (stride - 1), 3, stride);
        float[] input = stride == 1 ? [1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 2] : [1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 2, 2];
        float[] expected = new float[input.Length];
        expected[0] = 3;
        expected[stride == 1 ? 7 : 8] = 5;
        Assert.That(Gradient(spec, input, [3, 5], threads: 1), Is.EqualTo(expected));
    }

    [Test]
    public void Reference_AwayFromTies_IsTheDerivative()
    {
        foreach (int stride in (int[])[1, 2, 4])
        {
            var spec = new MaxPoolSpec(2, 2, 7, 8, 3, stride);
            double[] x = Doubles(TestValues.Uniform(spec.Input.Count, seed: 1));
            double[] weights = Doubles(TestValues.Uniform(spec.Output.Count, seed: 2));
            GradientCheck.AssertDerivativeOf(
                values => GradientCheck.Dot(MaxPoolBackwardReference.Forward(spec, values), weights), x,
                MaxPoolBackwardReference.Gradient(spec, x, weights));
        }
    }

    [Test]
    public void Backward_SecondCall_AllocatesNothing()
    {
        var spec = new MaxPoolSpec(2, 32, 15, 15, 3, 2);
        using var tensors = new TrainingTensors(2);
        using MaxPoolBackward operation = tensors.Device.PrepareBackward(spec);
        TensorView input = tensors.Output(spec.Input), output = tensors.Output(spec.Output);
        TensorView outputGradient = tensors.Output(spec.Output), inputGradient = tensors.Output(spec.Input);
        Conformance.AssertAllocatesNothing(() => operation.Backward(input, output, outputGradient, inputGradient));
    }

    [Test]
    public void Errors_SayWhatIsWrong()
    {
        using var tensors = new TrainingTensors(1);
        Assert.That(() => tensors.Device.PrepareBackward(new MaxPoolSpec(1, 16, 2, 9, 3, 1)),
            Throws.TypeOf<KernelShapeException>().With.Message.EqualTo("max pool: a 3x3 window does not fit into 2x9"));
        var spec = new MaxPoolSpec(1, 1, 5, 5, 3, 2);
        using MaxPoolBackward operation = tensors.Device.PrepareBackward(spec);
        TensorView input = tensors.Output(spec.Input), output = tensors.Output(spec.Output);
        Assert.That(() => operation.Backward(input, output, input, input), Throws.TypeOf<KernelShapeException>()
            .With.Message.EqualTo("max pool output gradient: expected [1,1,2,2] Blocked16, got [1,1,5,5] Blocked16"));
    }

    private static float[] Gradient(MaxPoolSpec spec, float[] input, float[] outputGradient, int threads)
    {
        using var tensors = new TrainingTensors(threads);
        using MaxPool pool = tensors.Device.Prepare(spec);
        using MaxPoolBackward operation = tensors.Device.PrepareBackward(spec);
        TensorView x = tensors.Features(input, spec.Input), y = tensors.Output(spec.Output), dx = tensors.Output(spec.Input);
        pool.Forward(x, y);
        operation.Backward(x, y, tensors.Features(outputGradient, spec.Output), dx);
        tensors.Raw(dx);
        return tensors.Values(dx);
    }
}
