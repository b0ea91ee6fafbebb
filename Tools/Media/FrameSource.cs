using System.Collections;

namespace SiamIlgpu.Media;

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

    /// <summary>What the decoder complained of although it went on, as with a damaged file; null when of nothing.</summary>
    public virtual string? Complaint => null;

    /// <summary>
    /// Opens a folder of JPEG, PNG, WebP or BMP images, in natural order of their names (img2 before img10), or anything that ffmpeg
    /// reads: a video file, a camera (/dev/video0), an address (rtsp://...). Only the latter need ffmpeg.
    /// </summary>
    /// <param name="input">The folder that holds the images themselves, or the video.</param>
    /// <param name="options">Where ffmpeg is, and how to read; the defaults when null.</param>
    /// <exception cref="FrameException">There is no such file or folder, the folder has no image, or there is no ffmpeg.</exception>
    public static FrameSource Open(string input, VideoOptions? options = null)
    {
        VideoOptions chosen = options ?? new VideoOptions();
        return chosen.Loop ? new LoopedVideo(OpenOnce) : OpenOnce();

        FrameSource OpenOnce() => Directory.Exists(input) ? new ImageFolder(input) : new FfmpegVideo(input, chosen);
    }

    /// <summary>The next frame, valid until the next call; null at the end.</summary>
    /// <exception cref="FrameException">The frame cannot be read. The call after that goes on with the next one.</exception>
    public abstract Frame? Read();

    /// <summary>
    /// Ends the video early: a <see cref="Read"/> that waits for a camera returns null at once, and so does every later one.
    /// May be called from any thread. Does nothing where no Read ever waits.
    /// </summary>
    public virtual void Stop()
    {
    }

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
