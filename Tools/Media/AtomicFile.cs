namespace SiamIlgpu.Media;

/// <summary>
/// A file that appears complete or not at all. It is written under another name in the same folder; <see cref="Keep"/> moves it to its
/// place, over a file of that name. Without <see cref="Keep"/>, <see cref="Dispose"/> deletes it. Not thread-safe.
/// </summary>
/// <example>
/// <code>
/// using AtomicFile file = new("boxes.txt");
/// foreach (Frame frame in video)
///     file.WriteLine(tracker.Update(frame).Box.ToString());
/// file.Keep();
/// </code>
/// </example>
public sealed class AtomicFile : IDisposable
{
    private readonly string path;
    private readonly FileStream stream;
    private StreamWriter? text;

    /// <summary>Begins a file.</summary>
    /// <param name="path">Its place.</param>
    /// <exception cref="FrameException">The file cannot be written.</exception>
    public AtomicFile(string path)
    {
        this.path = path;
        Temporary = $"{path}.{Guid.NewGuid():N}.part";
        try
        {
            stream = new FileStream(Temporary, FileMode.CreateNew, FileAccess.Write);
        }
        catch (Exception e) when (IsAboutFiles(e))
        {
            throw Failure(e);
        }
    }

    /// <summary>Where the file is until <see cref="Keep"/>. Another program may write to it after <see cref="Close"/>.</summary>
    public string Temporary { get; }

    /// <summary>Writes a file of bytes.</summary>
    /// <exception cref="FrameException">The file cannot be written.</exception>
    public static void WriteBytes(string path, byte[] bytes)
    {
        using AtomicFile file = new(path);
        file.Write(stream => stream.Write(bytes));
        file.Keep();
    }

    /// <summary>Writes a file of text lines in UTF-8.</summary>
    /// <exception cref="FrameException">The file cannot be written.</exception>
    public static void WriteLines(string path, IEnumerable<string> lines)
    {
        using AtomicFile file = new(path);
        foreach (string line in lines)
            file.WriteLine(line);
        file.Keep();
    }

    /// <summary>Writes to the file's stream.</summary>
    /// <exception cref="FrameException">The file cannot be written.</exception>
    public void Write(Action<Stream> write)
    {
        try
        {
            write(stream);
        }
        catch (Exception e) when (IsAboutFiles(e))
        {
            throw Failure(e);
        }
    }

    /// <summary>Adds a line of text in UTF-8.</summary>
    /// <exception cref="FrameException">The file cannot be written.</exception>
    public void WriteLine(string line)
    {
        try
        {
            text ??= new StreamWriter(stream);
            text.WriteLine(line);
        }
        catch (Exception e) when (IsAboutFiles(e))
        {
            throw Failure(e);
        }
    }

    /// <summary>Writes out what is still in memory. Nothing can be written through this object after that.</summary>
    /// <exception cref="FrameException">The file cannot be written.</exception>
    public void Close()
    {
        try
        {
            text?.Dispose();
            stream.Dispose();
        }
        catch (Exception e) when (IsAboutFiles(e))
        {
            throw Failure(e);
        }
    }

    /// <summary>Closes the file and moves it to its place.</summary>
    /// <exception cref="FrameException">The file cannot be written or moved.</exception>
    public void Keep()
    {
        Close();
        try
        {
            File.Move(Temporary, path, overwrite: true);
        }
        catch (Exception e) when (IsAboutFiles(e))
        {
            throw Failure(e);
        }
    }

    /// <summary>Deletes the file unless it was kept.</summary>
    public void Dispose()
    {
        try
        {
            Close();
        }
        catch (FrameException)
        {
            // The disk may be full. The file is deleted, so nobody misses the rest.
        }
        if (File.Exists(Temporary))
            File.Delete(Temporary);
    }

    /// <summary>Whether an exception is about the file, and no mistake of the program.</summary>
    internal static bool IsAboutFiles(Exception e) => e is IOException or UnauthorizedAccessException or NotSupportedException;

    /// <summary>Says that the file cannot be written, and why.</summary>
    internal FrameException Failure(Exception e) => new(path, $"cannot be written ({e.Message})", e);
}
