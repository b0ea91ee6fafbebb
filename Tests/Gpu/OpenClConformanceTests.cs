using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Tests.Gpu;

/// <summary>All cases of all operations on this machine's OpenCL device, with the compiled kernels.</summary>
internal sealed class OpenClConformanceTests
{
    private GpuDevice device = null!;

    internal static IEnumerable<ConvolutionCase> LayersForGpus =>
        PaperNetworks.Convolutions("siamfc", batch: 1, crop: 255).Concat(PaperNetworks.Convolutions("cfnet-conv2", batch: 1, crop: 255));

    [OneTimeSetUp]
    public void Open() => device = new GpuDevice(OpenClHere.Open());

    [OneTimeTearDown]
    public void Close() => device?.Dispose();

    [TestCaseSource(typeof(ConvolutionCases), nameof(ConvolutionCases.All))]
    public void Convolution_MatchesReference(object testCase) => GpuConformance.Check(device, (ConvolutionCase)testCase);

    /// <summary>The kernels that an OpenCL GPU would run: large tiles for a few multiprocessors, small ones and parts of sums for many.</summary>
    [TestCaseSource(typeof(ConvolutionCases), nameof(ConvolutionCases.Odd))]
    public void Convolution_ByKernelsForGpus_MatchesReference(object testCase)
    {
        foreach (int units in (int[])[1, 132])
        {
            var likeGpu = new GpuDevice(device.Driver) { LikeProcessor = false, ComputeUnits = units };
            GpuConformance.Check(likeGpu, (ConvolutionCase)testCase);
        }
    }

    /// <summary>The papers' layers at their sizes, by the kernels that an OpenCL GPU would run.</summary>
    [TestCaseSource(nameof(LayersForGpus))]
    public void Convolution_OfPapersByKernelsForGpus_MatchesReference(object testCase) =>
        GpuConformance.Check(new GpuDevice(device.Driver) { LikeProcessor = false, ComputeUnits = 132 }, (ConvolutionCase)testCase);

    [TestCaseSource(typeof(ConvolutionBackwardCases), nameof(ConvolutionBackwardCases.All))]
    public void ConvolutionBackward_MatchesReference(object testCase) => GpuConformance.Check(device, (ConvolutionBackwardCase)testCase);

    /// <summary>The tiles that an OpenCL GPU would take: large ones for a few multiprocessors, small ones and more parts for many.</summary>
    [TestCaseSource(typeof(ConvolutionBackwardCases), nameof(ConvolutionBackwardCases.Odd))]
    public void ConvolutionBackward_ByKernelsForGpus_MatchesReference(object testCase)
    {
        foreach (int units in (int[])[1, 132])
        {
            var likeGpu = new GpuDevice(device.Driver) { LikeProcessor = false, ComputeUnits = units };
            GpuConformance.Check(likeGpu, (ConvolutionBackwardCase)testCase);
        }
    }

    [TestCaseSource(typeof(ConvolutionBackwardCases), nameof(ConvolutionBackwardCases.Updated))]
    public void Update_EqualsFiltersLoadedWithTheValues(ConvolutionSpec spec) => GpuConformance.CheckUpdate(device, spec);

    [TestCaseSource(typeof(ReluBackwardCases), nameof(ReluBackwardCases.All))]
    public void ReluBackward_EqualsReference(ReluSpec spec) => GpuConformance.Check(device, spec);

    [TestCaseSource(typeof(MaxPoolCases), nameof(MaxPoolCases.All))]
    public void MaxPool_EqualsReference(object testCase) => GpuConformance.Check(device, (MaxPoolCase)testCase);

    [TestCaseSource(typeof(CrossCorrelationCases), nameof(CrossCorrelationCases.All))]
    public void CrossCorrelation_MatchesReference(CrossCorrelationSpec spec) => GpuConformance.Check(device, spec);

    [TestCaseSource(typeof(Fourier2DCases), nameof(Fourier2DCases.All))]
    public void Fourier2D_MatchesReferenceBothWays(Fourier2DSpec spec) => GpuConformance.Check(device, spec);

    [TestCaseSource(typeof(CorrelationFilterCases), nameof(CorrelationFilterCases.All))]
    public void CorrelationFilter_MatchesReference(CorrelationFilterSpec spec) => GpuConformance.Check(device, spec);

    [TestCaseSource(typeof(CrossCorrelationBackwardCases), nameof(CrossCorrelationBackwardCases.All))]
    public void CrossCorrelationBackward_MatchesReference(CrossCorrelationSpec spec) => GpuConformance.CheckBackward(device, spec);

    [TestCaseSource(typeof(CorrelationFilterBackwardCases), nameof(CorrelationFilterBackwardCases.All))]
    public void CorrelationFilterBackward_MatchesReference(CorrelationFilterSpec spec) => GpuConformance.CheckBackward(device, spec);

    [Test]
    public void CorrelationFilter_Updated_IsAsPreparedAnew() =>
        GpuConformance.CheckUpdate(device, new CorrelationFilterSpec(32, 57, 16, 10));

    [TestCaseSource(typeof(BlendCases), nameof(BlendCases.All))]
    public void Blend_MatchesReference(BlendSpec spec) => GpuConformance.Check(device, spec);

    [TestCaseSource(typeof(CropResizeCases), nameof(CropResizeCases.All))]
    public void CropResize_MatchesReference(object testCase) => GpuConformance.Check(device, (CropResizeCase)testCase);

    [TestCaseSource(typeof(ResponsePeakCases), nameof(ResponsePeakCases.All))]
    public void ResponsePeak_MatchesReference(object testCase) => GpuConformance.Check(device, (ResponsePeakCase)testCase);

    [TestCaseSource(typeof(MaxPoolBackwardCases), nameof(MaxPoolBackwardCases.All))]
    public void MaxPoolBackward_MatchesReference(MaxPoolSpec spec) => GpuConformance.CheckBackward(device, spec);

    [TestCaseSource(typeof(BatchNormTrainingCases), nameof(BatchNormTrainingCases.All))]
    public void BatchNormTraining_MatchesReferenceBothWays(BatchNormSpec spec) => GpuConformance.Check(device, spec);

    [TestCaseSource(typeof(ScoreAdjustCases), nameof(ScoreAdjustCases.All))]
    public void ScoreAdjust_MatchesReferenceBothWays(ScoreAdjustSpec spec) => GpuConformance.Check(device, spec);

    [TestCaseSource(typeof(LogisticLossCases), nameof(LogisticLossCases.All))]
    public void LogisticLoss_MatchesReference(LogisticLossSpec spec) => GpuConformance.Check(device, spec);

    [TestCaseSource(typeof(TripletLossCases), nameof(TripletLossCases.All))]
    public void TripletLoss_MatchesReference(TripletLossSpec spec) => GpuConformance.Check(device, spec);

    [TestCaseSource(typeof(SgdStepCases), nameof(SgdStepCases.All))]
    public void SgdStep_MatchesReference(SgdSpec spec) => GpuConformance.Check(device, spec);

    [Test]
    public void BatchNormTraining_FarFromZero_KeepsTheVariance() => GpuConformance.CheckFarFromZero(device);

    [Test]
    public void Losses_LargeScores_StayFinite() => GpuConformance.CheckLargeScores(device);
}
