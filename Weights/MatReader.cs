using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace SiamIlgpu.Weights;

/// <summary>
/// Reads the arrays of one variable. It only reads forward, so that a compressed variable is inflated while it is read. Every length in the
/// file is checked against the bytes that are left in the enclosing element. Memory is allocated only as bytes arrive. So a false length
/// costs nothing.
/// </summary>
internal sealed class MatReader(Stream stream, bool bigEndian, long limit, string source)
{
    // net.layers(1).block.opts{1} is five deep; no real file comes near this limit.
    private const int DeepestNesting = 32;
    private const int MostDimensions = 32;
    private const int LongestName = 255; // MATLAB's own names have at most 63
    private const int FirstAllocation = 1 << 16;

    private readonly byte[] scratch = new byte[4096];
    private long left = limit; // bytes left in the innermost open element

    /// <summary>The part of an array that comes before its contents.</summary>
    internal readonly record struct Header(MatClass Class, bool Complex, int[] Dimensions, string Name);

    internal static uint Word(ReadOnlySpan<byte> bytes, bool bigEndian) =>
        bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    /// <summary>Opens the variable and reads its header.</summary>
    internal Header ReadVariableHeader()
    {
        OpenMatrix(out _);
        return left == 0 ? new Header(MatClass.Double, Complex: false, [0, 0], "") : ReadHeader();
    }

    /// <summary>Reads the rest of an opened variable.</summary>
    internal MatValue ReadVariable(Header header)
    {
        MatValue value = ReadContents(header, depth: 0);
        Skip(left);
        return value;
    }

    private MatValue ReadMatrix(int depth)
    {
        if (depth > DeepestNesting)
            throw Bad($"arrays are nested more than {DeepestNesting} deep");
        OpenMatrix(out long outside);
        MatValue value = left == 0 ? MatNumeric.Empty : ReadContents(ReadHeader(), depth);
        Skip(left); // the contents, if the class is one that is not read
        left = outside;
        return value;
    }

    private void OpenMatrix(out long outside)
    {
        uint type = ReadWord(), bytes = ReadWord();
        if (type != (uint)MatStorage.Matrix)
            throw Bad($"expected an array, found an element of type {type}");
        if (bytes > left)
            throw Bad($"an array claims {bytes} bytes where there is room for {left}");
        outside = left - bytes;
        left = bytes;
    }

    private Header ReadHeader()
    {
        byte[] flags = ReadData(out MatStorage flagsType);
        if (flagsType != MatStorage.UInt32 || flags.Length != 8)
            throw Bad("an array does not start with its flags");
        uint word = MemoryMarshal.Read<uint>(flags);
        var kind = (MatClass)(word & 0xFF);
        // Objects of MATLAB's newer classes (classdef) have no dimensions in the file.
        int[] dimensions = kind == MatClass.Opaque ? [1, 1] : ReadDimensions();
        byte[] name = ReadData(out _);
        if (name.Length > LongestName)
            throw Bad($"an array has a name of {name.Length} bytes");
        return new Header(kind, (word & 0x0800) != 0, dimensions, Encoding.UTF8.GetString(name));
    }

    private int[] ReadDimensions()
    {
        byte[] bytes = ReadData(out MatStorage type);
        if (type != MatStorage.Int32 || bytes.Length / 4 is < 2 or > MostDimensions)
            throw Bad("the dimensions of an array are not 2 to 32 integers");
        int[] dimensions = MemoryMarshal.Cast<byte, int>(bytes).ToArray();
        long count = 1;
        foreach (int side in dimensions)
        {
            count *= side;
            if (side < 0 || count > int.MaxValue)
                throw Bad($"an array of [{string.Join(',', dimensions)}] is beyond what a file can hold");
        }
        return dimensions;
    }

    private MatValue ReadContents(Header header, int depth)
    {
        int count = header.Dimensions.Aggregate(1, (product, side) => product * side);
        switch (header.Class)
        {
            case MatClass.Cell:
                return new MatCell(header.Dimensions, ReadMatrices(count, depth));
            case MatClass.Struct:
                Dictionary<string, int> fields = ReadFieldNames();
                return new MatStruct(header.Dimensions, fields, ReadMatrices((long)count * fields.Count, depth));
            case MatClass.Char:
                return header.Dimensions[0] > 1 ? new MatOther(header.Dimensions, "text of several rows") : ReadText(header.Dimensions);
            case MatClass.Sparse:
                return new MatOther(header.Dimensions, "a sparse matrix");
            case MatClass.Function:
                return new MatOther(header.Dimensions, "a function handle");
            case MatClass.Object or MatClass.Opaque:
                return new MatOther(header.Dimensions, "a MATLAB object");
            case >= MatClass.Double and <= MatClass.UInt64:
                return header.Complex ? new MatOther(header.Dimensions, "complex numbers") : ReadNumbers(header.Dimensions, count);
            default:
                throw Bad($"an array has the unknown class {(int)header.Class}");
        }
    }

    private MatValue[] ReadMatrices(long count, int depth)
    {
        if (count > left / 8)
            throw Bad($"an array claims {count} elements in {left} bytes");
        var values = new List<MatValue>((int)Math.Min(count, 256));
        for (long i = 0; i < count; i++)
            values.Add(ReadMatrix(depth + 1));
        return [.. values];
    }

    private Dictionary<string, int> ReadFieldNames()
    {
        byte[] length = ReadData(out MatStorage lengthType);
        if (lengthType != MatStorage.Int32 || length.Length != 4)
            throw Bad("a struct does not say how long its field names are");
        int stride = MemoryMarshal.Read<int>(length);
        byte[] names = ReadData(out _);
        if (names.Length > 0 && (stride is < 1 or > LongestName || names.Length % stride != 0))
            throw Bad($"a struct has {names.Length} bytes of field names, {stride} each");
        var fields = new Dictionary<string, int>();
        for (int at = 0; at < names.Length; at += stride)
        {
            string name = Encoding.UTF8.GetString(names.AsSpan(at, stride)).TrimEnd('\0');
            if (!fields.TryAdd(name, fields.Count))
                throw Bad($"a struct has the field {name} twice");
        }
        return fields;
    }

    private MatText ReadText(int[] dimensions)
    {
        byte[] bytes = ReadData(out MatStorage type);
        string text = type switch
        {
            MatStorage.UInt16 or MatStorage.Utf16 => new string(MemoryMarshal.Cast<byte, char>(bytes)),
            MatStorage.UInt8 or MatStorage.Int8 or MatStorage.Utf8 => Encoding.UTF8.GetString(bytes),
            MatStorage.Utf32 => (BitConverter.IsLittleEndian ? Encoding.UTF32 : new UTF32Encoding(bigEndian: true, byteOrderMark: false))
                .GetString(bytes),
            _ => throw Bad($"text is stored as {type}"),
        };
        return new MatText(dimensions, text);
    }

    private MatNumeric ReadNumbers(int[] dimensions, int count)
    {
        byte[] bytes = ReadData(out MatStorage type);
        if (type is < MatStorage.Int8 or > MatStorage.UInt64 || (long)count * type.Bytes() != bytes.Length)
            throw Bad($"an array of [{string.Join(',', dimensions)}] has {bytes.Length} bytes of {type}");
        return new MatNumeric(dimensions, type, bytes);
    }

    /// <summary>Reads a data element: its tag, its bytes and the padding to 8 bytes. Returns the bytes in this machine's order.</summary>
    private byte[] ReadData(out MatStorage type)
    {
        uint word = ReadWord();
        // A small element has its length in the upper half of the type, and its bytes where others have the length.
        bool small = word >> 16 != 0;
        uint length = small ? word >> 16 : ReadWord();
        type = (MatStorage)(word & 0xFFFF);
        if (type.Bytes() == 0 || length % type.Bytes() != 0 || (small && length > 4))
            throw Bad($"an element of type {(int)type} has {length} bytes");
        byte[] bytes = ReadBytes(length);
        Skip(Math.Min(small ? 4 - length : -length & 7, left));
        if (bigEndian == BitConverter.IsLittleEndian)
            ReverseEach(bytes, type.Bytes());
        return bytes;
    }

    private uint ReadWord()
    {
        Span<byte> word = stackalloc byte[4];
        Take(4);
        stream.ReadExactly(word);
        return Word(word, bigEndian);
    }

    // The array grows by doubling, so that a false length runs out of bytes before it takes much memory.
    private byte[] ReadBytes(uint length)
    {
        Take(length);
        if (length > Array.MaxLength)
            throw Bad($"an element of {length} bytes is too large");
        var bytes = new byte[Math.Min(length, FirstAllocation)];
        int have = 0;
        while (true)
        {
            stream.ReadExactly(bytes.AsSpan(have));
            have = bytes.Length;
            if (have == length)
                return bytes;
            Array.Resize(ref bytes, (int)Math.Min(length, 2L * have));
        }
    }

    private void Skip(long count)
    {
        Take(count);
        for (; count > 0; count -= Math.Min(count, scratch.Length))
            stream.ReadExactly(scratch.AsSpan(0, (int)Math.Min(count, scratch.Length)));
    }

    private void Take(long count)
    {
        if (count > left)
            throw Bad($"an element claims {count} bytes where {left} are left");
        left -= count;
    }

    private static void ReverseEach(byte[] bytes, int size)
    {
        for (int at = 0; size > 1 && at < bytes.Length; at += size)
            bytes.AsSpan(at, size).Reverse();
    }

    private WeightFormatException Bad(string cause) => new(source, cause);
}
