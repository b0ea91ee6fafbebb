using System.Globalization;

namespace SiamIlgpu.Media;

/// <summary>The arguments that make ffmpeg encode each kind of video file.</summary>
internal static class VideoEncoding
{
    // H.264 with 4:2:0 chroma needs an even width and height.
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

    // Colors are converted to BT.709, and Arguments marks the file as BT.709 too, so that every player shows the colors of the frames.
    private const string Bt709 = "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p";

    /// <summary>The extensions of the files that can be written.</summary>
    public static IReadOnlyCollection<string> Extensions => Kinds.Keys;

    /// <summary>The arguments to encode frames from ffmpeg's standard input.</summary>
    /// <param name="width">Columns of every frame. Frames are Rgb24.</param>
    /// <param name="height">Rows of every frame.</param>
    /// <param name="framesPerSecond">The rate at which the video plays.</param>
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
