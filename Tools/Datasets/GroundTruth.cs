using System.Globalization;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Datasets;

/// <summary>What the four numbers of a rectangle mean in a ground-truth file.</summary>
public enum RectangleFormat
{
    /// <summary>Left, top, width, height (OTB, GOT-10k).</summary>
    Size,

    /// <summary>Left, top, right, bottom.</summary>
    Corners,
}

/// <summary>Reads ground-truth files: one line per frame, with numbers that are separated by commas, semicolons, tabs or spaces.</summary>
/// <example>
/// <code>
/// BoundingBox first = GroundTruth.Read("Crossing/groundtruth_rect.txt")[0]!.Value;
/// </code>
/// </example>
public static class GroundTruth
{
    /// <summary>
    /// Reads the boxes of a file, one per line. Four numbers are a rectangle, and eight are a polygon, which becomes a box (see
    /// <see cref="BoundingBox.FromPolygon"/>). A line with a NaN gives null: the target is absent. Empty lines at the end are ignored.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="format">What four numbers mean.</param>
    /// <exception cref="FrameException">
    /// The file cannot be read, is empty, or has a malformed line, whose number is in the message.
    /// </exception>
    public static IReadOnlyList<BoundingBox?> Read(string file, RectangleFormat format = RectangleFormat.Size)
    {
        ReadOnlySpan<string> lines = ReadLines(file);
        if (lines.IsEmpty)
            throw new FrameException(file, "has no ground truth");
        BoundingBox?[] boxes = new BoundingBox?[lines.Length];
        for (int i = 0; i < boxes.Length; i++)
            boxes[i] = Parse(file, i + 1, lines[i], format);
        return boxes;
    }

    /// <summary>
    /// Reads the polygons of a file, one per line: x1, y1, ..., x4, y4. A rectangle gives its four corners. A line with a NaN gives null.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <exception cref="FrameException">The file cannot be read, or has a malformed line, whose number is in the message.</exception>
    public static IReadOnlyList<double[]?> ReadPolygons(string file)
    {
        string[] lines = ReadLines(file).ToArray();
        return [.. lines.Select((line, i) => Numbers(file, i + 1, line) switch
        {
            null => null,
            { Length: 4 } r => [r[0], r[1], r[0] + r[2], r[1], r[0] + r[2], r[1] + r[3], r[0], r[1] + r[3]],
            double[] polygon => polygon,
        })];
    }

    /// <summary>Reads a file with one number per frame, such as GOT-10k's absence.label: true where the number is not 0.</summary>
    internal static bool[] ReadFlags(string file)
    {
        ReadOnlySpan<string> lines = ReadLines(file);
        bool[] flags = new bool[lines.Length];
        for (int i = 0; i < flags.Length; i++)
        {
            if (!TryParse(lines[i].Trim(), out double value))
                throw new FrameException(file, $"line {i + 1}: \"{Shorten(lines[i])}\" is not a number");
            flags[i] = value != 0;
        }
        return flags;
    }

    private static ReadOnlySpan<string> ReadLines(string file)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new FrameException(file, $"cannot be read ({e.Message})", e);
        }
        return lines.AsSpan().TrimEnd("");
    }

    private static BoundingBox? Parse(string file, int lineNumber, string line, RectangleFormat format)
        => Numbers(file, lineNumber, line) switch
        {
            null => null,
            { Length: 4 } n when format == RectangleFormat.Corners => new BoundingBox(n[0], n[1], n[2] - n[0], n[3] - n[1]),
            { Length: 4 } n => new BoundingBox(n[0], n[1], n[2], n[3]),
            double[] polygon => BoundingBox.FromPolygon(polygon),
        };

    /// <summary>The four or eight numbers of a line, or null when one of them is NaN.</summary>
    private static double[]? Numbers(string file, int lineNumber, string line)
    {
        var numbers = new List<double>(8);
        foreach (Range part in line.AsSpan().SplitAny(',', ' ', '\t', ';'))
        {
            ReadOnlySpan<char> text = line.AsSpan()[part];
            if (text.IsEmpty)
                continue;
            if (!TryParse(text, out double number) || double.IsInfinity(number))
                throw new FrameException(file, $"line {lineNumber}: \"{Shorten(text)}\" is not a number");
            numbers.Add(number);
        }
        if (numbers.Exists(double.IsNaN))
            return null;
        return numbers.Count is 4 or 8
            ? [.. numbers]
            : throw new FrameException(file, $"line {lineNumber}: expected 4 numbers (a rectangle) or 8 (a polygon), got {numbers.Count}");
    }

    private static bool TryParse(ReadOnlySpan<char> text, out double number)
        => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number);

    private static string Shorten(ReadOnlySpan<char> text) => text.Length <= 40 ? text.ToString() : $"{text[..40]}...";
}
