using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Tests.Kernels;

[Category("Conformance")]
internal sealed class CropResizeTests
{
    [Test]
    public void Forward_AllFormats_SameCrops()
    {
        const int Size = 17;
        float[] expected = Crop(Of(PixelFormat.Rgb24, 0));
        foreach (PixelFormat format in Enum.GetValues<PixelFormat>())
        {
            if (format != PixelFormat.Gray8)
                Assert.That(Crop(Of(format, 7)), Is.EqualTo(expected).Within(1e-7 * 255), $"{format}");
        }
        Assert.That(Crop(Of(PixelFormat.Gray8, 0)).Take(Size * Size), Is.EqualTo(expected.Take(Size * Size)).Within(1e-4),
            "a gray frame's red is the red of the color frame");

        static CropResizeCase Of(PixelFormat format, int gap) =>
            new("", 57, 31, format, gap, new(-3, -20, 71), 33, Size, new CropSquare(4, 2, 29));
    }

    [Test]
    public void Forward_SameSizeTwice_IsTheFrameItself()
    {
        CropResizeCase crop = CropResizeCases.All.Single(c => c.Name == "same size");
        byte[] pixels = crop.Pixels();
        float[] actual = Crop(crop);
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
        using var tensors = new CaseTensors(device);
        TensorView crops = tensors.Output(operation.Spec.Crops, TensorLayout.Interleaved);
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
        float[] actual = Crop(crop);
        float[] padding = [CropResizeCase.Padding.Red, CropResizeCase.Padding.Green, CropResizeCase.Padding.Blue];
        for (int i = 0; i < actual.Length; i++)
            Assert.That(actual[i], Is.EqualTo(padding[crop.Spec.Crops.Position(i).C]).Within(1e-4));
    }

    [Test]
    public void Forward_RegionOf20000Pixels_NeedsNoMemoryForIt()
    {
        var crop = new CropResizeCase("huge", 64, 48, PixelFormat.Rgb24, 0, new(-10000, -10000, 20000), 255, 255, new CropSquare(0, 0, 255));
        long before = Environment.WorkingSet;
        float[] actual = Crop(crop);
        Assert.That(Environment.WorkingSet - before, Is.LessThan(100_000_000));
        Assert.That(actual[0], Is.EqualTo(CropResizeCase.Padding.Red).Within(1e-4));
    }

    [Test]
    public void Forward_SidesThatVary_AllocateNothing()
    {
        CropResizeCase crop = CropResizeCases.All.First();
        using var device = new CpuDevice(2);
        using CropResize operation = device.Prepare(crop.Spec);
        using var tensors = new CaseTensors(device);
        TensorView crops = tensors.Output(crop.Spec.Crops, TensorLayout.Interleaved);
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
        using var tensors = new CaseTensors(device);
        TensorView crops = tensors.Output(crop.Spec.Crops, TensorLayout.Interleaved);
        byte[] pixels = crop.Pixels();
        KernelShapeException error = Assert.Throws<KernelShapeException>(() =>
            operation.Forward(crop.View(pixels), crop.Pyramid() with { Levels = [new CropSquare(0, 0, 9)] }, crops))!;
        Assert.That(error.Message, Is.EqualTo("crops: expected 3 levels, got 1"));
    }

    private static float[] Crop(CropResizeCase crop)
    {
        using var device = new CpuDevice(1);
        return crop.Run(device)[0];
    }
}
