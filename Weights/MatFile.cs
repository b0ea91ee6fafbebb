using System.IO.Compression;

namespace SiamIlgpu.Weights;

/// <summary>
/// Reads variables of MATLAB level-5 MAT-files (MATLAB's -v6 and -v7, in either byte order). The format is described in "MAT-File Format"
/// by The MathWorks. Only the wanted variable is read and kept; of the variables before it, only the headers are read.
/// </summary>
public static class MatFile
{
    internal const int HeaderBytes = 128;

    // Trained weights hardly compress (1.1 : 1). Texts and repeated structs compress well (20 : 1), but they are small. A variable that
    // inflates more than this is not a network but an attempt to fill the memory.
    private const int MostInflation = 32;
    private const int InflationAllowance = 1 << 20;

    private const int MostNamesInMessage = 8;

    /// <summary>Reads one variable.</summary>
    /// <param name="path">The file.</param>
    /// <param name="variable">The variable's name.</param>
    /// <exception cref="WeightFormatException">The file has another format, is damaged, or has no such variable.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static MatValue Read(string path, string variable)
    {
        using FileStream stream = File.OpenRead(path);
        return Read(stream, path, variable);
    }

    /// <summary>Reads one variable.</summary>
    /// <param name="stream">The file's bytes; it must be able to seek.</param>
    /// <param name="source">The file's name for messages.</param>
    /// <param name="variable">The variable's name.</param>
    /// <exception cref="WeightFormatException">The file has another format, is damaged, or has no such variable.</exception>
    public static MatValue Read(Stream stream, string source, string variable)
    {
        var header = new byte[HeaderBytes];
        stream.Position = 0;
        int length = stream.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false);
        switch (FileKinds.Of(header.AsSpan(0, length)))
        {
            case FileKind.Mat5:
                break;
            case FileKind.Hdf5:
                throw FileKinds.RefuseHdf5(source);
            default:
                throw new WeightFormatException(source, "is not a MATLAB level-5 MAT-file");
        }
        bool bigEndian = header[126] == 'M';
        try
        {
            return Find(stream, bigEndian, source, variable);
        }
        catch (EndOfStreamException e)
        {
            throw new WeightFormatException(source, "ends before its last array does", e);
        }
        catch (InvalidDataException e)
        {
            throw new WeightFormatException(source, "its compressed data is damaged", e);
        }
    }

    private static MatValue Find(Stream stream, bool bigEndian, string source, string variable)
    {
        var others = new List<string>();
        Span<byte> tag = stackalloc byte[8];
        long at = HeaderBytes;
        while (at < stream.Length)
        {
            stream.Position = at;
            stream.ReadExactly(tag);
            uint type = MatReader.Word(tag, bigEndian), bytes = MatReader.Word(tag[4..], bigEndian);
            long contents = at + tag.Length;
            if (bytes > stream.Length - contents)
            {
                throw new WeightFormatException(
                    source, $"is cut short: a variable claims {bytes} bytes where {stream.Length - contents} are left");
            }
            if (TryRead(stream, contents, (MatStorage)type, bytes, bigEndian, source, variable, out string name) is { } value)
                return value;
            if (others.Count < MostNamesInMessage && name.Length > 0)
                others.Add(name);
            at = contents + bytes;
        }
        string instead = others.Count == 0 ? "" : $", only {string.Join(", ", others)}";
        throw new WeightFormatException(source, $"has no variable {variable}{instead}");
    }

    private static MatValue? TryRead(
        Stream stream, long contents, MatStorage type, uint bytes, bool bigEndian, string source, string variable, out string name)
    {
        if (type == MatStorage.Matrix)
        {
            stream.Position = contents - 8;
            return TryRead(new MatReader(stream, bigEndian, 8L + bytes, source), variable, out name);
        }
        if (type != MatStorage.Compressed)
        {
            name = "";
            return null;
        }
        using var zlib = new ZLibStream(stream, CompressionMode.Decompress, leaveOpen: true);
        // Buffered, because tags are read four bytes at a time, which is slow on the zlib stream itself.
        using var inflated = new BufferedStream(zlib);
        var reader = new MatReader(inflated, bigEndian, InflationAllowance + (long)MostInflation * bytes, source);
        MatValue? value = TryRead(reader, variable, out name);
        // zlib compares its checksum only when the end is reached.
        if (value is not null && inflated.ReadByte() >= 0)
            throw new WeightFormatException(source, $"the compressed variable {name} goes on after its end");
        return value;
    }

    private static MatValue? TryRead(MatReader reader, string variable, out string name)
    {
        MatReader.Header header = reader.ReadVariableHeader();
        name = header.Name;
        return name == variable ? reader.ReadVariable(header) : null;
    }
}
