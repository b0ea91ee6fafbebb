using System.Text;
using System.Text.Json;
using SiamIlgpu.Datasets;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Evaluation;

/// <summary>
/// A folder of results. manifest.json says what was evaluated; sequences/NAME.json is what scoring needs of a sequence;
/// trackers/TRACKER/RUN/SEQUENCE.txt are the boxes of a run, an OTB result folder. The .json file beside them, written last, says what they
/// depend on and has their hash, so half a result is none; the .time.json file has the time that the run took.
/// </summary>
internal sealed class ResultStore
{
    private const string ManifestName = "manifest.json", SequencesName = "sequences";
    private const string HashKey = "boxes";

    private readonly string folder;

    internal ResultStore(string folder) => this.folder = folder;

    /// <summary>Where it is, as it was given.</summary>
    internal string Folder => folder;

    /// <summary>Makes the folder, and writes what it will hold results of.</summary>
    internal void Begin(Manifest manifest)
    {
        if (File.Exists(folder))
            throw new EvaluationException($"--out {folder}: is a file, not a folder for results");
        Directory.CreateDirectory(Path.Combine(folder, SequencesName));
        AtomicFile.WriteBytes(Path.Combine(folder, ManifestName), Encoding.UTF8.GetBytes(manifest.ToJson()));
    }

    /// <summary>What the folder holds results of.</summary>
    internal Manifest LoadManifest() => Manifest.Load(Path.Combine(folder, ManifestName));

    internal void Save(EvaluatedSequence sequence) => sequence.Save(SequenceFile(sequence.Name));

    /// <summary>A sequence, or null when the folder does not have it.</summary>
    internal EvaluatedSequence? LoadSequence(string name) => File.Exists(SequenceFile(name)) ? EvaluatedSequence.Load(SequenceFile(name)) : null;

    /// <summary>Writes a run; the file that makes it valid comes last.</summary>
    internal void Save(RunKey key, RunIdentity identity, RunResult result)
    {
        string stem = Stem(key);
        Directory.CreateDirectory(Path.GetDirectoryName(stem)!);
        // From here on, and until all is written, there is no result.
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

    /// <summary>A stored run, if there is one that was made of just these things.</summary>
    /// <param name="key">Which run.</param>
    /// <param name="identity">What it must have been made of.</param>
    /// <param name="lines">The lines that it must have.</param>
    /// <param name="obstacle">Why there is none to be used: null when nothing is stored at all.</param>
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
            // The boxes are as good without.
            return null;
        }
    }

    private string SequenceFile(string name) => Path.Combine(folder, SequencesName, $"{name}.json");

    private string Stem(RunKey key) => Path.Combine(folder, "trackers", key.Tracker, key.Run, key.Sequence);
}

/// <summary>Which run: of which tracker, on which sequence.</summary>
internal readonly record struct RunKey(string Tracker, string Sequence, string Run);
