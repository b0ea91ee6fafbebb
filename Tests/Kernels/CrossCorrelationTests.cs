using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Tests.Kernels;

[Category("Conformance")]
internal sealed class CrossCorrelationTests
{
    // Sums of up to 28,800 products.
    private const double Tolerance = 2e-6;

    [TestCaseSource(typeof(CrossCorrelationCases), nameof(CrossCorrelationCases.All))]
    public void Forward_MatchesReference(CrossCorrelationSpec spec)
    {
        double[] expected = CrossCorrelationReference.Responses(spec, Template(spec), Search(spec));
        Conformance.AssertClose(Responses(spec, threads: 1), expected, Tolerance, spec.Response);
    }

    [TestCaseSource(typeof(CrossCorrelationCases), nameof(CrossCorrelationCases.All))]
    public void Forward_AnyThreadCount_SameBits(CrossCorrelationSpec spec)
    {
        float[] expected = Responses(spec, threads: 1);
        foreach (int threads in Conformance.ThreadCounts)
            Assert.That(Responses(spec, threads), Is.EqualTo(expected), $"{threads} threads");
    }

    [Test]
    public void Forward_SecondCall_AllocatesNothing()
    {
        var spec = new CrossCorrelationSpec(2, 20, 5, 20);
        using var device = new CpuDevice(2);
        using CrossCorrelation operation = device.Prepare(spec);
        using Tensor template = device.Allocate(spec.Template, device.FeatureLayout), search = device.Allocate(spec.Search, device.FeatureLayout);
        using Tensor response = device.Allocate(spec.Response, TensorLayout.Planar);
        Conformance.AssertAllocatesNothing(() => operation.Forward(template, search, response));
    }

    [Test]
    public void Prepare_TemplateLargerThanSearch_SaysSo()
    {
        using var device = new CpuDevice(1);
        Assert.That(() => device.Prepare(new CrossCorrelationSpec(1, 4, 6, 5)),
            Throws.TypeOf<KernelShapeException>().With.Message.EqualTo("cross-correlation: a 6x6 template does not fit into a 5x5 search"));
    }

    private static float[] Template(in CrossCorrelationSpec spec) => TestValues.Uniform(spec.Template.Count, seed: 1);

    private static float[] Search(in CrossCorrelationSpec spec) => TestValues.Uniform(spec.Search.Count, seed: 2);

    private static float[] Responses(CrossCorrelationSpec spec, int threads)
    {
        using var device = new CpuDevice(threads);
        using CrossCorrelation operation = device.Prepare(spec);
        using Tensor template = device.Upload(Template(spec), spec.Template, device.FeatureLayout);
        using Tensor search = device.Upload(Search(spec), spec.Search, device.FeatureLayout);
        using Tensor response = device.Allocate(spec.Response, TensorLayout.Planar);
        operation.Forward(template, search, response);
        return device.Download(response);
    }
}
