using SiamIlgpu.Kernels;

namespace SiamIlgpu.Media;

/// <summary>
/// One decoded frame, <see cref="PixelFormat.Rgb24"/> or <see cref="PixelFormat.Gray8"/>, rows close together. A frame that
/// a <see cref="FrameSource"/> returned is the source's: the next <see cref="FrameSource.Read"/> writes over it. Converts
/// to <see cref="FrameView"/>, so <c>tracker.Update(frame)</c> works. Not thread-safe.
/// </summary>
public sealed class Frame
{
    private byte[] pixels;

    /// <summary>An empty frame that a decoder fills, and fills again: its memory is reused while it is large enough.</summary>
    public Frame()
    {
        pixels = [];
    }

    /// <summary>A black frame.</summary>
    /// <param name="width">Pixels in a row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="format"><see cref="PixelFormat.Rgb24"/> or <see cref="PixelFormat.Gray8"/>.</param>
    /// <exception cref="ArgumentException">A size is not positive, or the format is another one.</exception>
    public Frame(int width, int height, PixelFormat format = PixelFormat.Rgb24)
    {
        pixels = [];
        Resize(width, height, format);
    }

    /// <summary>The rows, top first: Width * Height * <see cref="BytesPerPixel"/> bytes.</summary>
    public Span<byte> Pixels => pixels.AsSpan(0, Width * Height * BytesPerPixel);

    /// <summary>Pixels in a row; 0 in a frame that nothing was decoded into.</summary>
    public int Width { get; private set; }

    /// <summary>Rows; 0 in a frame that nothing was decoded into.</summary>
    public int Height { get; private set; }

    /// <summary><see cref="PixelFormat.Rgb24"/> or <see cref="PixelFormat.Gray8"/>.</summary>
    public PixelFormat Format { get; private set; } = PixelFormat.Rgb24;

    /// <summary>3 or 1.</summary>
    public int BytesPerPixel => Format == PixelFormat.Gray8 ? 1 : 3;

    /// <summary>The frame's place in its video, from 0. Whoever fills the frame sets it.</summary>
    public int Index { get; set; }

    /// <summary>The file's name without its folder, or another short name. Whoever fills the frame sets it.</summary>
    public string Name { get; set; } = "";

    /// <summary>Looks at the frame's pixels; nothing is copied.</summary>
    /// <exception cref="ArgumentNullException">There is no frame: the video had ended.</exception>
    public static implicit operator FrameView(Frame? frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        return frame.View();
    }

    /// <summary>Looks at the frame's pixels; nothing is copied.</summary>
    public FrameView View() => new(Pixels, Width, Height, Format);

    /// <summary>The bytes of row <paramref name="y"/>.</summary>
    public Span<byte> Row(int y)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(y);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(y, Height);
        return pixels.AsSpan(y * Width * BytesPerPixel, Width * BytesPerPixel);
    }

    /// <summary>A copy that nothing writes over, always <see cref="PixelFormat.Rgb24"/>.</summary>
    public Frame ToRgb()
    {
        Frame copy = new();
        ToRgb(copy);
        return copy;
    }

    /// <summary>Makes another frame the same as this one, but always <see cref="PixelFormat.Rgb24"/>.</summary>
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

    /// <summary>The bytes of <see cref="Pixels"/>.</summary>
    internal Memory<byte> PixelMemory => pixels.AsMemory(0, Width * Height * BytesPerPixel);

    /// <summary>Makes another frame the same as this one.</summary>
    public void CopyTo(Frame other)
    {
        other.Resize(Width, Height, Format);
        Pixels.CopyTo(other.Pixels);
        other.Index = Index;
        other.Name = Name;
    }

    /// <summary>Gives the frame another size, for a source to fill. Its pixels are then undefined: the memory is reused where it is large enough.</summary>
    /// <param name="width">Pixels in a row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="format"><see cref="PixelFormat.Rgb24"/> or <see cref="PixelFormat.Gray8"/>.</param>
    /// <exception cref="ArgumentException">A size is not positive, or the format is another one.</exception>
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
