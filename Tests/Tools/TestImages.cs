using SiamIlgpu.Kernels;
using SiamIlgpu.Media;

namespace SiamIlgpu.Tests.Tools;

/// <summary>Small pictures with smooth parts, edges, saturated colors and some noise.</summary>
internal static class TestImages
{
    internal static Frame Make(int width, int height, PixelFormat format, int seed = 1)
    {
        Frame frame = new(width, height, format);
        Random random = new(seed);
        int channels = frame.BytesPerPixel;
        for (int y = 0; y < height; y++)
        {
            Span<byte> row = frame.Row(y);
            for (int i = 0; i < row.Length; i++)
            {
                int x = i / channels, channel = i % channels;
                bool inside = (x - width / 2) * (x - width / 2) + (y - height / 2) * (y - height / 2) < width * height / 9;
                int value = inside ? (channel == 0 ? 255 : 20 * channel) : x * (3 + channel) + y * (5 - channel) & 255;
                row[i] = (byte)Math.Clamp(value + random.Next(-9, 10), 0, 255);
            }
        }
        return frame;
    }
}
