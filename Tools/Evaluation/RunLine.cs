using System.Globalization;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Evaluation;

/// <summary>One frame of a run: a tracked box, or what else happened, as in VOT's result files.</summary>
internal readonly record struct RunLine(VotFrame Kind, BoundingBox Box = default)
{
    /// <summary>A frame with a box.</summary>
    internal static RunLine Tracked(BoundingBox box) => new(VotFrame.Tracked, box);

    /// <summary>Reads a result file. Each line is x,y,w,h, a polygon's corners, or one of VOT's codes.</summary>
    /// <exception cref="EvaluationException">The file cannot be read, or has a malformed line, whose number is in the message.</exception>
    internal static RunLine[] Read(string file)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EvaluationException($"{file}: cannot be read ({e.Message})");
        }
        return [.. lines.AsSpan().TrimEnd("").ToArray().Select((line, i) => Parse(line)
            ?? throw new EvaluationException($"{file}: line {i + 1}: expected x,y,w,h, a polygon's eight numbers, or VOT's code 0, 1 or 2"))];
    }

    /// <summary>Reads a line; null when it is malformed. Numbers that are not finite give an invalid box.</summary>
    internal static RunLine? Parse(string line)
    {
        string[] parts = line.Split([',', ' ', '\t', ';'], StringSplitOptions.RemoveEmptyEntries);
        var numbers = new double[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!double.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i]))
                return null;
        }
        return numbers switch
        {
            [0] => new RunLine(VotFrame.Skipped),
            [1] => new RunLine(VotFrame.Initialized),
            [2] => new RunLine(VotFrame.Failed),
            [double x, double y, double w, double h] => Tracked(new BoundingBox(x, y, w, h)),
            { Length: 8 } => Tracked(BoundingBox.FromPolygon(numbers)),
            _ => null,
        };
    }

    /// <summary>The text that <see cref="Parse"/> turns into the same line, to the last bit.</summary>
    public override string ToString() => Kind == VotFrame.Tracked
        ? string.Create(CultureInfo.InvariantCulture, $"{Box.X},{Box.Y},{Box.Width},{Box.Height}")
        : ((int)Kind).ToString(CultureInfo.InvariantCulture);
}

/// <summary>How long a run took.</summary>
/// <param name="Frames">
/// Number of frames that were measured: those that were tracked, not those in which the tracker was initialized.
/// </param>
/// <param name="Seconds">Seconds that the tracker took for these frames.</param>
/// <param name="SecondsWithDecoding">The same, with the time spent waiting for decoded frames.</param>
internal readonly record struct RunTiming(int Frames, double Seconds, double SecondsWithDecoding)
{
    internal double? FramesPerSecond => Seconds > 0 ? Frames / Seconds : null;

    internal double? FramesPerSecondWithDecoding => SecondsWithDecoding > 0 ? Frames / SecondsWithDecoding : null;

    /// <summary>The sum over runs; null when none was measured.</summary>
    internal static RunTiming? Sum(IEnumerable<RunTiming?> timings)
    {
        RunTiming[] known = [.. timings.OfType<RunTiming>()];
        return known.Length == 0
            ? null
            : new RunTiming(known.Sum(t => t.Frames), known.Sum(t => t.Seconds), known.Sum(t => t.SecondsWithDecoding));
    }
}

/// <summary>The result of a run.</summary>
/// <param name="Lines">One line per frame, from the run's start to the last frame that has ground truth.</param>
/// <param name="Timing">How long the run took; null when this is not known, as for boxes from other programs.</param>
internal sealed record RunResult(IReadOnlyList<RunLine> Lines, RunTiming? Timing);
