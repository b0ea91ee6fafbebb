namespace SiamIlgpu.Media;

/// <summary>A file that grows beside its place and is moved there when it is complete; until then nothing is replaced.</summary>
/// <param name="path">The place.</param>
internal sealed class PartialFile(string path) : IDisposable
{
    /// <summary>Where to write until then.</summary>
    public string Temporary { get; } = $"{path}.{Guid.NewGuid():N}.part";

    /// <summary>Says that the place cannot be written, and why.</summary>
    public FrameException Failure(Exception e) => new(path, $"cannot be written ({e.Message})", e);

    /// <summary>Whether an exception is about the file, rather than a mistake of the program.</summary>
    public static bool IsAboutFiles(Exception e) => e is IOException or UnauthorizedAccessException or NotSupportedException;

    /// <summary>Moves the file, which has to be closed, to its place.</summary>
    /// <exception cref="FrameException">It cannot be moved.</exception>
    public void Keep()
    {
        try
        {
            File.Move(Temporary, path, overwrite: true);
        }
        catch (Exception e) when (IsAboutFiles(e))
        {
            throw Failure(e);
        }
    }

    /// <summary>Deletes the file, unless it was kept. It has to be closed.</summary>
    public void Dispose()
    {
        if (File.Exists(Temporary))
            File.Delete(Temporary);
    }
}
