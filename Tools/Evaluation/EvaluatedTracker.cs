using SiamIlgpu.Datasets;
using SiamIlgpu.Networks;
using SiamIlgpu.Tracking;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Evaluation;

/// <summary>Something that is evaluated: a model that tracks, or a folder of boxes.</summary>
/// <param name="Name">What it is called in tables.</param>
/// <param name="Kind">model or results.</param>
/// <param name="Content">A hash of what it is made of.</param>
/// <param name="Options">The parameters it tracks with; empty for boxes.</param>
internal abstract record EvaluatedTracker(string Name, string Kind, string Content, string Options)
{
    /// <summary>Gives every tracker a name of its own, that of its file or folder, with that of the folder around it where two are alike.</summary>
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

/// <summary>A network, and the same one for gray video where it is given.</summary>
internal sealed record ModelTracker(string Name, NetworkWeights Weights, NetworkWeights? Gray, TrackerOptions Preset, string Content)
    : EvaluatedTracker(Name, "model", Content, Preset.ToString())
{
    /// <summary>What the default model is asked for by.</summary>
    internal const string DefaultName = "default";

    /// <summary>Reads a network from a file, or the default model.</summary>
    /// <param name="name">What it is called in tables.</param>
    /// <param name="file">The file.</param>
    /// <param name="grays">Networks for gray video; the one of the same layers is this one's.</param>
    /// <param name="preset">The loop's parameters; the paper's when null.</param>
    internal static ModelTracker Load(string name, string file, IEnumerable<GrayNetwork> grays, TrackerOptions? preset)
    {
        bool own = file == DefaultName && !File.Exists(file);
        NetworkWeights weights = own ? DefaultModel.Load() : NetworkWeights.Load(file);
        string content = own ? Hashes.OfTensors(weights) : Hashes.Of(File.ReadAllBytes(file));
        NetworkDefinition definition = weights.RequireDefinition();
        GrayNetwork? gray = grays.FirstOrDefault(g => g.Definition.Equals(definition));
        return new ModelTracker(
            name, weights, gray?.Weights, preset ?? TrackerOptions.For(definition), gray is null ? content : $"{content} {gray.Content}");
    }
}

/// <summary>A network for gray video, that of the models with the same layers.</summary>
internal sealed record GrayNetwork(string File, NetworkWeights Weights, string Content)
{
    internal NetworkDefinition Definition => Weights.RequireDefinition();

    /// <summary>Reads them; no two may be of the same layers.</summary>
    internal static GrayNetwork[] Load(IEnumerable<string> files)
    {
        GrayNetwork[] all = [.. files.Select(f => new GrayNetwork(f, NetworkWeights.Load(f), Hashes.Of(System.IO.File.ReadAllBytes(f))))];
        for (int i = 0; i < all.Length; i++)
        {
            if (all[..i].FirstOrDefault(g => g.Definition.Equals(all[i].Definition)) is { } same)
                throw new EvaluationException($"--gray-model: {same.File} and {all[i].File} have the same layers, so which is a model's cannot be told");
        }
        return all;
    }
}

/// <summary>Boxes that somebody else, or an earlier run, wrote: one file a sequence.</summary>
internal sealed record ResultFolder(string Name, string Folder, IReadOnlyDictionary<string, string> Files)
    : EvaluatedTracker(Name, "results", Hashes.OfFiles(Files.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => f.Value)), "")
{
    /// <summary>
    /// Finds the file of every sequence: NAME.txt, or NAME/NAME_001.txt as the toolkits of VOT and GOT-10k have it, whatever the
    /// case; jogging_1 is Jogging.1.
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
                $"{folder}: no file for {string.Join(", ", missing)}; --sequences NAME,... scores those that are there alone");
        }
        return new ResultFolder(name, folder, sequences.ToDictionary(s => s.Name, s => found[Plain(s.Name)]));

        void Add(string sequence, string file)
        {
            if (!found.TryAdd(Plain(sequence), file))
                throw new EvaluationException($"{found[Plain(sequence)]} and {file} are of the same sequence");
        }
    }

    /// <summary>
    /// The boxes of a sequence, as many as it has lines of ground truth: those that are not there count as misses, those too
    /// many do not count.
    /// </summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="protocol">How they will be scored.</param>
    /// <param name="warn">Hears of a number of lines that is not the ground truth's.</param>
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
