using SiamIlgpu.Kernels;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Tests.Kernels;

/// <summary>Responses whose peak is no plain maximum: all devices must say the same.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.Fixtures))]
internal sealed class ResponsePeakTests(object on)
{
    private readonly TestDevice device = (TestDevice)on;

    [Test]
    public void Forward_ConstantResponses_FallToTheWindowsPeak([Values(0, 0.3f, -7.7f)] float value, [Values(0, 0.2f, 1)] float influence)
    {
        var small = new ResponsePeakSpec(3, 9, 6, 0.97f, influence);
        ResponsePeakSpec[] specs = device.IsSandbox ? [small] : [small, small with { ResponseSize = 17, Upsampling = 16 }];
        foreach (ResponsePeakSpec spec in specs)
        {
            float[] responses = new float[spec.Responses.Count];
            responses.AsSpan().Fill(value);
            PeakResult actual = Search(spec, responses);
            // Of the even window's four equal middles the first, column by column.
            Assert.That((actual.Row, actual.Column), Is.EqualTo((spec.MapSize / 2 - 1, spec.MapSize / 2 - 1)));
            Assert.That(actual.PeakToSidelobe, Is.Zero);
            Assert.That(actual.Response, Is.EqualTo(value).Within(1e-5));
            Assert.That(actual.Scale, Is.EqualTo(value > 0 ? 1 : 0), "a penalty below 1 raises a negative peak, and leaves 0 a tie");
        }
    }

    [TestCase(1 * 9 + 7, 6 * 9 + 2, 7 * 9 + 2)]
    [TestCase(8 * 9 + 8, 6 * 9 + 2, 0 * 9 + 3)]
    public void Forward_EqualPeaks_TheFirstInColumnOrderWins(int a, int b, int c)
    {
        float[] responses = new float[81];
        responses[a] = responses[b] = responses[c] = 1;
        PeakResult actual = Search(new ResponsePeakSpec(1, 9, 1, 1, 0), responses);
        Assert.That((actual.Row, actual.Column), Is.EqualTo((6, 2)));
    }

    // On a GPU a map of 57 x 57 lies in two stretches, that is in two groups of threads.
    [Test]
    public void Forward_EqualPeaksInTwoStretches_TheFirstWins()
    {
        float[] responses = new float[57 * 57];
        responses[3 * 57 + 56] = responses[50 * 57 + 1] = 1;
        PeakResult actual = Search(new ResponsePeakSpec(1, 57, 1, 1, 0), responses);
        Assert.That((actual.Row, actual.Column), Is.EqualTo((50, 1)));
    }

    [Test]
    public void Forward_WindowAlone_IsItsPeak()
    {
        PeakResult actual = Search(new ResponsePeakSpec(1, 9, 3, 1, 1), TestValues.Uniform(81, seed: 3));
        Assert.That((actual.Row, actual.Column), Is.EqualTo((13, 13)));
    }

    [Test]
    public void Forward_EqualScales_TheFirstWinsUnlessPenalised([Values(1, 0.97f)] float penalty)
    {
        float[] one = TestValues.Uniform(25, seed: 8);
        Assert.That(Search(new ResponsePeakSpec(3, 5, 2, penalty, 0.1f), [.. one, .. one, .. one]).Scale, Is.EqualTo(penalty < 1 ? 1 : 0));
    }

    [Test]
    public void Forward_NotFinite_ThatScaleNeverWins([Values(float.NaN, float.PositiveInfinity, float.NegativeInfinity)] float bad)
    {
        var spec = new ResponsePeakSpec(3, 9, 4, 0.97f, 0.2f);
        float[] responses = ResponsePeakCase.ResponsesOf(spec);
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
    public void Read_BeforeForward_SaysSo()
    {
        using ResponsePeak operation = device.Device.Prepare(new ResponsePeakSpec(1, 5, 2, 1, 0));
        Assert.That(operation.Read, Throws.InvalidOperationException.With.Message.EqualTo("response peak: read before the first search"));
    }

    [Test]
    public void Prepare_EvenNumberOfScales_SaysSo() =>
        Assert.That(() => device.Device.Prepare(new ResponsePeakSpec(2, 17, 16, 1, 0)),
            Throws.TypeOf<KernelShapeException>().With.Message.StartsWith("response peak: sizes must be positive and the number of scales odd"));

    private PeakResult Search(ResponsePeakSpec spec, float[] values)
    {
        using var tensors = new CaseTensors(device.Device);
        ResponsePeak operation = tensors.Own(device.Device.Prepare(spec));
        operation.Forward(tensors.Input(values, spec.Responses, TensorLayout.Planar));
        return operation.Read();
    }
}
