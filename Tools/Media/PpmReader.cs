using System.Buffers.Text;
using SiamIlgpu.Kernels;

namespace SiamIlgpu.Media;

/// <summary>
/// Reads color pictures in binary PPM format from a pipe, one after the other. Each picture states its size, so nothing needs to be known
/// about the video. Pixels are read directly into the frame, whose memory is reused.
/// </summary>
/// <param name="read">Reads bytes into the given memory. Returns how many: at least 1, or 0 at the end of the pipe.</param>
internal sealed class PpmReader(Func<Memory<byte>, int> read)
{
    // Holds a header such as "P6\n7680 4320\n255\n", and the first pixels.
    private readonly byte[] buffer = new byte[4096];
    private int start, end;

    /// <summary>Reads the next picture. Returns false when the pipe has ended before it.</summary>
    /// <exception cref="InvalidDataException">The bytes are not an 8-bit PPM picture.</exception>
    /// <exception cref="EndOfStreamException">The pipe ends within the picture.</exception>
    public bool Read(Frame frame)
    {
        if (start == end && !Fill())
            return false;
        if (NextByte() != 'P' || NextByte() != '6')
            throw new InvalidDataException("expected a PPM picture, got something else");
        int width = NextNumber(), height = NextNumber(), most = NextNumber();
        if (most != 255)
            throw new InvalidDataException($"expected 8-bit samples, got a maximum of {most}");
        if (width == 0 || height == 0 || 3L * width * height > Array.MaxLength)
            throw new InvalidDataException($"a picture cannot have {width}x{height} pixels");
        frame.Resize(width, height, PixelFormat.Rgb24);

        Memory<byte> pixels = frame.PixelMemory;
        int known = Math.Min(pixels.Length, end - start);
        buffer.AsMemory(start, known).CopyTo(pixels);
        start += known;
        for (int more; known < pixels.Length; known += more)
        {
            more = read(pixels[known..]);
            if (more == 0)
                throw new EndOfStreamException();
        }
        return true;
    }

    // Reads white space, digits, and the one white space character that ends them.
    private int NextNumber()
    {
        Span<byte> digits = stackalloc byte[6];
        int count = 0;
        byte next = NextByte();
        while (next is (byte)'\n' or (byte)' ')
            next = NextByte();
        for (; next is not ((byte)'\n' or (byte)' '); next = NextByte())
        {
            if (count == digits.Length || !char.IsAsciiDigit((char)next))
                throw new InvalidDataException("a PPM picture has a malformed header");
            digits[count++] = next;
        }
        Utf8Parser.TryParse(digits[..count], out int number, out _);
        return number;
    }

    private byte NextByte() => start < end || Fill() ? buffer[start++] : throw new EndOfStreamException();

    private bool Fill()
    {
        start = 0;
        end = read(buffer);
        return end > 0;
    }
}
