using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Tests.Kernels;

[Category("Conformance")]
internal sealed class CropResizeTests
{
    // Two passes of a few taps, twice, on values up to 255: about ten roundings.
    private const double Tolerance = 2e-6;

    [TestCaseSource(typeof(CropResizeCases), nameof(CropResizeCases.All))]
    public void Forward_MatchesReference(object testCase)
    {
        var crop = (CropResizeCase)testCase;
        double[] expected = CropResizeReference.Crops(crop.View(crop.Pixels()), crop.Region, crop.RegionSize, crop.Levels, CropResizeCase.Padding, crop.Size);
        Conformance.AssertClose(Crop(crop, threads: 1), expected, Tolerance, crop.Spec.Crops);
    }

    [TestCaseSource(typeof(CropResizeCases), nameof(CropResizeCases.All))]
    public void Forward_AnyThreadCount_SameBits(object testCase)
    {
        var crop = (CropResizeCase)testCase;
        float[] expected = Crop(crop, threads: 1);
        foreach (int threads in Conformance.ThreadCounts)
            Assert.That(Crop(crop, threads), Is.EqualTo(expected), $"{threads} threads");
    }

    [Test]
    public void Forward_AllFormats_SameCrops()
    {
        CropResizeCase rgb = CropResizeCases.All.First(c => c.Format == PixelFormat.Rgb24);
        float[] expected = Crop(rgb, threads: 1);
        foreach (PixelFormat format in Enum.GetValues<PixelFormat>())
        {
            if (format != PixelFormat.Gray8)
                Conformance.AssertClose(Crop(rgb with { Format = format, Gap = 7 }, threads: 1), [.. expected.Select(v => (double)v)], 1e-7, rgb.Spec.Crops);
        }
        float[] gray = Crop(rgb with { Format = PixelFormat.Gray8 }, threads: 1);
        int plane = rgb.Size * rgb.Size;
        for (int i = 0; i < plane; i++)
            Assert.That(gray[i], Is.EqualTo(expected[i]).Within(1e-4), "a grey frame's red is the red of the colour frame");
    }

    [Test]
    public void Forward_SameSizeTwice_IsTheFrameItself()
    {
        CropResizeCase crop = CropResizeCases.All.Single(c => c.Name == "same size");
        byte[] pixels = crop.Pixels();
        float[] actual = Crop(crop, threads: 1);
        FrameView frame = crop.View(pixels);
        for (int i = 0; i < actual.Length; i++)
        {
            (_, int c, int y, int x) = crop.Spec.Crops.Position(i);
            Assert.That(actual[i], Is.EqualTo((float)frame.Row(y + crop.Region.Y)[(x + crop.Region.X) * 3 + c]));
        }
    }

    [Test]
    public void Forward_Enlarging_MatchesGoldenValues()
    {
        // GNU Octave 7.3 with the image package: imresize(single(frame), [10 10]), its first three rows, four columns.
        // (When shrinking, Octave widens its kernel differently from MATLAB, so there is nothing to compare with.)
        byte[] pixels = [10, 20, 35, 80, 200, 3, 7, 90, 11, 60, 255, 0, 128, 64, 32, 1, 2, 3, 5, 8, 100, 90, 30, 20, 250];
        float[] golden =
        [
            9.6660156f, 12.599609f, 18.466797f, 22.386230f,
            1.2795410f, 5.0380249f, 12.554993f, 23.749878f,
            -15.493408f, -10.085144f, 0.73138428f, 26.477173f,
        ];
        using var device = new CpuDevice(1);
        using CropResize operation = device.Prepare(new CropResizeSpec(1, 10));
        using Tensor crops = device.Allocate(operation.Spec.Crops, TensorLayout.Interleaved);
        var pyramid = new CropPyramid { Region = new(0, 0, 5), RegionSize = 10, Levels = [new CropSquare(0, 0, 10)], Padding = default };
        operation.Forward(new FrameView(pixels, 5, 5, PixelFormat.Gray8), pyramid, crops);
        float[] actual = device.Download(crops);
        for (int i = 0; i < golden.Length; i++)
            Assert.That(actual[i / 4 * 10 + i % 4], Is.EqualTo(golden[i]).Within(1e-4), $"row {i / 4}, column {i % 4}");
    }

    [Test]
    public void Forward_RegionOutsideTheFrame_IsPadding()
    {
        CropResizeCase crop = CropResizeCases.All.Single(c => c.Name == "region outside");
        float[] actual = Crop(crop, threads: 1);
        float[] padding = [CropResizeCase.Padding.Red, CropResizeCase.Padding.Green, CropResizeCase.Padding.Blue];
        for (int i = 0; i < actual.Length; i++)
            Assert.That(actual[i], Is.EqualTo(padding[crop.Spec.Crops.Position(i).C]).Within(1e-4));
    }

    [Test]
    public void Forward_RegionOf20000Pixels_NeedsNoMemoryForIt()
    {
        var crop = new CropResizeCase("huge", 64, 48, PixelFormat.Rgb24, 0, new(-10000, -10000, 20000), 255, 255, new CropSquare(0, 0, 255));
        long before = Environment.WorkingSet;
        float[] actual = Crop(crop, threads: 1);
        Assert.That(Environment.WorkingSet - before, Is.LessThan(100_000_000));
        Assert.That(actual[0], Is.EqualTo(CropResizeCase.Padding.Red).Within(1e-4));
    }

    [Test]
    public void Forward_SidesThatVary_AllocateNothing()
    {
        CropResizeCase crop = CropResizeCases.All.First();
        using var device = new CpuDevice(2);
        using CropResize operation = device.Prepare(crop.Spec);
        using Tensor crops = device.Allocate(crop.Spec.Crops, TensorLayout.Interleaved);
        byte[] pixels = crop.Pixels();
        int grow = 0;
        Conformance.AssertAllocatesNothing(() =>
        {
            CropSquare region = crop.Region with { Side = crop.Region.Side + grow++ };
            operation.Forward(crop.View(pixels), crop.Pyramid() with { Region = region }, crops);
        });
    }

    [Test]
    public void Forward_WrongNumberOfLevels_SaysSo()
    {
        CropResizeCase crop = CropResizeCases.All.First();
        using var device = new CpuDevice(1);
        using CropResize operation = device.Prepare(crop.Spec);
        using Tensor crops = device.Allocate(crop.Spec.Crops, TensorLayout.Interleaved);
        byte[] pixels = crop.Pixels();
        KernelShapeException error = Assert.Throws<KernelShapeException>(() =>
            operation.Forward(crop.View(pixels), crop.Pyramid() with { Levels = [new CropSquare(0, 0, 9)] }, crops))!;
        Assert.That(error.Message, Is.EqualTo("crops: expected 3 levels, got 1"));
    }

    private static float[] Crop(CropResizeCase crop, int threads)
    {
        using var device = new CpuDevice(threads);
        using CropResize operation = device.Prepare(crop.Spec);
        using Tensor crops = device.Allocate(crop.Spec.Crops, TensorLayout.Interleaved);
        operation.Forward(crop.View(crop.Pixels()), crop.Pyramid(), crops);
        return device.Download(crops);
    }
}
