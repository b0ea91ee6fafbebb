namespace SiamIlgpu.Media;

/// <summary>Frames or ground truth cannot be read or written. The message is one sentence that names the file and the cause.</summary>
public sealed class FrameException : Exception
{
    /// <summary>Makes an exception for a file or folder, with the cause.</summary>
    public FrameException(string file, string cause)
        : base($"{file}: {cause}")
    {
        File = file;
    }

    /// <summary>Makes an exception for a file or folder, with the cause and the exception behind it.</summary>
    public FrameException(string file, string cause, Exception innerException)
        : base($"{file}: {cause}", innerException)
    {
        File = file;
    }

    /// <summary>The file or folder, as the caller named it.</summary>
    public string File { get; }
}
