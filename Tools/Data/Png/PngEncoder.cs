using System.Buffers.Binary;
using System.IO.Compression;
using SiamIlgpu.Kernels;

namespace SiamIlgpu.Data;

/// <summary>
/// Writes frames as PNG files: 8-bit RGB or grey, each row with the filter whose result is smallest in sum. Thread-safe.
/// </summary>
public static class PngEncoder
{
    private const int Filters = 5;

    /// <summary>Writes a PNG file; a file of that name is replaced, and only by a complete one.</summary>
    /// <param name="frame">Any format; colours are written as RGB.</param>
    /// <param name="path">The file to write, in a folder that exists.</param>
    /// <exception cref="FrameException">The file cannot be written.</exception>
    public static void Write(in FrameView frame, string path) => AtomicFile.WriteBytes(path, Encode(frame));

    /// <summary>The bytes of a PNG file.</summary>
    /// <param name="frame">Any format; colours are written as RGB.</param>
    public static byte[] Encode(in FrameView frame)
    {
        bool grey = frame.Format == PixelFormat.Gray8;
        Span<byte> header = stackalloc byte[13];
        header.Clear();
        BinaryPrimitives.WriteInt32BigEndian(header, frame.Width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], frame.Height);
        header[8] = 8;
        header[9] = (byte)(grey ? 0 : 2);

        using MemoryStream file = new();
        file.Write(PngFormat.Signature);
        WriteChunk(file, "IHDR"u8, header);
        WriteChunk(file, "IDAT"u8, Compress(frame, grey ? 1 : 3));
        WriteChunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    private static byte[] Compress(in FrameView frame, int pixelBytes)
    {
        int rowBytes = frame.Width * pixelBytes;
        byte[] above = new byte[rowBytes], current = new byte[rowBytes];
        byte[][] candidates = new byte[Filters][];
        for (int filter = 0; filter < Filters; filter++)
        {
            candidates[filter] = new byte[1 + rowBytes];
            candidates[filter][0] = (byte)filter;
        }
        using MemoryStream compressed = new();
        using (ZLibStream deflate = new(compressed, CompressionLevel.Optimal))
        {
            for (int y = 0; y < frame.Height; y++)
            {
                CopyRow(frame, y, pixelBytes, current);
                Filter(current, above, pixelBytes, candidates);
                deflate.Write(Smallest(candidates));
                (above, current) = (current, above);
            }
        }
        return compressed.ToArray();
    }

    private static void CopyRow(in FrameView frame, int y, int pixelBytes, Span<byte> output)
    {
        ReadOnlySpan<byte> row = frame.Row(y);
        (int red, int green, int blue) = frame.ChannelOffsets;
        if (frame.Format is PixelFormat.Gray8 or PixelFormat.Rgb24)
        {
            row.CopyTo(output);
            return;
        }
        for (int x = 0; x < frame.Width; x++)
        {
            ReadOnlySpan<byte> pixel = row.Slice(x * frame.BytesPerPixel, frame.BytesPerPixel);
            output[x * pixelBytes] = pixel[red];
            output[x * pixelBytes + 1] = pixel[green];
            output[x * pixelBytes + 2] = pixel[blue];
        }
    }

    private static void Filter(ReadOnlySpan<byte> row, ReadOnlySpan<byte> above, int pixelBytes, byte[][] candidates)
    {
        for (int i = 0; i < row.Length; i++)
        {
            byte left = i < pixelBytes ? (byte)0 : row[i - pixelBytes];
            byte upperLeft = i < pixelBytes ? (byte)0 : above[i - pixelBytes];
            candidates[0][1 + i] = row[i];
            candidates[1][1 + i] = (byte)(row[i] - left);
            candidates[2][1 + i] = (byte)(row[i] - above[i]);
            candidates[3][1 + i] = (byte)(row[i] - (left + above[i]) / 2);
            candidates[4][1 + i] = (byte)(row[i] - PngFormat.Paeth(left, above[i], upperLeft));
        }
    }

    /// <summary>The filter whose bytes, taken as signed, have the smallest sum of magnitudes: they deflate best, as a rule.</summary>
    private static byte[] Smallest(byte[][] candidates)
    {
        byte[] best = candidates[0];
        long bestSum = long.MaxValue;
        foreach (byte[] candidate in candidates)
        {
            long sum = 0;
            foreach (byte value in candidate.AsSpan(1))
                sum += Math.Abs((int)(sbyte)value);
            if (sum < bestSum)
                (best, bestSum) = (candidate, sum);
        }
        return best;
    }

    private static void WriteChunk(MemoryStream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        byte[] chunk = new byte[12 + data.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        type.CopyTo(chunk.AsSpan(4));
        data.CopyTo(chunk.AsSpan(8));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + data.Length), PngFormat.Crc(chunk.AsSpan(4, 4 + data.Length)));
        file.Write(chunk);
    }
}
