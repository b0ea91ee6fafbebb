using System.Text;
using System.Text.Json;
using SiamIlgpu.Datasets;
using SiamIlgpu.Kernels;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Evaluation;

/// <summary>
/// Says what is evaluated: everything that the figures depend on, except the contents of the frames. All parts (shards) of one evaluation
/// have the same manifest, byte for byte.
/// </summary>
/// <param name="Program">The builds of the program's assemblies.</param>
/// <param name="Format">The data set's format; null when a program passed sequences of its own.</param>
/// <param name="Protocol">How trackers are run.</param>
/// <param name="Dataset">The name of the data set's folder.</param>
/// <param name="Device">What kind of device computes, and how it rounds.</param>
/// <param name="Interval">The lengths over which the expected overlap is averaged; null for the typical lengths of the sequences.</param>
/// <param name="Trackers">The trackers, in order.</param>
/// <param name="Sequences">The sequences, in order.</param>
internal sealed record Manifest(
    string Program,
    DatasetFormat? Format,
    Protocol Protocol,
    string Dataset,
    string Device,
    (int Low, int High)? Interval,
    IReadOnlyList<ManifestTracker> Trackers,
    IReadOnlyList<ManifestSequence> Sequences)
{
    /// <summary>The build of this program: its version, and the compiler's identifiers of the assemblies that results depend on.</summary>
    internal static string ThisProgram { get; } = string.Join(
        ' ',
        ((Type[])[typeof(Manifest), typeof(Frame), typeof(Tracker), typeof(ComputeDevice), typeof(Weights.NetworkWeights)])
            .Select(t => t.Module.ModuleVersionId.ToString("N"))
            .Prepend(typeof(Manifest).Assembly.GetName().Version!.ToString(3)));

    /// <summary>The JSON text. The same evaluation gives the same text.</summary>
    internal string ToJson() => Encoding.UTF8.GetString(JsonText.Of(Write));

    /// <summary>Reads what <see cref="ToJson"/> made.</summary>
    /// <exception cref="EvaluationException">The file is missing or damaged.</exception>
    internal static Manifest Load(string file)
    {
        if (!File.Exists(file))
            throw new EvaluationException($"{Path.GetDirectoryName(file)}: holds no results of an evaluation, there is no {Path.GetFileName(file)}");
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
            JsonElement root = document.RootElement;
            int[] interval = [.. root.GetProperty("interval").EnumerateArray().Select(n => n.GetInt32())];
            return new Manifest(
                Text(root, "program"),
                Enum.Parse<DatasetFormat>(Text(root, "format")),
                Enum.Parse<Protocol>(Text(root, "protocol")),
                Text(root, "dataset"),
                Text(root, "device"),
                interval.Length == 2 ? (interval[0], interval[1]) : null,
                [
                    .. root.GetProperty("trackers").EnumerateArray()
                        .Select(t => new ManifestTracker(Text(t, "name"), Text(t, "kind"), Text(t, "content"), Text(t, "options"))),
                ],
                [.. root.GetProperty("sequences").EnumerateArray().Select(s => new ManifestSequence(Text(s, "name"), Text(s, "truth")))]);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new EvaluationException($"{file}: is damaged ({e.Message})");
        }

        static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteString("program", Program);
        json.WriteString("format", Format.ToString());
        json.WriteString("protocol", Protocol.ToString());
        json.WriteString("dataset", Dataset);
        json.WriteString("device", Device);
        json.WriteStartArray("interval");
        if (Interval is { } interval)
        {
            json.WriteNumberValue(interval.Low);
            json.WriteNumberValue(interval.High);
        }
        json.WriteEndArray();
        json.WriteStartArray("trackers");
        foreach (ManifestTracker tracker in Trackers)
        {
            json.WriteStartObject();
            json.WriteString("name", tracker.Name);
            json.WriteString("kind", tracker.Kind);
            json.WriteString("content", tracker.Content);
            json.WriteString("options", tracker.Options);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("sequences");
        foreach (ManifestSequence sequence in Sequences)
        {
            json.WriteStartObject();
            json.WriteString("name", sequence.Name);
            json.WriteString("truth", sequence.TruthHash);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>Names the first difference between two manifests, for messages; null when they are of the same evaluation.</summary>
    internal string? DifferenceFrom(Manifest other) =>
        Program != other.Program ? "the program's build"
        : Device != other.Device ? $"the device ({Device}, {other.Device})"
        : Protocol != other.Protocol ? $"the protocol ({Protocol}, {other.Protocol})"
        : !Trackers.SequenceEqual(other.Trackers) ? "the trackers, their weights or parameters"
        : !Sequences.SequenceEqual(other.Sequences) ? "the sequences or their ground truth"
        : ToJson() != other.ToJson() ? "the data set's name, its format or the interval"
        : null;
}

/// <summary>A tracker, as <see cref="EvaluatedTracker"/> describes it.</summary>
internal sealed record ManifestTracker(string Name, string Kind, string Content, string Options);

/// <summary>A sequence and a hash of its ground truth.</summary>
internal sealed record ManifestSequence(string Name, string TruthHash);
