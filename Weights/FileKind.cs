namespace SiamIlgpu.Weights;

/// <summary>The format of a file. Its first bytes decide, and not its name.</summary>
internal enum FileKind
{
    Unknown,
    Safetensors,
    Mat5,
    Hdf5,
}

internal static class FileKinds
{
    /// <summary>Decides from the first 128 bytes of a file, or from all bytes of a shorter one.</summary>
    internal static FileKind Of(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'H', (byte)'D', (byte)'F', 0x0D, 0x0A, 0x1A, 0x0A]))
            return FileKind.Hdf5;
        // Bytes 124 to 127 of a MAT-file hold the version and then the letters MI, both in the writer's byte order.
        if (start.Length >= MatFile.HeaderBytes)
        {
            ReadOnlySpan<byte> mark = start[124..128];
            if (mark.SequenceEqual("\0\u0001IM"u8) || mark.SequenceEqual("\u0001\0MI"u8))
                return FileKind.Mat5;
            if (mark.SequenceEqual("\0\u0002IM"u8) || mark.SequenceEqual("\u0002\0MI"u8))
                return FileKind.Hdf5;
        }
        // A safetensors file starts with the length of a JSON object, in 8 bytes, and the object.
        return start.Length > 8 && start[8] == '{' ? FileKind.Safetensors : FileKind.Unknown;
    }

    internal static WeightFormatException RefuseHdf5(string source) =>
        new(source, "is a MAT 7.3 (HDF5) file, which is not supported; save it in MATLAB with save(..., '-v7')");
}
