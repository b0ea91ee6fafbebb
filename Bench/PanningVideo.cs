using SiamIlgpu.Kernels;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Bench;

/// <summary>A camera that circles over a textured plane, two pixels a frame. Frames are windows of one large picture.</summary>
internal sealed class PanningVideo
{
    internal const int Width = 480;
    internal const int Height = 360;
    private const int Radius = 40;
    private const double PixelsPerFrame = 2;
    private const int PictureWidth = Width + 2 * Radius;
    private const int PictureHeight = Height + 2 * Radius;
    private const int Bytes = 3;

    private readonly byte[] picture = new byte[PictureWidth * PictureHeight * Bytes];
    private int frame;

    internal PanningVideo()
    {
        // Waves of several lengths and some grain, so that no two places look alike.
        var grain = new Random(PictureWidth);
        for (int i = 0; i < picture.Length; i++)
        {
            (int pixel, int channel) = Math.DivRem(i, Bytes);
            (int y, int x) = Math.DivRem(pixel, PictureWidth);
            double waves = 40 * Math.Sin(0.11 * x + 0.03 * y + channel) + 30 * Math.Sin(0.017 * x * channel - 0.13 * y)
                + 25 * Math.Sin(0.0007 * x * y);
            picture[i] = (byte)Math.Clamp(128 + waves + grain.Next(-20, 21), 0, 255);
        }
    }

    /// <summary>The target in the first frame.</summary>
    internal static BoundingBox Target => new(210, 155, 60, 50);

    /// <summary>The frame that the camera is at.</summary>
    internal FrameView Current
    {
        get
        {
            double angle = frame * PixelsPerFrame / Radius;
            int x = Radius + (int)Math.Round(Radius * Math.Cos(angle));
            int y = Radius + (int)Math.Round(Radius * Math.Sin(angle));
            int first = (y * PictureWidth + x) * Bytes;
            return new FrameView(picture.AsSpan(first), Width, Height, PixelFormat.Rgb24, PictureWidth * Bytes);
        }
    }

    internal FrameView Next()
    {
        frame++;
        return Current;
    }
}
