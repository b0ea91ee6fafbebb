using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Gpu.Sandbox;

namespace SiamIlgpu.Tests.Gpu;

/// <summary>Responses whose peak is no plain maximum: the search must say the same as the CPU's, which these tests mirror.</summary>
[TestFixture("sandbox")]
[TestFixture("OpenCL")]
internal sealed class GpuResponsePeakTests(string kind)
{
    private GpuDevice device = null!;

    [OneTimeSetUp]
    public void Open() => device = new GpuDevice(kind == "sandbox" ? new SandboxDriver(SandboxKernels.Find) : OpenClHere.Open());

    [OneTimeTearDown]
    public void Close() => device?.Dispose();

    [Test]
    public void Forward_ConstantResponses_FallToTheWindowsPeak([Values(0, 0.3f, -7.7f)] float value, [Values(0, 0.2f, 1)] float influence)
    {
        var spec = new ResponsePeakSpec(3, 9, 6, 0.97f, influence);
        float[] responses = new float[spec.Responses.Count];
        responses.AsSpan().Fill(value);
        PeakResult actual = Search(spec, responses);
        // Of the even window's four equal middles the first, column by column.
        Assert.That((actual.Row, actual.Column), Is.EqualTo((26, 26)));
        Assert.That(actual.PeakToSidelobe, Is.Zero);
        Assert.That(actual.Response, Is.EqualTo(value).Within(1e-5));
        Assert.That(actual.Scale, Is.EqualTo(value > 0 ? 1 : 0), "a penalty below 1 raises a negative peak, and leaves 0 a tie");
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

    // A map of 57 x 57 lies in two stretches, that is in two groups of threads.
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
        var spec = new ResponsePeakSpec(1, 9, 3, 1, 1);
        PeakResult actual = Search(spec, TestValues.Uniform(81, seed: 3));
        Assert.That((actual.Row, actual.Column), Is.EqualTo((13, 13)));
    }

    [Test]
    public void Forward_EqualScales_TheFirstWinsUnlessPenalised([Values(1, 0.97f)] float penalty)
    {
        var spec = new ResponsePeakSpec(3, 5, 2, penalty, 0.1f);
        float[] one = TestValues.Uniform(25, seed: 8);
        Assert.That(Search(spec, [.. one, .. one, .. one]).Scale, Is.EqualTo(penalty < 1 ? 1 : 0));
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
    public void Read_BeforeForward_SaysSo()
    {
        using ResponsePeak operation = device.Prepare(new ResponsePeakSpec(1, 5, 2, 1, 0));
        Assert.That(operation.Read, Throws.InvalidOperationException.With.Message.EqualTo("response peak: read before the first search"));
    }

    private PeakResult Search(ResponsePeakSpec spec, float[] values) => GpuConformance.Search(device, spec, values);
}
