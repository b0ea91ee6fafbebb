using System.Globalization;

namespace SiamIlgpu.Media;

/// <summary>How ffmpeg is told to encode a video file of a kind.</summary>
internal static class VideoEncoding
{
    // H.264 in 4:2:0 needs even sides.
    private static readonly string[] H264 =
        ["-vf", $"pad=ceil(iw/2)*2:ceil(ih/2)*2,{Bt709}", "-c:v", "libx264", "-preset", "veryfast", "-crf", "18"];

    private static readonly string[] Vp9 =
        ["-vf", Bt709, "-c:v", "libvpx-vp9", "-crf", "24", "-b:v", "0", "-deadline", "realtime", "-cpu-used", "6", "-row-mt", "1"];

    private static readonly Dictionary<string, string[]> Kinds = new()
    {
        [".mp4"] = [.. H264, "-f", "mp4"],
        [".mov"] = [.. H264, "-f", "mov"],
        [".mkv"] = [.. H264, "-f", "matroska"],
        [".webm"] = [.. Vp9, "-f", "webm"],
    };

    // Said of the file as well as done, so that every player shows the colors that were given.
    private const string Bt709 = "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p";

    /// <summary>The kinds of files, by their names' ends.</summary>
    public static IReadOnlyCollection<string> Extensions => Kinds.Keys;

    /// <summary>ffmpeg's arguments for frames on its standard input.</summary>
    /// <param name="width">Columns of every frame, Rgb24.</param>
    /// <param name="height">Rows of every frame.</param>
    /// <param name="framesPerSecond">The rate to play them at.</param>
    /// <param name="extension">One of <see cref="Extensions"/>.</param>
    /// <param name="file">The file to write.</param>
    public static IEnumerable<string> Arguments(int width, int height, double framesPerSecond, string extension, string file) =>
    [
        "-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", $"{width}x{height}",
        "-framerate", framesPerSecond.ToString("0.######", CultureInfo.InvariantCulture), "-i", "pipe:0",
        .. Kinds[extension], "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv",
        "-y", $"file:{file}",
    ];
}
