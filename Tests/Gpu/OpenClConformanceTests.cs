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

    [TestCaseSource(typeof(MaxPoolCases), nameof(MaxPoolCases.All))]
    public void MaxPool_EqualsReference(object testCase) => GpuConformance.Check(device, (MaxPoolCase)testCase);

    [TestCaseSource(typeof(CrossCorrelationCases), nameof(CrossCorrelationCases.All))]
    public void CrossCorrelation_MatchesReference(CrossCorrelationSpec spec) => GpuConformance.Check(device, spec);

    [TestCaseSource(typeof(Fourier2DCases), nameof(Fourier2DCases.All))]
    public void Fourier2D_MatchesReferenceBothWays(Fourier2DSpec spec) => GpuConformance.Check(device, spec);

    [TestCaseSource(typeof(CorrelationFilterCases), nameof(CorrelationFilterCases.All))]
    public void CorrelationFilter_MatchesReference(CorrelationFilterSpec spec) => GpuConformance.Check(device, spec);

    [TestCaseSource(typeof(BlendCases), nameof(BlendCases.All))]
    public void Blend_MatchesReference(BlendSpec spec) => GpuConformance.Check(device, spec);

    [TestCaseSource(typeof(CropResizeCases), nameof(CropResizeCases.All))]
    public void CropResize_MatchesReference(object testCase) => GpuConformance.Check(device, (CropResizeCase)testCase);

    [TestCaseSource(typeof(ResponsePeakCases), nameof(ResponsePeakCases.All))]
    public void ResponsePeak_MatchesReference(object testCase) => GpuConformance.Check(device, (ResponsePeakCase)testCase);
}
