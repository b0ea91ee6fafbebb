using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Media;

namespace SiamIlgpu.Tests.Kernels;

[Category("Conformance")]
internal sealed class CropSamplerTests
{
    private static readonly RgbColor Padding = new(100, 50, 20);

    // Squares within the frame, across its edges, around all of it, beside it, and of one pixel.
    [TestCase(57, 31, 3, 2, 20, 47)]
    [TestCase(57, 31, -9, -30, 41, 17)]
    [TestCase(57, 31, -20, -30, 90, 64)]
    [TestCase(57, 31, 60, 2, 20, 33)]
    [TestCase(57, 31, 50, 25, 130, 21)]
    [TestCase(1, 1, -3, -2, 9, 15)]
    [TestCase(2, 3, 0, 0, 2, 40)]
    [TestCase(57, 31, 5, 5, 1, 9)]
    [TestCase(57, 31, 5, 5, 9, 1)]
    public void Sample_InterpolatesBetweenThePixelsOfTheResizedSquare(int width, int height, int x, int y, int side, int size)
    {
        Frame frame = Noise(width, height);
        var square = new CropSquare(x, y, side);
        float[] grid = Resized(frame, square, size);
        float[] rows = Places(0.3f, 1.07f, 19, size), columns = Places(-0.4f, 0.93f, 23, size);
        float[] samples = new float[3 * rows.Length * columns.Length];
        using var sampler = new CropSampler();
        sampler.Sample(frame, square, size, rows, columns, Padding, samples);
        for (int i = 0; i < samples.Length; i++)
        {
            (int place, int channel) = Math.DivRem(i, 3);
            (int row, int column) = Math.DivRem(place, columns.Length);
            // Sums of a few dozen products of numbers up to 255, in another order.
            float expected = Between(grid, size, rows[row], columns[column], channel);
            Assert.That(samples[i], Is.EqualTo(expected).Within(1e-3), $"row {row}, column {column}, channel {channel}");
        }
    }

    [Test]
    public void Sample_AtWholePlaces_GivesThePixelsThemselves()
    {
        const int Size = 33;
        Frame frame = Noise(57, 31);
        var square = new CropSquare(-5, -4, 41);
        float[] places = Places(0, 1, Size, Size), samples = new float[3 * Size * Size];
        using var sampler = new CropSampler();
        sampler.Sample(frame, square, Size, places, places, Padding, samples);
        float[] grid = Resized(frame, square, Size);
        for (int i = 0; i < samples.Length; i++)
            Assert.That(samples[i], Is.EqualTo(grid[i % 3 * Size * Size + i / 3]).Within(1e-3), $"{i}");
    }

    [Test]
    public void Sample_RequestsThatMakeNoSense_Throw()
    {
        using var sampler = new CropSampler();
        Frame frame = Noise(5, 5);
        float[] places = [0, 1], samples = new float[12];
        Assert.That(
            () => sampler.Sample(frame, new CropSquare(0, 0, 0), 4, places, places, Padding, samples),
            Throws.ArgumentException.With.Message.Contains("positive"));
        Assert.That(
            () => sampler.Sample(frame, new CropSquare(0, 0, 4), 0, places, places, Padding, samples),
            Throws.ArgumentException.With.Message.Contains("positive"));
        Assert.That(
            () => sampler.Sample(frame, new CropSquare(0, 0, 4), 4, [], places, Padding, samples),
            Throws.ArgumentException.With.Message.Contains("positive"));
        Assert.That(
            () => sampler.Sample(frame, new CropSquare(0, 0, 4), 4, places, places, Padding, new float[11]),
            Throws.ArgumentException.With.Message.Contains("expected 2 x 2 x 3 numbers, got 11"));
    }

    private static float Between(float[] grid, int size, float row, float column, int channel)
    {
        int top = Math.Min((int)row, size - 1), bottom = Math.Min(top + 1, size - 1);
        int left = Math.Min((int)column, size - 1), right = Math.Min(left + 1, size - 1);
        double upper = At(top, left) + (At(top, right) - At(top, left)) * (column - left);
        double lower = At(bottom, left) + (At(bottom, right) - At(bottom, left)) * (column - left);
        return (float)(upper + (lower - upper) * (row - top));

        double At(int y, int x) => grid[(channel * size + y) * size + x];
    }

    // [3][size][size]
    private static float[] Resized(Frame frame, CropSquare square, int size)
    {
        using var device = new CpuDevice(1);
        using CropResize operation = device.Prepare(new CropResizeSpec(1, size));
        using Tensor crops = device.Allocate(operation.Spec.Crops, TensorLayout.Interleaved);
        var pyramid = new CropPyramid { Region = square, RegionSize = size, Levels = [new CropSquare(0, 0, size)], Padding = Padding };
        operation.Forward(frame, pyramid, crops);
        float[] planar = new float[3 * size * size];
        device.Download(crops, planar);
        return planar;
    }

    private static float[] Places(float first, float step, int count, int size)
        => [.. Enumerable.Range(0, count).Select(i => Math.Clamp(first + step * i, 0, size - 1))];

    private static Frame Noise(int width, int height)
    {
        var frame = new Frame(width, height);
        new Random(5).NextBytes(frame.Pixels);
        return frame;
    }
}
