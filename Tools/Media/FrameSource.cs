using System.Collections;

namespace SiamIlgpu.Media;

/// <summary>
/// A video that is read frame by frame. <see cref="Read"/> may return the same <see cref="Frame"/> object each time, with new pixels, so
/// copy a frame that you want to keep. A <c>foreach</c> loop continues after the last frame that was read. Not thread-safe, except for
/// <see cref="Stop"/>.
/// </summary>
/// <example>
/// <code>
/// using FrameSource video = FrameSource.Open("video.mp4");
/// tracker.Initialize(video.Read(), new BoundingBox(205, 151, 17, 50));
/// foreach (Frame frame in video)
///     Console.WriteLine($"{frame.Index}: {tracker.Update(frame).Box}");
/// </code>
/// </example>
public abstract class FrameSource : IDisposable, IEnumerable<Frame>
{
    /// <summary>Number of frames in the video; null when it is not known before the end.</summary>
    public abstract int? Count { get; }

    /// <summary>The rate at which the video was recorded, in frames per second; null when the video does not say.</summary>
    public virtual double? FramesPerSecond => null;

    /// <summary>The errors after which the decoder could continue, for example in a damaged file; null when there were none.</summary>
    public virtual string? Complaint => null;

    /// <summary>
    /// Opens a folder of JPEG, PNG, WebP or BMP images, in natural order of their names (img2 comes before img10), or anything that ffmpeg
    /// reads: a video file, a camera (/dev/video0) or an address (rtsp://...). A folder of images needs no ffmpeg.
    /// </summary>
    /// <param name="input">The folder that directly contains the images, or the video.</param>
    /// <param name="options">Which ffmpeg to use, and how to read the video; null for the defaults.</param>
    /// <exception cref="FrameException">
    /// The file or folder does not exist, the folder has no image, or ffmpeg is needed and was not found.
    /// </exception>
    public static FrameSource Open(string input, VideoOptions? options = null)
    {
        VideoOptions chosen = options ?? new VideoOptions();
        return chosen.Loop ? new LoopedVideo(OpenOnce) : OpenOnce();

        FrameSource OpenOnce() => Directory.Exists(input) ? new ImageFolder(input) : new FfmpegVideo(input, chosen);
    }

    /// <summary>Reads the next frame, which stays valid until the next call. Returns null at the end of the video.</summary>
    /// <exception cref="FrameException">
    /// The frame cannot be read. After that, a folder continues with its next image, and any other video ends.
    /// </exception>
    public abstract Frame? Read();

    /// <summary>
    /// Ends the video early. A <see cref="Read"/> that waits for a frame returns null at once, and so does every later call. May be called
    /// from any thread. Does nothing in a source that never waits, such as a folder of images.
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

    /// <summary>Releases what the video holds. This method does nothing unless it is overridden.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
