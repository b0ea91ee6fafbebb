using System.IO.Compression;
using SiamIlgpu.Kernels;

namespace SiamIlgpu.Media;

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
        using MemoryStream file = new();
        PngWriter.WriteStart(file, frame.Width, frame.Height, grey);
        PngWriter.WriteChunk(file, "IDAT"u8, Compress(frame, grey ? 1 : 3));
        PngWriter.WriteChunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    /// <summary>The picture's rows, filtered and deflated: what stands in IDAT.</summary>
    /// <param name="frame">Any format.</param>
    /// <param name="pixelBytes">1 for Gray8, else 3.</param>
    internal static byte[] Compress(in FrameView frame, int pixelBytes)
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
}
