using System.Buffers.Binary;

namespace SiamIlgpu.Media;

/// <summary>Reads and writes the chunks of PNG files, for animated PNG, which SkiaSharp cannot write.</summary>
internal static class PngChunks
{
    private const int SignatureBytes = 8, FrameBytes = 12;

    private static readonly uint[] CrcTable = MakeCrcTable();

    /// <summary>The signature and the header chunk of a PNG file.</summary>
    internal static ReadOnlySpan<byte> Start(byte[] png) => png.AsSpan(0, SignatureBytes + FrameBytes + 13);

    /// <summary>The compressed pixels of a PNG file: the data of all its IDAT chunks.</summary>
    internal static byte[] ImageData(ReadOnlySpan<byte> png)
    {
        using var data = new MemoryStream();
        for (int position = SignatureBytes; position < png.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(png[position..]);
            if (png.Slice(position + 4, 4).SequenceEqual("IDAT"u8))
                data.Write(png.Slice(position + 8, length));
            position += FrameBytes + length;
        }
        return data.ToArray();
    }

    /// <summary>Writes one chunk: its length, type, data and checksum.</summary>
    internal static void Write(Stream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        byte[] chunk = new byte[FrameBytes + data.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        type.CopyTo(chunk.AsSpan(4));
        data.CopyTo(chunk.AsSpan(8));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + data.Length), Crc(chunk.AsSpan(4, 4 + data.Length)));
        file.Write(chunk);
    }

    // CRC-32 over a chunk's type and data.
    private static uint Crc(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in data)
            crc = CrcTable[(byte)(crc ^ value)] ^ (crc >> 8);
        return ~crc;
    }

    private static uint[] MakeCrcTable()
    {
        uint[] table = new uint[256];
        for (uint i = 0; i < table.Length; i++)
        {
            uint crc = i;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 1) == 0 ? crc >> 1 : 0xEDB88320 ^ (crc >> 1);
            table[i] = crc;
        }
        return table;
    }
}
