namespace SiamIlgpu.Media;

/// <summary>Frames or ground truth cannot be read or written; the message is one sentence naming the file and the cause.</summary>
public sealed class FrameException : Exception
{
    /// <summary>Says which file or folder, and why.</summary>
    public FrameException(string file, string cause)
        : base($"{file}: {cause}")
    {
        File = file;
    }

    /// <summary>Says which file or folder, and why, with the exception behind it.</summary>
    public FrameException(string file, string cause, Exception innerException)
        : base($"{file}: {cause}", innerException)
    {
        File = file;
    }

    /// <summary>The file or folder, as the caller named it.</summary>
    public string File { get; }
}
