using System.Collections;

namespace SiamIlgpu.Data;

/// <summary>
/// A video, read one frame after the other. Every <see cref="Read"/> may return the same <see cref="Frame"/> object with
/// new pixels, so copy what has to stay. Enumerating goes on where the last <see cref="Read"/> stopped. Not thread-safe.
/// </summary>
public abstract class FrameSource : IDisposable, IEnumerable<Frame>
{
    /// <summary>How many frames the video has in all; null when only reading it to the end tells.</summary>
    public abstract int? Count { get; }

    /// <summary>Frames a second, as the video was recorded; null when it says nothing about that.</summary>
    public virtual double? FramesPerSecond => null;

    /// <summary>Opens a folder of JPEG and PNG images, in natural order of their names (img2 before img10).</summary>
    /// <param name="folder">The folder that holds the images themselves.</param>
    /// <exception cref="FrameException">The folder is missing, or has no image.</exception>
    public static FrameSource Open(string folder) => new ImageFolder(folder);

    /// <summary>The next frame, valid until the next call; null at the end.</summary>
    /// <exception cref="FrameException">The frame cannot be read. The call after that goes on with the next one.</exception>
    public abstract Frame? Read();

    /// <inheritdoc/>
    public IEnumerator<Frame> GetEnumerator()
    {
        while (Read() is { } frame)
            yield return frame;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Lets go of what the video holds; nothing, unless overridden.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
