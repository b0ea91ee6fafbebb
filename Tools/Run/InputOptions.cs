using System.CommandLine;
using SiamIlgpu.Media;

namespace SiamIlgpu.Run;

/// <summary>--input and the options that belong to it. Every verb that reads a video has them.</summary>
internal sealed class InputOptions
{
    internal Option<string> Input { get; } = new("--input")
    {
        Description = "The video: a folder of JPEG or PNG frames, or, by ffmpeg, a file, a camera (/dev/video0) or an address (rtsp://...).",
        Required = true,
    };

    internal Option<string?> Ffmpeg { get; } = new("--ffmpeg") { Description = "The ffmpeg program; the one on PATH unless given." };

    internal Option<string?> InputFormat { get; } = new("--input-format")
    {
        Description = "What ffmpeg's -f says of the input where it cannot tell: dshow for a camera of Windows, avfoundation of macOS.",
    };

    internal Option<bool> Loop { get; } = new("--loop") { Description = "Begin the video anew after its last frame, for ever." };

    internal void AddTo(Command command)
    {
        command.Add(Input);
        command.Add(Ffmpeg);
        command.Add(InputFormat);
        command.Add(Loop);
    }

    /// <summary>How the video is read, and which ffmpeg reads and writes.</summary>
    internal VideoOptions Of(ParseResult parsed) => new()
    {
        Ffmpeg = parsed.GetValue(Ffmpeg),
        InputFormat = parsed.GetValue(InputFormat),
        Loop = parsed.GetValue(Loop),
    };

    /// <summary>Opens the video. Another thread decodes one frame ahead.</summary>
    internal FrameSource Open(ParseResult parsed) => new DecodeAhead(FrameSource.Open(parsed.GetRequiredValue(Input), Of(parsed)));
}
