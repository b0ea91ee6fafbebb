using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Run;

/// <summary>The video with what the tracker says drawn on it; it appears, whole, with <see cref="Keep"/>.</summary>
internal sealed class AnnotatedVideo : IDisposable
{
    private readonly FrameSink sink;
    private readonly FrameSource video;
    private readonly Frame canvas = new();

    /// <summary>Prepares to write.</summary>
    /// <param name="output">A video file, an animated PNG or a folder, see <see cref="FrameSink.Create"/>.</param>
    /// <param name="video">The video that is tracked; its frame rate becomes the new one's.</param>
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
