namespace SiamIlgpu.Media;

/// <summary>What the PNG decoder and encoder share: signature, checksum, row filters.</summary>
internal static class PngFormat
{
    private static readonly uint[] CrcTable = MakeCrcTable();

    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>The CRC-32 of a chunk's type and data.</summary>
    public static uint Crc(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in data)
            crc = CrcTable[(byte)(crc ^ value)] ^ (crc >> 8);
        return ~crc;
    }

    /// <summary>Whichever of left, above and upper left is closest to left + above - upper left.</summary>
    public static byte Paeth(byte left, byte above, byte upperLeft)
    {
        int distanceLeft = Math.Abs(above - upperLeft);
        int distanceAbove = Math.Abs(left - upperLeft);
        int distanceUpperLeft = Math.Abs(left + above - 2 * upperLeft);
        if (distanceLeft <= distanceAbove && distanceLeft <= distanceUpperLeft)
            return left;
        return distanceAbove <= distanceUpperLeft ? above : upperLeft;
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
