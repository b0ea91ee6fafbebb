using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Tests.Kernels;

[Category("Conformance")]
internal sealed class ResponsePeakTests
{
    [TestCaseSource(typeof(ResponsePeakCases), nameof(ResponsePeakCases.All))]
    public void Forward_MatchesReference(object testCase)
    {
        var search = (ResponsePeakCase)testCase;
        ResponsePeakSpec spec = search.Spec;
        PeakResult actual = Search(spec, search.Responses());
        if (spec.ResponseSize == 1)
            return; // a constant: the reference divides by zero, the tests below say what comes instead

        (PeakResult expected, double[,] mixed) = ResponsePeakReference.Search(spec, search.Responses());
        using (Assert.EnterMultipleScope())
        {
            Assert.That(actual.Scale, Is.EqualTo(expected.Scale));
            Assert.That(actual.Response, Is.EqualTo(expected.Response).Within(1e-5));
            Assert.That(actual.PeakToSidelobe, Is.EqualTo(expected.PeakToSidelobe).Within(1e-4).Percent);
            // Where the peak is flat, rounding decides; so the place may differ, but not the height.
            double height = mixed[expected.Row, expected.Column];
            Assert.That(mixed[actual.Row, actual.Column], Is.EqualTo(height).Within(1e-5).Percent,
                $"expected ({expected.Row},{expected.Column}), got ({actual.Row},{actual.Column})");
        }
    }

    [TestCaseSource(typeof(ResponsePeakCases), nameof(ResponsePeakCases.All))]
    public void Forward_AnyThreadCount_SameResult(object testCase)
    {
        var search = (ResponsePeakCase)testCase;
        PeakResult expected = Search(search.Spec, search.Responses());
        foreach (int threads in Conformance.ThreadCounts)
            Assert.That(Search(search.Spec, search.Responses(), threads), Is.EqualTo(expected), $"{threads} threads");
    }

    [Test]
    public void Forward_ConstantResponses_FallToTheWindowsPeak([Values(0, 0.3f, -7.7f)] float value, [Values(0, 0.2f, 1)] float influence)
    {
        var spec = new ResponsePeakSpec(3, 17, 16, 0.97f, influence);
        float[] responses = new float[spec.Responses.Count];
        responses.AsSpan().Fill(value);
        PeakResult actual = Search(spec, responses);
        // Of the even window's four equal middles the first, column by column.
        Assert.That((actual.Row, actual.Column), Is.EqualTo((135, 135)));
        Assert.That(actual.PeakToSidelobe, Is.Zero);
        Assert.That(actual.Response, Is.EqualTo(value).Within(1e-5));
        Assert.That(actual.Scale, Is.EqualTo(value > 0 ? 1 : 0), "a penalty below 1 raises a negative peak, and leaves 0 a tie");
    }

    [Test]
    public void Forward_EqualPeaks_TheFirstInColumnOrderWins()
    {
        var spec = new ResponsePeakSpec(1, 9, 1, 1, 0);
        float[] responses = new float[81];
        responses[1 * 9 + 7] = responses[6 * 9 + 2] = responses[7 * 9 + 2] = 1;
        PeakResult actual = Search(spec, responses);
        Assert.That((actual.Row, actual.Column), Is.EqualTo((6, 2)));
    }

    [Test]
    public void Forward_EqualScales_TheFirstWinsUnlessPenalised([Values(1, 0.97f)] float penalty)
    {
        var spec = new ResponsePeakSpec(3, 5, 2, penalty, 0.1f);
        float[] one = TestValues.Uniform(25, seed: 8);
        PeakResult actual = Search(spec, [.. one, .. one, .. one]);
        Assert.That(actual.Scale, Is.EqualTo(penalty < 1 ? 1 : 0));
    }

    [Test]
    public void Forward_NotFinite_ThatScaleNeverWins([Values(float.NaN, float.PositiveInfinity, float.NegativeInfinity)] float bad)
    {
        var spec = new ResponsePeakSpec(3, 9, 4, 0.97f, 0.2f);
        float[] responses = new ResponsePeakCase("", spec).Responses();
        int winner = Search(spec, responses).Scale;
        responses[winner * 81 + 40] = bad;
        PeakResult actual = Search(spec, responses);
        Assert.That(actual.Scale, Is.Not.EqualTo(winner));
        Assert.That(float.IsFinite(actual.Response) && float.IsFinite(actual.PeakToSidelobe));
    }

    [Test]
    public void Forward_NothingFinite_IsTheMiddleScaleAndTheWindowsPeak([Values(float.NaN, float.PositiveInfinity)] float bad)
    {
        var spec = new ResponsePeakSpec(3, 9, 5, 0.97f, 0.2f);
        float[] responses = new float[spec.Responses.Count];
        responses.AsSpan().Fill(bad);
        Assert.That(Search(spec, responses), Is.EqualTo(new PeakResult(1, 22, 22, float.NaN, 0)));
    }

    [Test]
    public void Forward_SecondCall_AllocatesNothing()
    {
        ResponsePeakSpec spec = ResponsePeakCases.All.First().Spec;
        using var device = new CpuDevice(2);
        using ResponsePeak operation = device.Prepare(spec);
        using Tensor responses = device.Allocate(spec.Responses, TensorLayout.Planar);
        Conformance.AssertAllocatesNothing(() =>
        {
            operation.Forward(responses);
            operation.Read();
        });
    }

    [Test]
    public void Read_BeforeForward_SaysSo()
    {
        using var device = new CpuDevice(1);
        using ResponsePeak operation = device.Prepare(new ResponsePeakSpec(1, 5, 2, 1, 0));
        Assert.That(operation.Read, Throws.InvalidOperationException.With.Message.EqualTo("response peak: read before the first search"));
    }

    [Test]
    public void Prepare_EvenNumberOfScales_SaysSo()
    {
        using var device = new CpuDevice(1);
        Assert.That(() => device.Prepare(new ResponsePeakSpec(2, 17, 16, 1, 0)),
            Throws.TypeOf<KernelShapeException>().With.Message.StartsWith("response peak: sizes must be positive and the number of scales odd"));
    }

    private static PeakResult Search(ResponsePeakSpec spec, float[] values, int threads = 1)
    {
        using var device = new CpuDevice(threads);
        using ResponsePeak operation = device.Prepare(spec);
        using Tensor responses = device.Upload(values, spec.Responses, TensorLayout.Planar);
        operation.Forward(responses);
        return operation.Read();
    }
}
