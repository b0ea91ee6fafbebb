using System.Text.RegularExpressions;

namespace SiamIlgpu.Media;

/// <summary>How ffmpeg is told to open an input: a file, a camera, or an address.</summary>
/// <param name="Arguments">What stands before and with -i.</param>
/// <param name="IsCamera">Whether it has no end of its own.</param>
internal sealed partial record FfmpegInput(IReadOnlyList<string> Arguments, bool IsCamera)
{
    private static readonly string[] CameraFormats = ["v4l2", "dshow", "avfoundation"];

    /// <summary>Finds out what an input is.</summary>
    /// <param name="input">A file, a device, an address (rtsp://...), or a device's name with its format.</param>
    /// <param name="format">What ffmpeg's -f says of it, or null.</param>
    /// <exception cref="FrameException">It looks like a file, and there is none.</exception>
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
        // Over UDP, which is ffmpeg's default, a busy network costs parts of pictures.
        if (Rtsp().IsMatch(input))
            arguments.AddRange(["-rtsp_transport", "tcp"]);
        // A colon in a file's name does not make it an address.
        arguments.AddRange(["-i", isFile && format is null ? $"file:{input}" : input]);
        return new FfmpegInput(arguments, CameraFormats.Contains(format));
    }

    // One letter before a colon is a drive of Windows.
    [GeneratedRegex(@"^[a-z][a-z0-9+.,-]+:", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Address();

    [GeneratedRegex(@"^rtsps?://", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Rtsp();
}
