using System.Text.Json;

namespace SiamIlgpu.Evaluation;

/// <summary>
/// Everything that the boxes of one run depend on, as names and values. A stored run is used again only if all are the same.
/// </summary>
internal sealed class RunIdentity
{
    private readonly (string Name, string Value)[] parts;

    internal RunIdentity(Manifest manifest, ManifestTracker tracker, EvaluatedSequence sequence, ProtocolRun run)
    {
        bool tracks = tracker.Kind == "model";
        parts =
        [
            ("program", manifest.Program),
            ("protocol", manifest.Protocol.ToString()),
            ("start", $"{run.Name}, frame {run.Start}, box {RunLine.Tracked(run.Box.Box)}"),
            ("weights", tracker.Content),
            ("parameters", tracker.Options),
            ("device", tracks ? manifest.Device : ""),
            ("frames", tracks ? sequence.FramesHash : ""),
            ("ground truth", sequence.TruthHash),
        ];
    }

    /// <summary>Writes the parts as members of a JSON object.</summary>
    internal void Write(Utf8JsonWriter json)
    {
        foreach ((string name, string value) in parts)
            json.WriteString(name, value);
    }

    /// <summary>The name of the first part that is different in a stored run; null when all are the same.</summary>
    internal string? DifferenceFrom(JsonElement stored)
    {
        foreach ((string name, string value) in parts)
        {
            if (!stored.TryGetProperty(name, out JsonElement element) || element.ValueKind != JsonValueKind.String || element.GetString() != value)
                return name;
        }
        return null;
    }
}
