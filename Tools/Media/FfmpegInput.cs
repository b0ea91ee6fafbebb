using System.Text.RegularExpressions;

namespace SiamIlgpu.Media;

/// <summary>The arguments that make ffmpeg open an input: a file, a camera or an address.</summary>
/// <param name="Arguments">The arguments up to and including -i and the input.</param>
/// <param name="IsCamera">Whether the input is a camera, which has no end.</param>
internal sealed partial record FfmpegInput(IReadOnlyList<string> Arguments, bool IsCamera)
{
    private static readonly string[] CameraFormats = ["v4l2", "dshow", "avfoundation"];

    /// <summary>Finds out what kind of input it is.</summary>
    /// <param name="input">A file, a device or an address (rtsp://...). If a format is given, it may be any name of a device.</param>
    /// <param name="format">The value of ffmpeg's option -f, or null.</param>
    /// <exception cref="FrameException">The input looks like a file that does not exist.</exception>
    public static FfmpegInput Of(string input, string? format)
    {
        if (format is null && input.StartsWith("/dev/video", StringComparison.Ordinal))
            format = "v4l2";
        bool isFile = File.Exists(input);
        if (!isFile && format is null && !Address().IsMatch(input))
            throw new FrameException(input, "there is no such file or folder");

        List<string> arguments = [];
        if (format is not null)
            arguments.AddRange(["-f", format]);
        // TCP, because with UDP, ffmpeg's default, a busy network loses parts of pictures.
        if (Rtsp().IsMatch(input))
            arguments.AddRange(["-rtsp_transport", "tcp"]);
        // Without "file:", ffmpeg takes a file name with a colon for an address.
        arguments.AddRange(["-i", isFile && format is null ? $"file:{input}" : input]);
        return new FfmpegInput(arguments, CameraFormats.Contains(format));
    }

    // A single letter before a colon is a Windows drive.
    [GeneratedRegex(@"^[a-z][a-z0-9+.,-]+:", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Address();

    [GeneratedRegex(@"^rtsps?://", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Rtsp();
}
