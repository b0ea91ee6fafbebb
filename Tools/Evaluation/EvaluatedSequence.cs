using System.Globalization;
using System.Text.Json;
using SiamIlgpu.Datasets;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Evaluation;

/// <summary>
/// What scoring needs to know about a sequence. It comes from the data set, or from a file in the folder of results, so that results can be
/// combined on a machine without the data set.
/// </summary>
internal sealed class EvaluatedSequence
{
    private Lazy<string> framesHash;
    private Lazy<IReadOnlyList<ShownFrame>> shown;

    private EvaluatedSequence(string name, int width, int height, IReadOnlyList<BoundingBox?> truth, IReadOnlyList<double[]?>? polygons)
    {
        (Name, Width, Height, Truth, Polygons) = (name, width, height, truth, polygons);
        TruthHash = Hashes.OfText(string.Join('\n', truth.Select((_, i) => TruthText(i))));
        framesHash = new(() => "");
        shown = new(() => []);
    }

    internal string Name { get; }

    /// <summary>Pixels in a row of the first frame.</summary>
    internal int Width { get; }

    /// <summary>Rows of the first frame.</summary>
    internal int Height { get; }

    /// <summary>One entry per frame that is tracked; null where the target is absent or not annotated.</summary>
    internal IReadOnlyList<BoundingBox?> Truth { get; }

    /// <summary>The polygons from which the boxes were made; null if there are none.</summary>
    internal IReadOnlyList<double[]?>? Polygons { get; }

    /// <summary>The sequence in its data set; null when it was loaded from results.</summary>
    internal Sequence? Source { get; private init; }

    /// <summary>A hash of the names and contents of the tracked frames. For a sequence of a data set, this reads them all.</summary>
    internal string FramesHash => framesHash.Value;

    /// <summary>Small pictures of some frames, for the report.</summary>
    internal IReadOnlyList<ShownFrame> Shown => shown.Value;

    /// <summary>A hash of the true boxes and polygons.</summary>
    internal string TruthHash { get; }

    /// <summary>Opens a sequence of a data set.</summary>
    /// <exception cref="EvaluationException">The sequence has fewer frames than lines of ground truth.</exception>
    internal static EvaluatedSequence Open(Sequence source)
    {
        IReadOnlyList<string> files = source.ListFrames();
        int annotated = source.GroundTruth.Count;
        if (files.Count < annotated)
            throw new EvaluationException($"{source.Name}: {annotated} lines of ground truth for {files.Count} frames in {source.FrameFolder}");
        Frame first = ImageReader.Read(files[0]);
        return new EvaluatedSequence(source.Name, first.Width, first.Height, source.GroundTruth, source.Polygons)
        {
            Source = source,
            framesHash = new(() => Hashes.OfFiles(files.Take(annotated))),
            shown = new(() => ShownFrame.Choose(files, source.GroundTruth)),
        };
    }

    /// <summary>
    /// The overlap (IoU) of a box with the true polygon of a frame, or with the true box if there is no polygon. NaN in a frame without
    /// ground truth.
    /// </summary>
    internal double Overlap(int frame, BoundingBox box)
    {
        if (Truth[frame] is not { IsValid: true } truth)
            return double.NaN;
        return Polygons?[frame] is { } polygon
            ? PolygonOverlap.IntersectionOverUnion(box, polygon, Width, Height)
            : box.IntersectionOverUnion(truth);
    }

    /// <summary>Writes what <see cref="Load"/> reads.</summary>
    internal void Save(string file) => AtomicFile.WriteBytes(file, JsonText.Of(Write, indented: false));

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="EvaluationException">The file is damaged.</exception>
    internal static EvaluatedSequence Load(string file)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
            JsonElement root = document.RootElement;
            string frames = root.GetProperty("frames").GetString()!;
            ShownFrame[] thumbnails =
            [
                .. root.GetProperty("shown").EnumerateArray()
                    .Select(t => new ShownFrame(t.GetProperty("frame").GetInt32(), t.GetProperty("png").GetBytesFromBase64())),
            ];
            return new EvaluatedSequence(
                root.GetProperty("name").GetString()!,
                root.GetProperty("width").GetInt32(),
                root.GetProperty("height").GetInt32(),
                [.. ReadRows(root.GetProperty("truth")).Select(r => r is null ? (BoundingBox?)null : new BoundingBox(r[0], r[1], r[2], r[3]))],
                root.TryGetProperty("polygons", out JsonElement polygons) ? [.. ReadRows(polygons)] : null)
            {
                framesHash = new(() => frames),
                shown = new(() => thumbnails),
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new EvaluationException($"{file}: is damaged ({e.Message})");
        }
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteString("name", Name);
        json.WriteNumber("width", Width);
        json.WriteNumber("height", Height);
        json.WriteString("frames", FramesHash);
        WriteRows(json, "truth", Truth.Select(box => box is { } b ? (double[])[b.X, b.Y, b.Width, b.Height] : null));
        if (Polygons is not null)
            WriteRows(json, "polygons", Polygons);
        json.WriteStartArray("shown");
        foreach (ShownFrame thumbnail in Shown)
        {
            json.WriteStartObject();
            json.WriteNumber("frame", thumbnail.Frame);
            json.WriteBase64String("png", thumbnail.Png);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private string TruthText(int frame)
    {
        string polygon = Polygons?[frame] is { } corners ? string.Join(',', corners.Select(c => c.ToString("R", CultureInfo.InvariantCulture))) : "";
        return Truth[frame] is { } box ? $"{RunLine.Tracked(box)};{polygon}" : "";
    }

    private static void WriteRows(Utf8JsonWriter json, string name, IEnumerable<double[]?> rows)
    {
        json.WriteStartArray(name);
        foreach (double[]? row in rows)
        {
            if (row is null)
            {
                json.WriteNullValue();
                continue;
            }
            json.WriteStartArray();
            foreach (double number in row)
                json.WriteNumberValue(number);
            json.WriteEndArray();
        }
        json.WriteEndArray();
    }

    private static IEnumerable<double[]?> ReadRows(JsonElement rows) => rows.EnumerateArray()
        .Select(row => row.ValueKind == JsonValueKind.Null ? null : (double[])[.. row.EnumerateArray().Select(n => n.GetDouble())]);
}
