namespace SiamIlgpu.Media;

/// <summary>A text file, written line by line, that appears at its place with <see cref="Keep"/> and not before.</summary>
public sealed class AtomicText : IDisposable
{
    private readonly PartialFile file;
    private readonly StreamWriter writer;

    /// <summary>Begins a file; one of that name stays as it is until <see cref="Keep"/>.</summary>
    /// <exception cref="FrameException">The file cannot be written.</exception>
    public AtomicText(string path)
    {
        file = new PartialFile(path);
        try
        {
            writer = new StreamWriter(file.Temporary);
        }
        catch (Exception e) when (PartialFile.IsAboutFiles(e))
        {
            throw file.Failure(e);
        }
    }

    /// <summary>Adds a line.</summary>
    /// <exception cref="FrameException">The file cannot be written.</exception>
    public void WriteLine(string line)
    {
        try
        {
            writer.WriteLine(line);
        }
        catch (Exception e) when (PartialFile.IsAboutFiles(e))
        {
            throw file.Failure(e);
        }
    }

    /// <summary>Puts the file in its place. No line may follow.</summary>
    /// <exception cref="FrameException">The file cannot be written.</exception>
    public void Keep()
    {
        try
        {
            writer.Dispose();
        }
        catch (Exception e) when (PartialFile.IsAboutFiles(e))
        {
            throw file.Failure(e);
        }
        file.Keep();
    }

    /// <summary>Forgets the file, unless it was kept.</summary>
    public void Dispose()
    {
        try
        {
            writer.Dispose();
        }
        catch (IOException)
        {
            // What is left of it cannot be written; it is not wanted either.
        }
        file.Dispose();
    }
}
