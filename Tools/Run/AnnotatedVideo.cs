using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Run;

/// <summary>Writes the video with the tracker's results drawn on it. The file appears, complete, with <see cref="Keep"/>.</summary>
internal sealed class AnnotatedVideo : IDisposable
{
    private readonly FrameSink sink;
    private readonly FrameSource video;
    private readonly Frame canvas = new();

    /// <summary>Begins the video.</summary>
    /// <param name="output">A video file, an animated PNG or a folder, see <see cref="FrameSink.Create"/>.</param>
    /// <param name="video">The video that is tracked; the new video gets its frame rate.</param>
    /// <param name="options">Where ffmpeg is.</param>
    internal AnnotatedVideo(string output, FrameSource video, VideoOptions options)
    {
        sink = FrameSink.Create(output, options);
        this.video = video;
    }

    internal void Add(Frame frame, ReadOnlySpan<TrackResult> results, BoundingBox? truth)
    {
        sink.FramesPerSecond = video.FramesPerSecond ?? sink.FramesPerSecond;
        frame.ToRgb(canvas);
        Annotation.DrawOn(canvas, results, truth);
        sink.Add(canvas);
    }

    internal void Keep() => sink.Keep();

    public void Dispose() => sink.Dispose();
}
