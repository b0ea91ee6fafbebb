namespace SiamIlgpu.Weights;

/// <summary>A weight file cannot be used. The message is one sentence that names the file and the cause.</summary>
public sealed class WeightFormatException : Exception
{
    /// <summary>Makes the exception from the file's name and from what is wrong with the file.</summary>
    public WeightFormatException(string file, string cause, Exception? inner = null)
        : base($"{file}: {cause}", inner)
    {
        File = file;
        Cause = cause;
    }

    /// <summary>The file as the caller named it.</summary>
    public string File { get; }

    /// <summary>What is wrong with the file, without its name.</summary>
    public string Cause { get; }
}
