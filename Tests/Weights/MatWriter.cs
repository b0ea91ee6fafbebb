using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace SiamIlgpu.Tests.Weights;

/// <summary>Writes MAT level-5 files in either byte order, good and bad: the plainest code that does.</summary>
internal sealed class MatWriter(bool bigEndian)
{
    internal const int Int8 = 1, UInt8 = 2, Int16 = 3, UInt16 = 4, Int32 = 5, UInt32 = 6, Single = 7, Double = 9, Int64 = 12, UInt64 = 13;
    internal const int Matrix = 14, Compressed = 15, Utf8 = 16;
    internal const int CellClass = 1, StructClass = 2, ObjectClass = 3, CharClass = 4, SparseClass = 5, DoubleClass = 6, SingleClass = 7;
    internal const int UInt8Class = 9, FunctionClass = 16;

    /// <summary>An array that still lacks its name: only variables have one.</summary>
    internal delegate byte[] Unnamed(string name);

    internal byte[] File(bool compressed, params (string Name, Unnamed Array)[] variables)
    {
        byte[][] elements = [.. variables.Select(v => compressed ? Deflated(v.Array(v.Name)) : v.Array(v.Name))];
        return [.. Header(), .. elements.SelectMany(bytes => bytes)];
    }

    internal byte[] Header() =>
        [.. Encoding.ASCII.GetBytes("MATLAB 5.0 MAT-file, written by a test".PadRight(124)), .. Number(UInt16, 0x0100), .. Number(UInt16, 0x4D49)];

    internal byte[] Deflated(byte[] bytes)
    {
        var memory = new MemoryStream();
        using (var deflate = new ZLibStream(memory, CompressionLevel.Fastest, leaveOpen: true))
            deflate.Write(bytes);
        return [.. Number(UInt32, Compressed), .. Number(UInt32, memory.Length), .. memory.ToArray()];
    }

    internal Unnamed Numbers(int[] dimensions, double[] values, int storage = Single, int arrayClass = DoubleClass, int flags = 0) =>
        Array(arrayClass, dimensions, flags, Element(storage, [.. values.SelectMany(v => Number(storage, v))]));

    internal Unnamed Scalar(double value) => Numbers([1, 1], [value], Double);

    internal Unnamed Row(params double[] values) => Numbers([1, values.Length], values, UInt8);

    internal Unnamed Empty() => _ => [.. Number(UInt32, Matrix), .. Number(UInt32, 0)];

    internal Unnamed Text(string text, int storage = UInt16) => Array(CharClass, [1, text.Length], 0, Element(
        storage, storage == UInt16 ? [.. text.SelectMany(c => Number(UInt16, c))] : Encoding.UTF8.GetBytes(text)));

    internal Unnamed Cell(params Unnamed[] values) => Array(CellClass, [1, values.Length], 0, [.. values.SelectMany(v => v(""))]);

    internal Unnamed Struct(params (string Field, Unnamed Value)[] fields) =>
        Structs([.. fields.Select(f => f.Field)], [.. fields.Select(f => f.Value)]);

    /// <summary>A struct array; the values come element by element.</summary>
    internal Unnamed Structs(string[] fields, params Unnamed[] values) => Array(
        StructClass, [1, fields.Length == 0 ? 1 : values.Length / fields.Length], 0,
        [
            .. Element(Int32, Number(Int32, 32)),
            .. Element(Int8, [.. fields.SelectMany(f => Encoding.ASCII.GetBytes(f.PadRight(32, '\0')))]),
            .. values.SelectMany(v => v("")),
        ]);

    internal Unnamed Array(int arrayClass, int[] dimensions, int flags, byte[] contents) => name =>
    {
        byte[] body =
        [
            .. Element(UInt32, [.. Number(UInt32, arrayClass | flags << 8), .. Number(UInt32, 0)]),
            .. Element(Int32, [.. dimensions.SelectMany(d => Number(Int32, d))]),
            .. Element(Int8, Encoding.ASCII.GetBytes(name)),
            .. contents,
        ];
        return [.. Number(UInt32, Matrix), .. Number(UInt32, body.Length), .. body];
    };

    internal byte[] Element(int type, byte[] data)
    {
        if (data.Length is > 0 and <= 4)
            return [.. Number(UInt32, (uint)(data.Length << 16 | type)), .. data, .. new byte[4 - data.Length]];
        return [.. Number(UInt32, type), .. Number(UInt32, data.Length), .. data, .. new byte[-data.Length & 7]];
    }

    internal byte[] Number(int storage, double value)
    {
        var bytes = new byte[8];
        int size = 8;
        switch (storage)
        {
            case Int8:
                (bytes[0], size) = ((byte)(sbyte)value, 1);
                break;
            case UInt8:
                (bytes[0], size) = ((byte)value, 1);
                break;
            case Int16:
                BinaryPrimitives.WriteInt16LittleEndian(bytes, (short)value);
                size = 2;
                break;
            case UInt16:
                BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)value);
                size = 2;
                break;
            case Int32:
                BinaryPrimitives.WriteInt32LittleEndian(bytes, (int)value);
                size = 4;
                break;
            case UInt32:
                BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)value);
                size = 4;
                break;
            case Single:
                BinaryPrimitives.WriteSingleLittleEndian(bytes, (float)value);
                size = 4;
                break;
            case Int64:
                BinaryPrimitives.WriteInt64LittleEndian(bytes, (long)value);
                break;
            case UInt64:
                BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)value);
                break;
            default:
                BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
                break;
        }
        System.Array.Resize(ref bytes, size);
        if (bigEndian)
            System.Array.Reverse(bytes);
        return bytes;
    }
}
