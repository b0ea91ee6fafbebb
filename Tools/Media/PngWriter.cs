using System.Buffers.Binary;

namespace SiamIlgpu.Media;

/// <summary>Writes the chunks that a PNG file consists of.</summary>
internal static class PngWriter
{
    /// <summary>The signature, and the header of an 8-bit picture without interlacing.</summary>
    public static void WriteStart(Stream file, int width, int height, bool grey)
    {
        Span<byte> header = stackalloc byte[13];
        header.Clear();
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        header[8] = 8;
        header[9] = (byte)(grey ? 0 : 2);
        file.Write(PngFormat.Signature);
        WriteChunk(file, "IHDR"u8, header);
    }

    /// <summary>One chunk: its length, type, data and checksum.</summary>
    public static void WriteChunk(Stream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        byte[] chunk = new byte[12 + data.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        type.CopyTo(chunk.AsSpan(4));
        data.CopyTo(chunk.AsSpan(8));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + data.Length), PngFormat.Crc(chunk.AsSpan(4, 4 + data.Length)));
        file.Write(chunk);
    }
}
