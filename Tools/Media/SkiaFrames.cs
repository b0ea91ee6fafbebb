using SiamIlgpu.Kernels;
using SkiaSharp;

namespace SiamIlgpu.Media;

/// <summary>SkiaSharp's bitmaps as frames, tracked where they are.</summary>
public static class SkiaFrames
{
    /// <summary>The bitmap's pixels as a frame, without a copy. Valid as long as the bitmap is.</summary>
    /// <param name="bitmap">A bitmap of color type Bgra8888, Rgba8888 or Gray8.</param>
    /// <exception cref="ArgumentException">The bitmap is of another color type.</exception>
    /// <example>
    /// <code>
    /// using SKBitmap bitmap = SKBitmap.Decode("next.webp");
    /// TrackResult result = tracker.Update(bitmap.View());
    /// </code>
    /// </example>
    public static FrameView View(this SKBitmap bitmap)
    {
        PixelFormat format = bitmap.ColorType switch
        {
            SKColorType.Bgra8888 => PixelFormat.Bgra32,
            SKColorType.Rgba8888 => PixelFormat.Rgba32,
            SKColorType.Gray8 => PixelFormat.Gray8,
            _ => throw new ArgumentException($"a frame is Bgra8888, Rgba8888 or Gray8, not {bitmap.ColorType}: see SKBitmap.Copy"),
        };
        return new FrameView(bitmap.GetPixelSpan(), bitmap.Width, bitmap.Height, format, bitmap.RowBytes);
    }
}
