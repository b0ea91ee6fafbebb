using SiamIlgpu.Kernels;

namespace SiamIlgpu.Media;

/// <summary>
/// Takes the frames of a video that is being made. The result appears at its place, whole, with <see cref="Keep"/>; without
/// it nothing is left behind. Not thread-safe.
/// </summary>
public abstract class FrameSink : IDisposable
{
    private static readonly string[] NotWritten = [".avi", ".flv", ".gif", ".jpeg", ".jpg", ".m4v", ".mpeg", ".mpg", ".ts", ".wmv"];

    /// <summary>Frames a second to play it at; taken with the first frame, 25 unless set.</summary>
    public double FramesPerSecond { get; set; } = 25;

    /// <summary>Prepares to write a video; the file or folder appears with <see cref="Keep"/>.</summary>
    /// <param name="output">
    /// .mp4, .mov or .mkv (H.264) and .webm (VP9) are written by ffmpeg; .png and .apng are animated PNG; any other name is a
    /// folder of PNG files.
    /// </param>
    /// <param name="options">Where ffmpeg is; the defaults when null.</param>
    /// <exception cref="FrameException">The place cannot be written, or there is no ffmpeg.</exception>
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
    /// Adds a frame. In one video file all have the first one's size: what is larger is cut at the right and bottom, what is
    /// smaller stands on black.
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

    /// <summary>Puts the video in its place. No frame may follow.</summary>
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

    /// <summary>Forgets the video, unless it was kept.</summary>
    protected abstract void Dispose(bool disposing);
}
