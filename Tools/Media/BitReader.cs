using System.Buffers.Binary;

namespace SiamIlgpu.Media;

/// <summary>
/// The bits of one entropy-coded segment, most significant first, with the stuffed zero after each FF byte taken out. It
/// stops at a marker; bits read beyond it are zeros, and <see cref="Overrun"/> tells.
/// </summary>
internal ref struct BitReader(ReadOnlySpan<byte> data, int position)
{
    private readonly ReadOnlySpan<byte> data = data;

    // The next bits, left-aligned. Only the first `count` are claimed: below them may already stand bits of the byte at
    // `position`, which a later refill puts at the same place again. A negative count is how far the segment was overrun.
    private ulong bits;
    private int count;
    private int position = position;

    /// <summary>Whether more bits were read than the segment has.</summary>
    public readonly bool Overrun => count < 0;

    /// <summary>The next bits, left-aligned; <see cref="Ensure"/> first.</summary>
    public readonly ulong Bits => bits;

    /// <summary>Makes at least 32 bits ready: a Huffman code (16) and the value behind it (15).</summary>
    public void Ensure()
    {
        if (count < 32)
            Refill();
    }

    public void Skip(int length)
    {
        bits <<= length;
        count -= length;
    }

    /// <summary>The next <paramref name="length"/> bits, 1..16, as an unsigned number.</summary>
    public int Read(int length)
    {
        Ensure();
        int value = (int)(bits >> (64 - length));
        Skip(length);
        return value;
    }

    /// <summary>
    /// Ends the segment: false when it was overrun or has unread bytes left, other than the zeros some encoders pad with.
    /// Then <paramref name="markerPosition"/> is where the marker stands.
    /// </summary>
    public bool TryEnd(out int markerPosition)
    {
        markerPosition = position;
        if (Overrun)
            return false;
        Skip(count & 7);
        Refill();
        while (count > 0)
        {
            if (bits >> (64 - count) != 0)
                return false;
            Skip(count);
            Refill();
        }
        markerPosition = position;
        return true;
    }

    private void Refill()
    {
        if (data.Length - position >= 8)
        {
            // Eight bytes without an FF among them come in at once. The test finds a zero byte in ~next.
            ulong next = BinaryPrimitives.ReadUInt64BigEndian(data[position..]);
            if (((~next - 0x0101010101010101) & next & 0x8080808080808080) == 0)
            {
                bits |= next >> count;
                position += (63 - count) >> 3;
                count |= 56;
                return;
            }
        }
        while (count <= 56 && position < data.Length)
        {
            byte value = data[position];
            if (value == 0xFF)
            {
                if (position + 1 >= data.Length || data[position + 1] != 0)
                    return;
                position++;
            }
            position++;
            bits |= (ulong)value << (56 - count);
            count += 8;
        }
    }
}
