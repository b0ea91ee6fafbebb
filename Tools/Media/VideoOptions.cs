namespace SiamIlgpu.Media;

/// <summary>How <see cref="FrameSource.Open"/> reads a video, and <see cref="FrameSink.Create"/> writes one.</summary>
public sealed record VideoOptions
{
    /// <summary>The ffmpeg program; null takes the one on PATH. Folders of images need none.</summary>
    public string? Ffmpeg { get; init; }

    /// <summary>
    /// What kind of input it is, as ffmpeg's -f says it, where ffmpeg cannot tell: a camera of Windows is "dshow", one of macOS
    /// "avfoundation". Null lets ffmpeg find out; /dev/video0 and the like are "v4l2" by themselves.
    /// </summary>
    public string? InputFormat { get; init; }

    /// <summary>Begins anew after the last frame, for ever.</summary>
    public bool Loop { get; init; }

    /// <summary>How long ffmpeg may keep a frame waiting, read or written, before it counts as stalled and is ended.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);
}
