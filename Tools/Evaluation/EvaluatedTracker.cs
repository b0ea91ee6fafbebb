using SiamIlgpu.Networks;
using SiamIlgpu.Tracking;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Evaluation;

/// <summary>Something that is evaluated: a model that tracks, or a folder of boxes.</summary>
/// <param name="Name">Its name in tables.</param>
/// <param name="Kind">"model" or "results".</param>
/// <param name="Content">A hash of the weights, or of the files with boxes.</param>
/// <param name="Options">The parameters that a model tracks with; empty for boxes.</param>
internal abstract record EvaluatedTracker(string Name, string Kind, string Content, string Options)
{
    /// <summary>
    /// Gives every tracker a name of its own: the name of its file or folder, preceded by the name of the parent folder if two would be the
    /// same.
    /// </summary>
    internal static string[] NamesOf(IReadOnlyList<string> paths)
    {
        string[] names = [.. paths.Select(p => NameOf(p))];
        string[] distinct =
        [
            .. paths.Select((path, i) => names.Count(n => Same(n, names[i])) == 1
                ? names[i]
                : $"{Path.GetFileName(Path.GetDirectoryName(Full(path)))}-{names[i]}"),
        ];
        for (int i = 0; i < distinct.Length; i++)
        {
            if (Array.FindIndex(distinct, n => Same(n, distinct[i])) is int other && other < i)
                throw new EvaluationException($"{paths[other]} and {paths[i]} would both be called '{distinct[i]}': rename one of them");
        }
        return distinct;

        static bool Same(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
    }

    private static string NameOf(string path) => Directory.Exists(path) ? Path.GetFileName(Full(path)) : Path.GetFileNameWithoutExtension(path);

    private static string Full(string path) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
}

/// <summary>A network, and the network for gray video that belongs to it, if there is one.</summary>
internal sealed record ModelTracker(string Name, NetworkWeights Weights, NetworkWeights? Gray, TrackerOptions Preset, string Content)
    : EvaluatedTracker(Name, "model", Content, Preset.ToString())
{
    /// <summary>The name that selects the default model.</summary>
    internal const string DefaultName = "default";

    /// <summary>Reads a network from a file, or the default model.</summary>
    /// <param name="name">Its name in tables.</param>
    /// <param name="file">The file, or <see cref="DefaultName"/>.</param>
    /// <param name="grays">Networks for gray video. The one with the same layers is used.</param>
    /// <param name="preset">The tracker's parameters; null for the paper's.</param>
    internal static ModelTracker Load(string name, string file, IEnumerable<GrayNetwork> grays, TrackerOptions? preset)
    {
        bool own = file == DefaultName && !File.Exists(file);
        NetworkWeights weights = own ? DefaultModel.Load() : NetworkWeights.Load(file);
        string content = own ? Hashes.OfTensors(weights) : Hashes.Of(File.ReadAllBytes(file));
        NetworkDefinition definition = weights.RequireDefinition();
        GrayNetwork? gray = grays.FirstOrDefault(g => g.Definition.Equals(definition));
        return new ModelTracker(
            name, weights, gray?.Weights, preset ?? TrackerOptions.For(weights), gray is null ? content : $"{content} {gray.Content}");
    }
}

/// <summary>A network for gray video. It belongs to the models with the same layers.</summary>
internal sealed record GrayNetwork(string File, NetworkWeights Weights, string Content)
{
    internal NetworkDefinition Definition => Weights.RequireDefinition();

    /// <summary>Reads the networks. No two may have the same layers.</summary>
    internal static GrayNetwork[] Load(IEnumerable<string> files)
    {
        GrayNetwork[] all = [.. files.Select(f => new GrayNetwork(f, NetworkWeights.Load(f), Hashes.Of(System.IO.File.ReadAllBytes(f))))];
        for (int i = 0; i < all.Length; i++)
        {
            if (all[..i].FirstOrDefault(g => g.Definition.Equals(all[i].Definition)) is { } same)
                throw new EvaluationException($"--gray-model: {same.File} and {all[i].File} have the same layers; give only one of them");
        }
        return all;
    }
}

/// <summary>Boxes that another program or an earlier run wrote: one file per sequence.</summary>
internal sealed record ResultFolder(string Name, string Folder, IReadOnlyDictionary<string, string> Files)
    : EvaluatedTracker(Name, "results", Hashes.OfFiles(Files.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => f.Value)), "")
{
    /// <summary>
    /// Finds the file of every sequence: NAME.txt, or NAME/NAME_001.txt as the toolkits of VOT and GOT-10k write it. Letters match without
    /// regard to case, and an underscore matches a dot: jogging_1 is Jogging.1.
    /// </summary>
    internal static ResultFolder Open(string name, string folder, IReadOnlyList<EvaluatedSequence> sequences)
    {
        if (!Directory.Exists(folder))
            throw new EvaluationException($"{folder}: there is no such folder");
        var found = new Dictionary<string, string>();
        foreach (string file in Directory.EnumerateFiles(folder, "*.txt").Order(StringComparer.Ordinal))
            Add(Path.GetFileNameWithoutExtension(file), file);
        foreach (string inner in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            string file = Path.Combine(inner, $"{Path.GetFileName(inner)}_001.txt");
            if (File.Exists(file))
                Add(Path.GetFileName(inner), file);
        }
        string[] missing = [.. sequences.Select(s => s.Name).Where(s => !found.ContainsKey(Plain(s)))];
        if (missing.Length > 0)
        {
            throw new EvaluationException(
                $"{folder}: no file for {string.Join(", ", missing)}; --sequences NAME,... scores only the sequences that it names");
        }
        return new ResultFolder(name, folder, sequences.ToDictionary(s => s.Name, s => found[Plain(s.Name)]));

        void Add(string sequence, string file)
        {
            if (!found.TryAdd(Plain(sequence), file))
                throw new EvaluationException($"{found[Plain(sequence)]} and {file} belong to the same sequence");
        }
    }

    /// <summary>
    /// Reads the boxes of a sequence, one for each line of its ground truth. Missing boxes count as misses, and further boxes do not count.
    /// </summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="protocol">How the boxes will be scored.</param>
    /// <param name="warn">Receives a sentence if the file has too few or too many lines.</param>
    internal RunResult Read(EvaluatedSequence sequence, Protocol protocol, Action<string> warn)
    {
        string file = Files[sequence.Name];
        RunLine[] lines = RunLine.Read(file);
        int expected = sequence.Truth.Count, frames = sequence.Source!.ListFrames().Count;
        if (protocol == Protocol.Vot && (lines.Length == 0 || lines[0].Kind != VotFrame.Initialized))
        {
            throw new EvaluationException(
                $"{file}: does not begin with VOT's code 1, so it is no run with initializations; --protocol ope scores boxes of one pass");
        }
        if (lines.Length < expected)
            warn($"{file}: {lines.Length} lines for {expected} of ground truth; frames without a line count as misses");
        else if (lines.Length > frames || (lines.Length > expected && lines.Length != frames))
            warn($"{file}: {lines.Length} lines for {expected} of ground truth; the last {lines.Length - expected} do not count");
        return new RunResult(
            [.. lines.Take(expected), .. Enumerable.Repeat(new RunLine(VotFrame.Skipped), Math.Max(expected - lines.Length, 0))], null);
    }

    private static string Plain(string name) => name.ToLowerInvariant().Replace('_', '.');
}
