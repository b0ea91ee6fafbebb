using System.Buffers;
using System.Text;

namespace SiamIlgpu.Bench.Peers;

/// <summary>
/// Writes protocol buffers: the two wire types that an ONNX model needs. It is shorter than the classes that a compiler would
/// generate from the schema of ONNX.
/// </summary>
internal sealed class ProtobufWriter
{
    private const int VarintType = 0;
    private const int LengthType = 2;

    private readonly ArrayBufferWriter<byte> bytes = new();

    /// <summary>What has been written.</summary>
    internal ReadOnlySpan<byte> Written => bytes.WrittenSpan;

    /// <summary>A non-negative integer or enumeration.</summary>
    internal ProtobufWriter Number(int field, long value)
    {
        Key(field, VarintType);
        Varint((ulong)value);
        return this;
    }

    /// <summary>Raw bytes, or an embedded message that is written already.</summary>
    internal ProtobufWriter Bytes(int field, ReadOnlySpan<byte> value)
    {
        Key(field, LengthType);
        Varint((ulong)value.Length);
        bytes.Write(value);
        return this;
    }

    /// <summary>A string, as UTF-8.</summary>
    internal ProtobufWriter Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    /// <summary>An embedded message.</summary>
    internal ProtobufWriter Message(int field, ProtobufWriter message) => Bytes(field, message.Written);

    private void Key(int field, int wireType) => Varint((ulong)(field << 3 | wireType));

    // Seven bits a byte, the lowest first; the top bit says that more follow.
    private void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            Byte((byte)(value | 0x80));
        Byte((byte)value);
    }

    private void Byte(byte value)
    {
        bytes.GetSpan(1)[0] = value;
        bytes.Advance(1);
    }
}
