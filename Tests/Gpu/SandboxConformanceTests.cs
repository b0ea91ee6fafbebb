using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Gpu.Sandbox;

namespace SiamIlgpu.Tests.Gpu;

/// <summary>
/// The kernels' sources in the sandbox, where an index out of bounds, a missing barrier or a read of what nobody wrote is an
/// error: the small cases of all operations, as a GPU with few multiprocessors, as one with many (whose sums are split into parts
/// and whose tiles differ), on tensor cores, and as a processor.
/// </summary>
[TestFixture("GPU", 4)]
[TestFixture("GPU", 132)]
[TestFixture("processor", 2)]
internal sealed class SandboxConformanceTests(string kind, int computeUnits)
{
    // In the sandbox a multiply-add takes a hundred thousand times as long as on a GPU.
    private const long MostFlops = 150_000;

    // Gradients are two convolutions.
    private const long MostGradientFlops = 80_000;

    private GpuDevice device = null!;

    internal static IEnumerable<ConvolutionCase> Convolutions => ConvolutionCases.Odd.Where(c => c.Spec.Flops < MostFlops);

    internal static IEnumerable<ConvolutionBackwardCase> ConvolutionGradients =>
        ConvolutionBackwardCases.Odd.Where(c => c.Spec.Flops < MostGradientFlops);

    internal static IEnumerable<ReluSpec> Relus => ReluBackwardCases.All.Where(c => c.Shape.Count < 2000);

    internal static IEnumerable<CrossCorrelationSpec> CrossCorrelations =>
        CrossCorrelationCases.All.Where(c => c.Flops < MostFlops && c.Response.Count < 2000);

    // Of each place of the template a group of threads waits at barriers.
    internal static IEnumerable<CrossCorrelationSpec> CrossCorrelationGradients =>
        CrossCorrelationBackwardCases.All.Where(c => c.Flops < MostFlops / 2 && c.TemplateSize < 10);

    internal static IEnumerable<Fourier2DSpec> Transforms => Fourier2DCases.All.Where(c => c.Real.Count * c.Width < 40_000);

    internal static IEnumerable<CorrelationFilterSpec> Filters => CorrelationFilterCases.All.Where(c => c.Features.Count * c.Size < 60_000);

    internal static IEnumerable<CropResizeCase> Crops => CropResizeCases.All.Where(c => c.Size < 40);

    internal static IEnumerable<ResponsePeakCase> Peaks => ResponsePeakCases.All.Where(c => c.Spec.MapSize < 70);

    internal static IEnumerable<MaxPoolSpec> PoolGradients => MaxPoolCases.Odd.Select(c => c.Spec);

    /// <summary>The last two have planes of two stretches.</summary>
    internal static IEnumerable<BatchNormSpec> Norms =>
    [
        .. BatchNormTrainingCases.All.Where(c => c.Features.Count < 10_000),
        new BatchNormSpec(2, 5, 17, 31, Relu: true), new BatchNormSpec(2, 1, 65, 65, Relu: false),
    ];

    internal static IEnumerable<TripletLossSpec> Triplets => TripletLossCases.All.Where(c => c.Size < 20);

    [OneTimeSetUp]
    public void Open() => device = new GpuDevice(NewDriver(kind == "processor", computeUnits));

    [OneTimeTearDown]
    public void Close() => device.Dispose();

    [TestCaseSource(nameof(Convolutions))]
    public void Convolution_MatchesReference(object testCase) => GpuConformance.Check(device, (ConvolutionCase)testCase);

    [TestCaseSource(nameof(ConvolutionGradients))]
    public void ConvolutionBackward_MatchesReference(object testCase) => GpuConformance.Check(device, (ConvolutionBackwardCase)testCase);

    [TestCaseSource(typeof(ConvolutionBackwardCases), nameof(ConvolutionBackwardCases.Updated))]
    public void Update_EqualsFiltersLoadedWithTheValues(ConvolutionSpec spec) => GpuConformance.CheckUpdate(device, spec);

    [TestCaseSource(nameof(Relus))]
    public void ReluBackward_EqualsReference(ReluSpec spec) => GpuConformance.Check(device, spec);

    [TestCaseSource(typeof(MaxPoolCases), nameof(MaxPoolCases.Odd))]
    public void MaxPool_EqualsReference(object testCase) => GpuConformance.Check(device, (MaxPoolCase)testCase);

    [TestCaseSource(nameof(CrossCorrelations))]
    public void CrossCorrelation_MatchesReference(CrossCorrelationSpec spec) => GpuConformance.Check(device, spec);

    [TestCaseSource(nameof(Transforms))]
    public void Fourier2D_MatchesReferenceBothWays(Fourier2DSpec spec) => GpuConformance.Check(device, spec);

    [TestCaseSource(nameof(Filters))]
    public void CorrelationFilter_MatchesReference(CorrelationFilterSpec spec) => GpuConformance.Check(device, spec);

    [TestCaseSource(nameof(CrossCorrelationGradients))]
    public void CrossCorrelationBackward_MatchesReference(CrossCorrelationSpec spec) => GpuConformance.CheckBackward(device, spec);

    [TestCaseSource(nameof(Filters))]
    public void CorrelationFilterBackward_MatchesReference(CorrelationFilterSpec spec) => GpuConformance.CheckBackward(device, spec);

    [Test]
    public void CorrelationFilter_Updated_IsAsPreparedAnew() => GpuConformance.CheckUpdate(device, new CorrelationFilterSpec(17, 8, 1, 1));

    [TestCaseSource(typeof(BlendCases), nameof(BlendCases.All))]
    public void Blend_MatchesReference(BlendSpec spec) => GpuConformance.Check(device, spec);

    [TestCaseSource(nameof(Crops))]
    public void CropResize_MatchesReference(object testCase) => GpuConformance.Check(device, (CropResizeCase)testCase);

    [TestCaseSource(nameof(Peaks))]
    public void ResponsePeak_MatchesReference(object testCase) => GpuConformance.Check(device, (ResponsePeakCase)testCase);

    [TestCaseSource(nameof(PoolGradients))]
    public void MaxPoolBackward_MatchesReference(MaxPoolSpec spec) => GpuConformance.CheckBackward(device, spec);

    [TestCaseSource(nameof(Norms))]
    public void BatchNormTraining_MatchesReferenceBothWays(BatchNormSpec spec) => GpuConformance.Check(device, spec);

    [TestCaseSource(typeof(ScoreAdjustCases), nameof(ScoreAdjustCases.All))]
    public void ScoreAdjust_MatchesReferenceBothWays(ScoreAdjustSpec spec) => GpuConformance.Check(device, spec);

    [TestCaseSource(typeof(LogisticLossCases), nameof(LogisticLossCases.All))]
    public void LogisticLoss_MatchesReference(LogisticLossSpec spec) => GpuConformance.Check(device, spec);

    [TestCaseSource(nameof(Triplets))]
    public void TripletLoss_MatchesReference(TripletLossSpec spec) => GpuConformance.Check(device, spec);

    [TestCaseSource(typeof(SgdStepCases), nameof(SgdStepCases.All))]
    public void SgdStep_MatchesReference(SgdSpec spec) => GpuConformance.Check(device, spec);

    [Test]
    public void BatchNormTraining_FarFromZero_KeepsTheVariance() => GpuConformance.CheckFarFromZero(device);

    [Test]
    public void Losses_LargeScores_StayFinite() => GpuConformance.CheckLargeScores(device);

    private static SandboxDriver NewDriver(bool isProcessor, int computeUnits) => new(SandboxKernels.Find, isProcessor, computeUnits: computeUnits);
}

/// <summary>The tensor-core convolutions, whose mma.sync the sandbox computes warp by warp: what lands in which lane is as on the GPU.</summary>
internal sealed class SandboxTensorCoreTests
{
    // Both operands are rounded to eleven bits: 2^-12 each of every product, some of which cancels in a sum.
    private const double MaxError = 5e-4;

    internal static IEnumerable<ConvolutionCase> Convolutions => ConvolutionCases.Odd.Where(c => c.Spec.Flops < 60_000);

    [TestCaseSource(nameof(Convolutions))]
    public void Convolution_MatchesReference(object testCase)
    {
        using var device = new GpuDevice(new SandboxDriver(SandboxKernels.Find, hasTensorCores: true, computeUnits: 4), ConvolutionMath.Tf32);
        GpuConformance.Check(device, (ConvolutionCase)testCase, MaxError);
    }

    /// <summary>The input's gradient is a convolution like any other; the filters' is computed in floats.</summary>
    [Test]
    public void ConvolutionBackward_MatchesReference()
    {
        using var device = new GpuDevice(new SandboxDriver(SandboxKernels.Find, hasTensorCores: true, computeUnits: 4), ConvolutionMath.Tf32);
        GpuConformance.Check(device, new ConvolutionBackwardCase("", new ConvolutionSpec(1, 17, 5, 6, 32, 2, 1, 1, Relu: false)), MaxError);
    }
}

/// <summary>The kernels' sources by name.</summary>
internal static class SandboxKernels
{
    internal static Delegate Find(string name) => KernelSources.All.Single(k => k.Name == name).Method;
}
