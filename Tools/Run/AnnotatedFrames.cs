using SiamIlgpu.Data;

namespace SiamIlgpu.Run;

/// <summary>
/// Frames with their boxes drawn, as PNG files. They gather in a folder beside the wanted one, which appears, whole, with
/// <see cref="Keep"/>; without it nothing is left behind.
/// </summary>
internal sealed class AnnotatedFrames : IDisposable
{
    private readonly string folder;
    private readonly string gathering;

    internal AnnotatedFrames(string folder)
    {
        this.folder = Path.GetFullPath(folder);
        if (File.Exists(this.folder))
            throw new InputException($"{folder}: is a file, not a folder to write frames to");
        gathering = $"{Path.TrimEndingDirectorySeparator(this.folder)}.{Path.GetRandomFileName()}";
        Directory.CreateDirectory(gathering);
    }

    internal void Add(Frame frame, TrackResult result, BoundingBox? truth)
    {
        Frame drawn = Annotation.Draw(frame, result, truth);
        PngEncoder.Write(drawn, Path.Combine(gathering, $"{frame.Index + 1:D6}.png"));
    }

    /// <summary>Moves the frames to the wanted folder, over frames of the same number that it may have.</summary>
    internal void Keep()
    {
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.EnumerateFiles(gathering))
            File.Move(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
    }

    public void Dispose() => Directory.Delete(gathering, recursive: true);
}
