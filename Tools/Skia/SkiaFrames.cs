using SiamIlgpu.Kernels;
using SkiaSharp;

namespace SiamIlgpu.Skia;

/// <summary>SkiaSharp's bitmaps as frames: decoded by SKCodec, tracked in place, drawn on. For one thread a bitmap.</summary>
public static class SkiaFrames
{
    /// <summary>Decodes an image file (JPEG, PNG, WebP, ...) to four bytes a pixel, turned as its EXIF orientation says.</summary>
    /// <param name="file">The file.</param>
    /// <returns>The bitmap; dispose it.</returns>
    /// <exception cref="InvalidDataException">Skia cannot decode the file; the message names it.</exception>
    public static SKBitmap Decode(string file)
    {
        using SKCodec codec = SKCodec.Create(file) ?? throw new InvalidDataException($"{file}: not an image that Skia knows");
        var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Bgra8888, SKAlphaType.Opaque);
        var bitmap = new SKBitmap(info);
        SKCodecResult result = codec.GetPixels(info, bitmap.GetPixels());
        if (result != SKCodecResult.Success)
        {
            bitmap.Dispose();
            throw new InvalidDataException($"{file}: cannot be decoded ({result})");
        }
        return Upright(bitmap, codec.EncodedOrigin);
    }

    /// <summary>The bitmap's pixels as a frame, without a copy. Valid as long as the bitmap is.</summary>
    /// <exception cref="ArgumentException">The bitmap is neither Bgra8888, Rgba8888 nor Gray8.</exception>
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

    /// <summary>Draws a box's outline. Boxes count pixels from 1, as OTB does; Skia's canvas from 0.</summary>
    /// <param name="bitmap">The bitmap to draw on.</param>
    /// <param name="box">The box, in pixels.</param>
    /// <param name="color">The line's colour.</param>
    /// <param name="thickness">The line's width in pixels.</param>
    public static void Draw(this SKBitmap bitmap, BoundingBox box, SKColor color, float thickness = 2)
    {
        using var canvas = new SKCanvas(bitmap);
        using var paint = new SKPaint { Color = color, Style = SKPaintStyle.Stroke, StrokeWidth = thickness, IsAntialias = true };
        canvas.DrawRect((float)box.X - 1, (float)box.Y - 1, (float)box.Width, (float)box.Height, paint);
    }

    private static SKBitmap Upright(SKBitmap bitmap, SKEncodedOrigin origin)
    {
        int degrees = origin switch { SKEncodedOrigin.RightTop => 90, SKEncodedOrigin.BottomRight => 180, SKEncodedOrigin.LeftBottom => 270, _ => 0 };
        if (degrees == 0)
            return bitmap;
        using SKBitmap lying = bitmap;
        var upright = degrees == 180 ? new SKBitmap(lying.Info) : new SKBitmap(lying.Info.WithSize(lying.Height, lying.Width));
        using var canvas = new SKCanvas(upright);
        canvas.Translate(upright.Width / 2f, upright.Height / 2f);
        canvas.RotateDegrees(degrees);
        canvas.DrawBitmap(lying, -lying.Width / 2f, -lying.Height / 2f);
        return upright;
    }
}
