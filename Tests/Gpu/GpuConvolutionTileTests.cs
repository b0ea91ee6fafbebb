using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Gpu.Sandbox;
using SiamIlgpu.Tests.Kernels;

namespace SiamIlgpu.Tests.Gpu;

/// <summary>Every tile of the convolution kernels and of their gradients', by the smallest case that the schedule gives it.</summary>
[TestFixtureSource(typeof(OpenClHere), nameof(OpenClHere.WithoutAndWith))]
internal sealed class GpuConvolutionTileTests(bool openCl)
{
    private GpuDriver driver = null!;

    [OneTimeSetUp]
    public void Open() => driver = openCl ? OpenClHere.Open() : new SandboxDriver(SandboxKernels.Find);

    [OneTimeTearDown]
    public void Close() => driver?.Dispose();

    [TestCase("128x128", 4, 4, 5, 40)]
    [TestCase("64x64", 1, 12, 13, 64)]
    [TestCase("32x128", 1, 16, 17, 32)]
    [TestCase("16x256", 1, 32, 33, 16)]
    public void Convolution_MatchesReference(string tile, int units, int height, int width, int outChannels)
    {
        GpuDevice device = DeviceOf(units);
        foreach (int channels in (int[])[3, 16])
        {
            var spec = new ConvolutionSpec(1, channels, height, width, outChannels, Size: 1, Stride: 1, Groups: 1, Relu: false);
            FilterLayout layout = FilterLayout.Of(spec, spec.InputLayout(device) == TensorLayout.Interleaved, flipped: false, pitch: 128);
            Assert.That(ConvolutionSchedule.For(device, spec, layout).Tile, Is.EqualTo(tile));
            Conformance.Check(device, new ConvolutionCase("", spec));
        }
    }

    [TestCase("128x128", 4, 16, 4, 5, 40, 3)]
    [TestCase("64x64", 1, 16, 3, 4, 64, 3)]
    [TestCase("32x128", 1, 32, 3, 4, 32, 3)]
    [TestCase("16x256", 1, 64, 4, 5, 16, 4)]
    public void FilterGradient_MatchesReference(string tile, int units, int channels, int height, int width, int outChannels, int size)
    {
        GpuDevice device = DeviceOf(units);
        var spec = new ConvolutionSpec(1, channels, height, width, outChannels, size, Stride: 1, Groups: 1, Relu: false);
        FilterLayout layout = FilterLayout.Of(spec, image: false, flipped: false, pitch: 16);
        Assert.That(ConvolutionSchedule.ForFilterGradient(device, layout, steps: 1).Tile, Is.EqualTo(tile));
        Conformance.Check(device, new ConvolutionBackwardCase(spec));
    }

    // Not to be disposed: the driver is the fixture's.
    private GpuDevice DeviceOf(int units) => new(driver) { LikeProcessor = false, ComputeUnits = units };
}
