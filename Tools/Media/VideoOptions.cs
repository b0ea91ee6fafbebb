namespace SiamIlgpu.Media;

/// <summary>
/// Options for <see cref="FrameSource.Open"/>, which reads videos, and <see cref="FrameSink.Create"/>, which writes them.
/// </summary>
/// <example>
/// <code>
/// var options = new VideoOptions { InputFormat = "dshow", Patience = TimeSpan.FromSeconds(5) };
/// using FrameSource camera = FrameSource.Open("video=Integrated Camera", options);
/// </code>
/// </example>
public sealed record VideoOptions
{
    /// <summary>The path of the ffmpeg program; null for the one on PATH. Folders of images need no ffmpeg.</summary>
    public string? Ffmpeg { get; init; }

    /// <summary>
    /// The format of the input, as for ffmpeg's option -f. Set it if ffmpeg cannot find it out: "dshow" for a camera on Windows,
    /// "avfoundation" for one on macOS. If it is null, /dev/video0 and the like are read as "v4l2", and ffmpeg finds out the format of
    /// other inputs.
    /// </summary>
    public string? InputFormat { get; init; }

    /// <summary>Whether the video starts again after its last frame, without end.</summary>
    public bool Loop { get; init; }

    /// <summary>How long ffmpeg may take to deliver or accept one frame. After that it counts as stalled and is killed.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);
}
