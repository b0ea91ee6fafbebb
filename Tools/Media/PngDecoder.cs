using System.Buffers.Binary;
using System.IO.Compression;
using SiamIlgpu.Kernels;

namespace SiamIlgpu.Media;

/// <summary>
/// Decodes PNG: all colour types and bit depths, plain and interlaced, checksums verified. Grey images give Gray8, all others
/// Rgb24. Samples of 16 bits are rounded to 8; transparency is dropped, the colours are taken as they stand; gamma and colour
/// profiles are ignored. Keeps its buffers from one image to the next. Not thread-safe.
/// </summary>
public sealed class PngDecoder
{
    /// <summary>The largest width and height, the same as for JPEG.</summary>
    public const int MaxSide = JpegDecoder.MaxSide;

    // Deflate's best is a 258-byte match in two bits.
    private const int MaxDeflateRatio = 1032;

    private const int Grey = 0, Rgb = 2, Palette = 3, GreyAlpha = 4, RgbAlpha = 6;

    // Adam7: where each pass starts and how far its pixels lie apart, across and down.
    private static readonly (int X, int Y, int StepX, int StepY)[] Interlaced =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    private static readonly (int X, int Y, int StepX, int StepY)[] Plain = [(0, 0, 1, 1)];

    private readonly byte[] palette = new byte[3 * 256];
    private byte[] compressed = [];
    private byte[] above = [];
    private byte[] current = [];
    private byte[] samples = [];

    private string name = "";
    private int width, height, depth, colorType, paletteColors;
    private bool isInterlaced;

    private int Channels => colorType switch { Rgb => 3, GreyAlpha => 2, RgbAlpha => 4, _ => 1 };

    /// <summary>Whether a file starts as a PNG does.</summary>
    public static bool Recognizes(ReadOnlySpan<byte> file) => file.StartsWith(PngFormat.Signature);

    /// <summary>Decodes one image.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="fileName">The file's name, for messages.</param>
    /// <param name="frame">Takes the pixels; its content is undefined after an exception.</param>
    /// <exception cref="FrameException">The file is truncated or corrupt.</exception>
    public void Decode(ReadOnlySpan<byte> file, string fileName, Frame frame)
    {
        name = fileName;
        int dataLength = ReadChunks(file);
        using MemoryStream data = new(compressed, 0, dataLength, writable: false);
        using ZLibStream inflated = new(data, CompressionMode.Decompress);
        try
        {
            ReadPixels(inflated, frame);
        }
        catch (InvalidDataException e)
        {
            throw new FrameException(name, "corrupt, the compressed image data cannot be expanded", e);
        }
    }

    /// <summary>Checks all chunks and gathers the compressed data; returns how many bytes that is.</summary>
    private int ReadChunks(ReadOnlySpan<byte> file)
    {
        Require(Recognizes(file), "not a PNG file");
        if (compressed.Length < file.Length)
            compressed = new byte[file.Length];
        width = 0;
        paletteColors = 0;
        int dataLength = 0;
        bool ended = false;
        for (int position = PngFormat.Signature.Length; !ended;)
        {
            Require(file.Length - position >= 12, "the file ends before its end chunk");
            uint length = BinaryPrimitives.ReadUInt32BigEndian(file[position..]);
            Require(length <= file.Length - position - 12, "the file ends inside a chunk");
            ReadOnlySpan<byte> typeAndData = file.Slice(position + 4, 4 + (int)length);
            ReadOnlySpan<byte> type = typeAndData[..4], data = typeAndData[4..];
            if (PngFormat.Crc(typeAndData) != BinaryPrimitives.ReadUInt32BigEndian(file[(position + 8 + (int)length)..]))
                throw Fail($"corrupt, the chunk at byte {position} has a wrong checksum");
            Require(width > 0 || type.SequenceEqual("IHDR"u8), "corrupt, the first chunk is not the header");
            if (type.SequenceEqual("IHDR"u8))
                ReadHeader(data, file.Length);
            else if (type.SequenceEqual("PLTE"u8))
                ReadPalette(data);
            else if (type.SequenceEqual("IDAT"u8))
            {
                data.CopyTo(compressed.AsSpan(dataLength));
                dataLength += data.Length;
            }
            else if (type.SequenceEqual("IEND"u8))
                ended = true;
            else
                Require((type[0] & 0x20) != 0, "corrupt, or of a later kind: a chunk that may not be skipped is unknown");
            position += 12 + (int)length;
        }
        Require(colorType != Palette || paletteColors > 0, "corrupt, the palette is missing");
        return dataLength;
    }

    private void ReadHeader(ReadOnlySpan<byte> data, int fileLength)
    {
        Require(width == 0, "corrupt, there are two headers");
        Require(data.Length == 13, "corrupt, the header has a wrong length");
        uint wide = BinaryPrimitives.ReadUInt32BigEndian(data), high = BinaryPrimitives.ReadUInt32BigEndian(data[4..]);
        (depth, colorType) = (data[8], data[9]);
        Require(wide > 0 && high > 0, "corrupt, the image has no pixels");
        if (wide > MaxSide || high > MaxSide)
            throw Fail($"{wide}x{high} pixels are more than {MaxSide}x{MaxSide}");
        bool known = colorType switch
        {
            Grey => depth is 1 or 2 or 4 or 8 or 16,
            Palette => depth is 1 or 2 or 4 or 8,
            Rgb or GreyAlpha or RgbAlpha => depth is 8 or 16,
            _ => false,
        };
        if (!known)
            throw Fail($"corrupt, colour type {colorType} with {depth} bits does not exist");
        Require(data[10] == 0 && data[11] == 0 && data[12] <= 1, "corrupt, the header names an unknown method");
        isInterlaced = data[12] == 1;
        if ((long)RowBytes((int)wide) * high > (long)MaxDeflateRatio * fileLength)
            throw Fail($"{fileLength} bytes cannot hold {wide}x{high} pixels");
        (width, height) = ((int)wide, (int)high);
    }

    private void ReadPalette(ReadOnlySpan<byte> data)
    {
        Require(data.Length % 3 == 0 && data.Length is > 0 and <= 3 * 256, "corrupt, the palette has a wrong length");
        data.CopyTo(palette);
        paletteColors = data.Length / 3;
    }

    private void ReadPixels(ZLibStream inflated, Frame frame)
    {
        int rowBytes = RowBytes(width);
        if (current.Length < rowBytes)
        {
            current = new byte[rowBytes];
            above = new byte[rowBytes];
        }
        if (samples.Length < width * Channels)
            samples = new byte[width * Channels];
        frame.Resize(width, height, colorType is Grey or GreyAlpha ? PixelFormat.Gray8 : PixelFormat.Rgb24);
        foreach ((int startX, int startY, int stepX, int stepY) in isInterlaced ? Interlaced : Plain)
        {
            int columns = (width - startX + stepX - 1) / stepX;
            if (columns <= 0)
                continue;
            int bytes = RowBytes(columns);
            Array.Clear(above);
            for (int y = startY; y < height; y += stepY)
            {
                Span<byte> row = current.AsSpan(0, bytes);
                int filter = inflated.ReadByte();
                Require(filter >= 0 && inflated.ReadAtLeast(row, bytes, throwOnEndOfStream: false) == bytes, "corrupt, the image data ends early");
                Unfilter(filter, row, above.AsSpan(0, bytes), Math.Max(1, Channels * depth / 8));
                Unpack(row, samples.AsSpan(0, columns * Channels));
                WriteRow(columns, frame.Row(y)[(startX * frame.BytesPerPixel)..], stepX * frame.BytesPerPixel);
                (above, current) = (current, above);
            }
        }
        // The stream's own checksum is verified when its end is read.
        Require(inflated.ReadByte() < 0, "corrupt, image data is left over");
    }

    private void Unfilter(int filter, Span<byte> row, ReadOnlySpan<byte> up, int pixelBytes)
    {
        switch (filter)
        {
            case 0:
                break;
            case 1:
                for (int i = pixelBytes; i < row.Length; i++)
                    row[i] += row[i - pixelBytes];
                break;
            case 2:
                for (int i = 0; i < row.Length; i++)
                    row[i] += up[i];
                break;
            case 3:
                for (int i = 0; i < row.Length; i++)
                    row[i] += (byte)(((i < pixelBytes ? 0 : row[i - pixelBytes]) + up[i]) / 2);
                break;
            case 4:
                for (int i = 0; i < row.Length; i++)
                    row[i] += i < pixelBytes ? up[i] : PngFormat.Paeth(row[i - pixelBytes], up[i], up[i - pixelBytes]);
                break;
            default:
                throw Fail($"corrupt, row filter {filter} does not exist");
        }
    }

    /// <summary>One byte a sample: palette indices as they are, all others scaled to 0..255.</summary>
    private void Unpack(ReadOnlySpan<byte> row, Span<byte> output)
    {
        if (depth == 8)
        {
            row.CopyTo(output);
        }
        else if (depth == 16)
        {
            // 65535 / 255 = 257, so the nearest of 256 levels is value / 257, rounded.
            for (int i = 0; i < output.Length; i++)
                output[i] = (byte)((((row[2 * i] << 8) | row[2 * i + 1]) + 128) / 257);
        }
        else
        {
            int most = (1 << depth) - 1, scale = colorType == Palette ? 1 : 255 / most;
            for (int i = 0; i < output.Length; i++)
            {
                int bit = i * depth;
                output[i] = (byte)(((row[bit >> 3] >> (8 - depth - (bit & 7))) & most) * scale);
            }
        }
    }

    private void WriteRow(int columns, Span<byte> output, int step)
    {
        int channels = Channels;
        for (int x = 0; x < columns; x++)
        {
            Span<byte> pixel = output[(x * step)..];
            if (colorType is Grey or GreyAlpha)
            {
                pixel[0] = samples[x * channels];
                continue;
            }
            if (colorType == Palette)
            {
                Require(samples[x] < paletteColors, "corrupt, a pixel's colour is not in the palette");
                palette.AsSpan(3 * samples[x], 3).CopyTo(pixel);
                continue;
            }
            samples.AsSpan(x * channels, 3).CopyTo(pixel);
        }
    }

    private int RowBytes(int columns) => (int)(((long)columns * Channels * depth + 7) / 8);

    private void Require(bool condition, string cause)
    {
        if (!condition)
            throw Fail(cause);
    }

    private FrameException Fail(string cause) => new(name, cause);
}
