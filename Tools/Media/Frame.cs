using SiamIlgpu.Kernels;

namespace SiamIlgpu.Media;

/// <summary>
/// One decoded frame, <see cref="PixelFormat.Rgb24"/> or <see cref="PixelFormat.Gray8"/>, without gaps between rows. A frame that a
/// <see cref="FrameSource"/> returns belongs to the source, which overwrites it at the next <see cref="FrameSource.Read"/>. A frame
/// converts to <see cref="FrameView"/>, so <c>tracker.Update(frame)</c> works. Not thread-safe.
/// </summary>
/// <example>
/// <code>
/// using FrameSource video = FrameSource.Open("video.mp4");
/// Frame frame = video.Read()!;           // the next Read overwrites it
/// Frame copy = frame.ToRgb();            // a copy to keep
/// byte red = copy.Row(10)[3 * 20];       // row 10, column 20, both from 0
/// </code>
/// </example>
public sealed class Frame
{
    private byte[] pixels;

    /// <summary>Makes an empty frame for a decoder to fill, again and again. Its memory is reused as long as it is large enough.</summary>
    public Frame()
    {
        pixels = [];
    }

    /// <summary>Makes a black frame.</summary>
    /// <param name="width">Pixels in a row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="format"><see cref="PixelFormat.Rgb24"/> or <see cref="PixelFormat.Gray8"/>.</param>
    /// <exception cref="ArgumentException">A size is not positive, or the format is neither Rgb24 nor Gray8.</exception>
    public Frame(int width, int height, PixelFormat format = PixelFormat.Rgb24)
    {
        pixels = [];
        Resize(width, height, format);
    }

    /// <summary>The rows, top first: Width * Height * <see cref="BytesPerPixel"/> bytes.</summary>
    public Span<byte> Pixels => pixels.AsSpan(0, Width * Height * BytesPerPixel);

    /// <summary>Pixels in a row; 0 in a frame that is still empty.</summary>
    public int Width { get; private set; }

    /// <summary>Rows; 0 in a frame that is still empty.</summary>
    public int Height { get; private set; }

    /// <summary><see cref="PixelFormat.Rgb24"/> or <see cref="PixelFormat.Gray8"/>.</summary>
    public PixelFormat Format { get; private set; } = PixelFormat.Rgb24;

    /// <summary>Bytes of one pixel: 3 or 1.</summary>
    public int BytesPerPixel => Format == PixelFormat.Gray8 ? 1 : 3;

    /// <summary>The frame's number in its video, from 0. The code that fills the frame sets it.</summary>
    public int Index { get; set; }

    /// <summary>The name of the image file without its folder, or another short name. The code that fills the frame sets it.</summary>
    public string Name { get; set; } = "";

    /// <summary>Makes a view of the frame's pixels; nothing is copied.</summary>
    /// <exception cref="ArgumentNullException">The frame is null, because the video has ended.</exception>
    public static implicit operator FrameView(Frame? frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        return frame.View();
    }

    /// <summary>Makes a view of the frame's pixels; nothing is copied.</summary>
    public FrameView View() => new(Pixels, Width, Height, Format);

    /// <summary>The bytes of row <paramref name="y"/>.</summary>
    public Span<byte> Row(int y)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(y);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(y, Height);
        return pixels.AsSpan(y * Width * BytesPerPixel, Width * BytesPerPixel);
    }

    /// <summary>Makes a copy in <see cref="PixelFormat.Rgb24"/>, which no source overwrites.</summary>
    public Frame ToRgb()
    {
        Frame copy = new();
        ToRgb(copy);
        return copy;
    }

    /// <summary>Copies this frame, with its index and name, into another frame in <see cref="PixelFormat.Rgb24"/>.</summary>
    public void ToRgb(Frame copy)
    {
        copy.Resize(Width, Height, PixelFormat.Rgb24);
        copy.Index = Index;
        copy.Name = Name;
        if (Format == PixelFormat.Rgb24)
        {
            Pixels.CopyTo(copy.Pixels);
            return;
        }
        ReadOnlySpan<byte> gray = Pixels;
        Span<byte> rgb = copy.Pixels;
        for (int i = 0; i < gray.Length; i++)
            rgb.Slice(3 * i, 3).Fill(gray[i]);
    }

    /// <summary>The same bytes as <see cref="Pixels"/>.</summary>
    internal Memory<byte> PixelMemory => pixels.AsMemory(0, Width * Height * BytesPerPixel);

    /// <summary>Copies this frame, with its format, index and name, into another frame.</summary>
    public void CopyTo(Frame other)
    {
        other.Resize(Width, Height, Format);
        Pixels.CopyTo(other.Pixels);
        other.Index = Index;
        other.Name = Name;
    }

    /// <summary>
    /// Changes the size and format of the frame, for a source to fill it. The pixels are then undefined, because the memory is reused if it
    /// is large enough.
    /// </summary>
    /// <param name="width">Pixels in a row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="format"><see cref="PixelFormat.Rgb24"/> or <see cref="PixelFormat.Gray8"/>.</param>
    /// <exception cref="ArgumentException">A size is not positive, or the format is neither Rgb24 nor Gray8.</exception>
    public void Resize(int width, int height, PixelFormat format)
    {
        if (width <= 0 || height <= 0)
            throw new ArgumentException($"a frame must have at least one pixel, got {width}x{height}");
        if (format is not (PixelFormat.Rgb24 or PixelFormat.Gray8))
            throw new ArgumentException($"a frame is Rgb24 or Gray8, not {format}");
        int needed = checked(width * height * (format == PixelFormat.Gray8 ? 1 : 3));
        if (pixels.Length < needed)
            pixels = new byte[needed];
        Width = width;
        Height = height;
        Format = format;
    }
}
