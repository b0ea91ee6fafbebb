using SiamIlgpu.Kernels;
using SkiaSharp;

namespace SiamIlgpu.Media;

/// <summary>Passes SkiaSharp's bitmaps to a tracker without a copy.</summary>
public static class SkiaFrames
{
    /// <summary>Makes a view of the bitmap's pixels; nothing is copied. The view is valid as long as the bitmap.</summary>
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
