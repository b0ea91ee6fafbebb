namespace SiamIlgpu.Media;

/// <summary>
/// Writes frames as PNG files into one folder, numbered from 000001. Until they are kept, they are in a temporary folder next to it.
/// </summary>
internal sealed class FolderSink : FrameSink
{
    private readonly string folder;
    private readonly string gathering;
    private int count;

    public FolderSink(string output)
    {
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(output));
        if (File.Exists(folder))
            throw new FrameException(output, "is a file, not a folder to write frames to");
        gathering = $"{folder}.{Path.GetRandomFileName()}";
        try
        {
            Directory.CreateDirectory(gathering);
        }
        catch (Exception e) when (AtomicFile.IsAboutFiles(e))
        {
            throw new FrameException(output, $"cannot be written ({e.Message})", e);
        }
    }

    /// <summary>Moves the frames to their folder. Files of the same name that are already there are replaced.</summary>
    public override void Keep()
    {
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.EnumerateFiles(gathering))
            File.Move(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
    }

    protected override void Write(Frame frame) => PngEncoder.Write(frame, Path.Combine(gathering, $"{++count:D6}.png"));

    protected override void Dispose(bool disposing)
    {
        if (Directory.Exists(gathering))
            Directory.Delete(gathering, recursive: true);
    }
}
