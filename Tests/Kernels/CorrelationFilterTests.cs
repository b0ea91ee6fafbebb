using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Tests.Kernels;

[Category("Conformance")]
internal sealed class CorrelationFilterTests
{
    private const double Tolerance = 5e-6;

    [TestCaseSource(typeof(CorrelationFilterCases), nameof(CorrelationFilterCases.All))]
    public void Forward_MatchesReference(CorrelationFilterSpec spec)
    {
        double[] expected = CorrelationFilterReference.Template(
            spec, CorrelationFilterCases.Features(spec), CorrelationFilterCases.Window(spec), CorrelationFilterCases.Target(spec));
        Conformance.AssertClose(Template(spec, threads: 1).Planar, expected, Tolerance, spec.Template);
    }

    [TestCaseSource(typeof(CorrelationFilterCases), nameof(CorrelationFilterCases.All))]
    public void Forward_AnyThreadCount_SameBitsAndEmptyPadding(CorrelationFilterSpec spec)
    {
        (float[] planar, float[] raw) = Template(spec, threads: 1);
        Assert.That(raw.Count(v => v != 0), Is.EqualTo(planar.Count(v => v != 0)), "padding lanes that are not zero");
        foreach (int threads in Conformance.ThreadCounts)
            Assert.That(Template(spec, threads).Raw, Is.EqualTo(raw), $"{threads} threads");
    }

    [Test]
    public void Forward_SecondCall_AllocatesNothing()
    {
        var spec = new CorrelationFilterSpec(32, 15, 2, 10);
        using var device = new CpuDevice(2);
        using CorrelationFilter operation = device.Prepare(spec, CorrelationFilterCases.Window(spec), CorrelationFilterCases.Target(spec));
        using Tensor features = device.Allocate(spec.Features, device.FeatureLayout), template = device.Allocate(spec.Template, device.FeatureLayout);
        Conformance.AssertAllocatesNothing(() => operation.Forward(features, template));
    }

    [Test]
    public void Prepare_WrongWindow_SaysSo()
    {
        using var device = new CpuDevice(1);
        Assert.That(() => device.Prepare(new CorrelationFilterSpec(4, 5, 1, 1), new float[24], new float[25]),
            Throws.TypeOf<KernelShapeException>().With.Message.EqualTo("correlation filter: window and target of 5x5 take 25 values, got 24 and 25"));
    }

    private static (float[] Planar, float[] Raw) Template(CorrelationFilterSpec spec, int threads)
    {
        using var device = new CpuDevice(threads);
        using CorrelationFilter operation = device.Prepare(spec, CorrelationFilterCases.Window(spec), CorrelationFilterCases.Target(spec));
        using Tensor features = device.Upload(CorrelationFilterCases.Features(spec), spec.Features, device.FeatureLayout);
        using Tensor template = device.Allocate(spec.Template, device.FeatureLayout);
        operation.Forward(features, template);
        return (device.Download(template), device.DownloadRaw(template));
    }
}
