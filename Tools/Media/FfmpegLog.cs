using System.Globalization;
using System.Text.RegularExpressions;

namespace SiamIlgpu.Media;

/// <summary>
/// What ffmpeg writes to its error stream with "-loglevel level+info": its last errors, and the frame rate of the stream that it decodes.
/// One thread adds lines, while others may read the properties.
/// </summary>
internal sealed partial class FfmpegLog
{
    private const int LinesKept = 2, LongestLine = 400;
    private const RegexOptions Pattern = RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking;

    private readonly Lock gate = new();
    private readonly Queue<string> errors = new();
    private readonly Dictionary<string, double> rates = [];
    private string lastLine = "";
    private double? framesPerSecond;

    /// <summary>
    /// Frames per second of the video; null before ffmpeg has said which stream it decodes, and NaN if it states no rate.
    /// </summary>
    public double? FramesPerSecond
    {
        get
        {
            lock (gate)
                return framesPerSecond;
        }
    }

    /// <summary>The last errors, oldest first; null when there was none.</summary>
    public string? Errors
    {
        get
        {
            lock (gate)
                return errors.Count == 0 ? null : string.Join("; ", errors);
        }
    }

    /// <summary>The last errors, or the last line when there was no error.</summary>
    public string LastWords
    {
        get
        {
            lock (gate)
                return errors.Count > 0 ? string.Join("; ", errors) : lastLine;
        }
    }

    /// <summary>Adds a line. Returns true when the line ends the description of the input.</summary>
    public bool Add(string line)
    {
        if (line.Length > LongestLine)
            line = $"{line[..LongestLine]}...";
        string text = Prefixes().Replace(line, "").Trim();
        if (text.Length == 0)
            return false;
        lock (gate)
        {
            lastLine = text;
            if (ErrorLevel().IsMatch(line) && !errors.Contains(text))
            {
                if (errors.Count == LinesKept)
                    errors.Dequeue();
                errors.Enqueue(text);
            }
            if (Mapping().Match(text) is { Success: true } mapping)
            {
                if (rates.TryGetValue(mapping.Groups["stream"].Value, out double rate))
                    framesPerSecond = rate;
                return true;
            }
            if (VideoStream().Match(text) is { Success: true } stream)
                rates.TryAdd(stream.Groups["stream"].Value, RateOf(text));
        }
        return false;
    }

    // Where the two differ, the average over the video ("fps") is more accurate than the stream's base rate ("tbr").
    private static double RateOf(string stream)
    {
        Match rate = FramesASecond().Match(stream);
        if (!rate.Success)
            rate = BaseRate().Match(stream);
        double number = rate.Success ? double.Parse(rate.Groups["rate"].Value, CultureInfo.InvariantCulture) : double.NaN;
        return rate.Groups["k"].Success ? 1000 * number : number;
    }

    // For example "[h264 @ 0x5581c0] [error] ...".
    [GeneratedRegex(@"^(\[[^\]]* @ [^\]]*\]\s*|\[(quiet|panic|fatal|error|warning|info|verbose|debug|trace)\] ?)+", Pattern)]
    private static partial Regex Prefixes();

    [GeneratedRegex(@"^(\[[^\]]* @ [^\]]*\]\s*)?\[(panic|fatal|error)\]", Pattern)]
    private static partial Regex ErrorLevel();

    // "Stream #0:0[0x1e0](eng): Video: mpeg1video, yuv420p(tv), 320x240 [SAR 1:1 DAR 4:3], 25 fps, 25 tbr, 90k tbn"
    [GeneratedRegex(@"^Stream (?<stream>#0:\d+).*: Video: ", Pattern)]
    private static partial Regex VideoStream();

    [GeneratedRegex(@", (?<rate>\d+(\.\d+)?)(?<k>k)? fps", Pattern)]
    private static partial Regex FramesASecond();

    [GeneratedRegex(@", (?<rate>\d+(\.\d+)?)(?<k>k)? tbr", Pattern)]
    private static partial Regex BaseRate();

    // "Stream #0:0 -> #0:0 (mpeg1video (native) -> ppm (native))"
    [GeneratedRegex(@"^Stream (?<stream>#0:\d+) -> #0:0 ", Pattern)]
    private static partial Regex Mapping();
}
