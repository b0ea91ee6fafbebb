namespace SiamIlgpu.Media;

/// <summary>Frames as PNG files of one folder, numbered from 000001. They gather in a folder beside the wanted one.</summary>
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

    /// <summary>Moves the frames to the wanted folder, over frames of the same number that it may have.</summary>
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
