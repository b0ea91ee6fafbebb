namespace SiamIlgpu.Weights;

/// <summary>A weight file that cannot be used. The message is one sentence naming the file and the cause.</summary>
public sealed class WeightFormatException : Exception
{
    /// <summary>Names the file and says what is wrong with it.</summary>
    public WeightFormatException(string file, string cause, Exception? inner = null)
        : base($"{file}: {cause}", inner)
    {
        File = file;
        Cause = cause;
    }

    /// <summary>The file as the caller named it.</summary>
    public string File { get; }

    /// <summary>What is wrong with it, without the file's name.</summary>
    public string Cause { get; }
}
