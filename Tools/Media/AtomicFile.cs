namespace SiamIlgpu.Media;

/// <summary>Writes files whole or not at all: beside their place first, then moved there.</summary>
public static class AtomicFile
{
    /// <summary>Writes bytes; a file of that name is replaced, and only by a complete one.</summary>
    /// <exception cref="FrameException">The file cannot be written.</exception>
    public static void WriteBytes(string path, byte[] bytes) => Write(path, temporary => File.WriteAllBytes(temporary, bytes));

    /// <summary>Writes lines of text; a file of that name is replaced, and only by a complete one.</summary>
    /// <exception cref="FrameException">The file cannot be written.</exception>
    public static void WriteLines(string path, IEnumerable<string> lines) => Write(path, temporary => File.WriteAllLines(temporary, lines));

    private static void Write(string path, Action<string> write)
    {
        using PartialFile file = new(path);
        try
        {
            write(file.Temporary);
        }
        catch (Exception e) when (PartialFile.IsAboutFiles(e))
        {
            throw file.Failure(e);
        }
        file.Keep();
    }
}
