using System.Text;
using System.Text.Json;
using SiamIlgpu.Media;

namespace SiamIlgpu.Evaluation;

/// <summary>
/// A folder of results. manifest.json says what was evaluated. sequences/NAME.json holds what scoring needs to know about a sequence.
/// trackers/TRACKER/RUN/SEQUENCE.txt holds the boxes of a run, so trackers/TRACKER/RUN has the format of OTB's result folders.
/// SEQUENCE.json next to it says what the boxes depend on, and contains their hash. It is written last, so an incomplete result does not
/// count as one. SEQUENCE.time.json holds the time that the run took.
/// </summary>
internal sealed class ResultStore
{
    private const string ManifestName = "manifest.json", SequencesName = "sequences";
    private const string HashKey = "boxes";

    private readonly string folder;

    internal ResultStore(string folder) => this.folder = folder;

    /// <summary>The folder's path, as the user gave it.</summary>
    internal string Folder => folder;

    /// <summary>Creates the folder, and writes down what its results are of.</summary>
    internal void Begin(Manifest manifest)
    {
        if (File.Exists(folder))
            throw new EvaluationException($"--out {folder}: is a file, not a folder for results");
        Directory.CreateDirectory(Path.Combine(folder, SequencesName));
        AtomicFile.WriteBytes(Path.Combine(folder, ManifestName), Encoding.UTF8.GetBytes(manifest.ToJson()));
    }

    /// <summary>Reads what the folder's results are of.</summary>
    internal Manifest LoadManifest() => Manifest.Load(Path.Combine(folder, ManifestName));

    internal void Save(EvaluatedSequence sequence) => sequence.Save(SequenceFile(sequence.Name));

    /// <summary>Reads a sequence; null when the folder does not have it.</summary>
    internal EvaluatedSequence? LoadSequence(string name) => File.Exists(SequenceFile(name)) ? EvaluatedSequence.Load(SequenceFile(name)) : null;

    /// <summary>Writes a run. The file that makes it valid is written last.</summary>
    internal void Save(RunKey key, RunIdentity identity, RunResult result)
    {
        string stem = Stem(key);
        Directory.CreateDirectory(Path.GetDirectoryName(stem)!);
        // Until everything is written, the run has no valid result.
        File.Delete($"{stem}.json");
        byte[] boxes = Encoding.ASCII.GetBytes(string.Concat(result.Lines.Select(line => $"{line}\n")));
        AtomicFile.WriteBytes($"{stem}.txt", boxes);
        if (result.Timing is { } timing)
        {
            AtomicFile.WriteBytes($"{stem}.time.json", JsonText.Of(json =>
            {
                json.WriteNumber("frames", timing.Frames);
                json.WriteNumber("seconds", timing.Seconds);
                json.WriteNumber("secondsWithDecoding", timing.SecondsWithDecoding);
            }));
        }
        AtomicFile.WriteBytes($"{stem}.json", JsonText.Of(json =>
        {
            json.WriteString(HashKey, Hashes.Of(boxes));
            identity.Write(json);
        }));
    }

    /// <summary>Reads a stored run; null if there is none that can be used.</summary>
    /// <param name="key">The run.</param>
    /// <param name="identity">What the stored run must depend on.</param>
    /// <param name="lines">The number of lines that it must have.</param>
    /// <param name="obstacle">
    /// Receives the reason why a stored run cannot be used; null when it can be used, or when nothing is stored.
    /// </param>
    internal RunResult? Load(RunKey key, RunIdentity identity, int lines, out string? obstacle)
    {
        string stem = Stem(key);
        obstacle = null;
        if (!File.Exists($"{stem}.json"))
            return null;
        obstacle = "damaged";
        try
        {
            using JsonDocument stored = JsonDocument.Parse(File.ReadAllBytes($"{stem}.json"));
            byte[] boxes = File.ReadAllBytes($"{stem}.txt");
            if (identity.DifferenceFrom(stored.RootElement) is { } part)
            {
                obstacle = $"other {part}";
                return null;
            }
            if (stored.RootElement.GetProperty(HashKey).GetString() != Hashes.Of(boxes))
                return null;
            RunLine?[] parsed = [.. Encoding.ASCII.GetString(boxes).Split('\n')[..^1].Select(RunLine.Parse)];
            if (parsed.Length != lines || parsed.Contains(null))
                return null;
            obstacle = null;
            return new RunResult([.. parsed.Select(line => line!.Value)], LoadTiming($"{stem}.time.json"));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or IOException)
        {
            return null;
        }
    }

    private static RunTiming? LoadTiming(string file)
    {
        if (!File.Exists(file))
            return null;
        try
        {
            using JsonDocument stored = JsonDocument.Parse(File.ReadAllBytes(file));
            JsonElement root = stored.RootElement;
            return new RunTiming(
                root.GetProperty("frames").GetInt32(), root.GetProperty("seconds").GetDouble(), root.GetProperty("secondsWithDecoding").GetDouble());
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            // The boxes can be used without the time.
            return null;
        }
    }

    private string SequenceFile(string name) => Path.Combine(folder, SequencesName, $"{name}.json");

    private string Stem(RunKey key) => Path.Combine(folder, "trackers", key.Tracker, key.Run, key.Sequence);
}

/// <summary>Names a run by its tracker, its sequence, and its name in the protocol.</summary>
internal readonly record struct RunKey(string Tracker, string Sequence, string Run);
