using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Kernels;

internal sealed class FrameViewTests
{
    [Test]
    public void MeanOf_IsTheExactMean([Values] PixelFormat format, [Values(1, 7, 31, 32, 33, 127, 300)] int width, [Values(0, 5)] int gap)
    {
        const int Height = 9;
        int bytesPerPixel = format == PixelFormat.Gray8 ? 1 : format is PixelFormat.Rgb24 or PixelFormat.Bgr24 ? 3 : 4;
        int stride = width * bytesPerPixel + gap;
        var pixels = new byte[stride * Height];
        new Random(1).NextBytes(pixels);
        var frame = new FrameView(pixels, width, Height, format, stride);

        (int red, int green, int blue) = frame.ChannelOffsets;
        long r = 0, g = 0, b = 0;
        for (int y = 0; y < Height; y++)
            for (int x = 0; x < width; x++)
            {
                int at = y * stride + x * bytesPerPixel;
                (r, g, b) = (r + pixels[at + red], g + pixels[at + green], b + pixels[at + blue]);
            }
        double count = width * Height;
        Assert.That(RgbColor.MeanOf(frame), Is.EqualTo(new RgbColor((float)(r / count), (float)(g / count), (float)(b / count))));
    }

    [Test]
    public void Constructor_SpanTooShort_SaysSo() =>
        Assert.That(() => new FrameView(new byte[11], 2, 2, PixelFormat.Rgb24),
            Throws.ArgumentException.With.Message.EqualTo("a 2x2 Rgb24 frame takes 12 bytes, there are 11"));
}
