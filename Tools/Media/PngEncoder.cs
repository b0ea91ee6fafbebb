using SiamIlgpu.Kernels;
using SkiaSharp;

namespace SiamIlgpu.Media;

/// <summary>Writes frames as PNG files, 8-bit RGB or gray, with SkiaSharp. Thread-safe.</summary>
public static unsafe class PngEncoder
{
    /// <summary>Writes a PNG file. If a file of that name exists, it is replaced only when the new one is complete.</summary>
    /// <param name="frame">A frame of any format. Color is written as RGB.</param>
    /// <param name="path">The file to write, in an existing folder.</param>
    /// <exception cref="FrameException">The file cannot be written.</exception>
    public static void Write(in FrameView frame, string path) => AtomicFile.WriteBytes(path, Encode(frame));

    /// <summary>Encodes a frame as the bytes of a PNG file.</summary>
    /// <param name="frame">A frame of any format. Color is written as RGB.</param>
    public static byte[] Encode(in FrameView frame)
    {
        bool gray = frame.Format == PixelFormat.Gray8;
        var info = new SKImageInfo(frame.Width, frame.Height, gray ? SKColorType.Gray8 : SKColorType.Rgba8888, SKAlphaType.Opaque);
        byte[] packed = new byte[info.BytesSize];
        for (int y = 0; y < frame.Height; y++)
        {
            Span<byte> row = packed.AsSpan(y * info.RowBytes, info.RowBytes);
            if (gray)
                frame.Row(y).CopyTo(row);
            else
                CopyColors(frame, y, row);
        }
        fixed (byte* pixels = packed)
        {
            using var pixmap = new SKPixmap(info, (nint)pixels);
            using SKData encoded = pixmap.Encode(SKPngEncoderOptions.Default)
                ?? throw new InvalidOperationException($"Skia cannot encode {frame.Width}x{frame.Height} pixels");
            return encoded.ToArray();
        }
    }

    private static void CopyColors(in FrameView frame, int y, Span<byte> rgba)
    {
        ReadOnlySpan<byte> row = frame.Row(y);
        (int red, int green, int blue) = frame.ChannelOffsets;
        int step = frame.BytesPerPixel;
        for (int from = 0, to = 0; to < rgba.Length; from += step, to += 4)
        {
            rgba[to] = row[from + red];
            rgba[to + 1] = row[from + green];
            rgba[to + 2] = row[from + blue];
            rgba[to + 3] = byte.MaxValue;
        }
    }
}
