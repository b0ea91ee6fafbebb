using System.IO.Compression;

namespace SiamIlgpu.Weights;

/// <summary>
/// Reads variables of MATLAB level-5 MAT-files (MATLAB's -v6 and -v7, either byte order), following "MAT-File Format" by The
/// MathWorks. Only the wanted variable is inflated and kept.
/// </summary>
public static class MatFile
{
    internal const int HeaderBytes = 128;

    // Trained weights hardly compress (1.1 : 1); the texts and repeated structs beside them do (20 : 1), but are small. An array
    // that inflates beyond this is no network but a way to fill the memory.
    private const int MostInflation = 32;
    private const int InflationAllowance = 1 << 20;

    private const int MostNamesInMessage = 8;

    /// <summary>Reads one variable.</summary>
    /// <param name="path">The file.</param>
    /// <param name="variable">The variable's name.</param>
    /// <exception cref="WeightFormatException">It is no such file, has no such variable, or is damaged.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static MatValue Read(string path, string variable)
    {
        using FileStream stream = File.OpenRead(path);
        return Read(stream, path, variable);
    }

    /// <summary>Reads one variable.</summary>
    /// <param name="stream">The file's bytes; it must be able to seek.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <param name="variable">The variable's name.</param>
    /// <exception cref="WeightFormatException">It is no such file, has no such variable, or is damaged.</exception>
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
        // Tags are read four bytes at a time, for which zlib itself would be slow.
        using var inflated = new BufferedStream(zlib);
        var reader = new MatReader(inflated, bigEndian, InflationAllowance + (long)MostInflation * bytes, source);
        MatValue? value = TryRead(reader, variable, out name);
        // Reaching the end is what makes zlib compare its checksum.
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
