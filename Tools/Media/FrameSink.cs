using SiamIlgpu.Kernels;

namespace SiamIlgpu.Media;

/// <summary>
/// Writes frames as a video file, an animated PNG or a folder of PNG files. The result appears, complete, when <see cref="Keep"/> is
/// called. Without that call nothing is left behind. Not thread-safe.
/// </summary>
/// <example>
/// <code>
/// using FrameSource video = FrameSource.Open("video.mp4");
/// using FrameSink sink = FrameSink.Create("annotated.mp4");
/// foreach (Frame frame in video)
/// {
///     sink.FramesPerSecond = video.FramesPerSecond ?? 25;    // known after a frame was read
///     sink.Add(frame.ToRgb());
/// }
/// sink.Keep();                                               // without this, no file appears
/// </code>
/// </example>
public abstract class FrameSink : IDisposable
{
    private static readonly string[] NotWritten = [".avi", ".flv", ".gif", ".jpeg", ".jpg", ".m4v", ".mpeg", ".mpg", ".ts", ".wmv"];

    /// <summary>The rate at which the video plays, in frames per second; 25 by default. Set it before the first frame is added.</summary>
    public double FramesPerSecond { get; set; } = 25;

    /// <summary>Starts a video. Its file or folder appears when <see cref="Keep"/> is called.</summary>
    /// <param name="output">
    /// The file or folder to write. ffmpeg writes .mp4, .mov, .mkv (H.264) and .webm (VP9). A name that ends with .png or .apng becomes an
    /// animated PNG. Extensions of other video and image formats are refused. Any other name, and a folder that exists, is a folder of PNG
    /// files.
    /// </param>
    /// <param name="options">Which ffmpeg to use; null for the defaults.</param>
    /// <exception cref="FrameException">
    /// The output cannot be written, its format is refused, or ffmpeg is needed and was not found.
    /// </exception>
    public static FrameSink Create(string output, VideoOptions? options = null)
    {
        string extension = Path.GetExtension(output).ToLowerInvariant();
        string? parent = Path.GetDirectoryName(Path.GetFullPath(output));
        bool isFolder = Directory.Exists(output);
        bool isVideo = VideoEncoding.Extensions.Contains(extension);
        if (isFolder || (!isVideo && extension is not (".png" or ".apng")))
        {
            return NotWritten.Contains(extension) && !isFolder
                ? throw new FrameException(output, "a video is written as .mp4, .mov, .mkv, .webm, .png (animated) or a folder of PNG files")
                : new FolderSink(output);
        }
        if (!Directory.Exists(parent))
            throw new FrameException(output, $"there is no folder {parent}");
        return isVideo ? new FfmpegSink(output, options ?? new VideoOptions()) : new ApngSink(output);
    }

    /// <summary>
    /// Adds a frame. In a video file or an animated PNG, all frames have the size of the first: a larger frame is cut off at the right and
    /// bottom, and a smaller one is filled up with black there.
    /// </summary>
    /// <param name="frame">An Rgb24 frame.</param>
    /// <exception cref="FrameException">The video cannot be written.</exception>
    /// <exception cref="ArgumentException">The frame is not Rgb24.</exception>
    public void Add(Frame frame)
    {
        if (frame.Format != PixelFormat.Rgb24)
            throw new ArgumentException($"a video is made of Rgb24 frames, not {frame.Format}: see {nameof(Frame.ToRgb)}");
        Write(frame);
    }

    /// <summary>Completes the video and moves it to its place. No frame may be added afterwards.</summary>
    /// <exception cref="FrameException">The video cannot be written.</exception>
    public abstract void Keep();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Writes one Rgb24 frame.</summary>
    protected abstract void Write(Frame frame);

    /// <summary>Releases what the sink holds, and deletes the video unless it was kept.</summary>
    protected abstract void Dispose(bool disposing);
}
