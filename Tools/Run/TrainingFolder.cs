using System.Globalization;
using SiamIlgpu.Media;
using SiamIlgpu.Training;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Run;

/// <summary>
/// The files of a training. Each file is replaced by a complete one or stays as it was. A file that cannot be written is tried again
/// with the next.
/// </summary>
internal sealed class TrainingFolder
{
    private const string LastName = "last.safetensors", BestName = "best.safetensors", TableName = "epochs.csv", PageName = "curves.html";

    // The columns of epochs.csv.
    private const string Header =
        "epoch,learning_rate,loss,validation_loss,validation_distance_px,validation_overlap_error,tracking_iou";

    /// <summary>The metadata key that says which videos the pairs came from.</summary>
    internal const string VideosKey = "videos";

    // The checkpoint is written last: a training that is killed in between runs the epoch again and writes the same files again.
    private static readonly string[] Names = [BestName, TableName, PageName, LastName];

    // Metadata that belongs to this training, not to the network.
    private const string CommandKey = "command", SeedKey = "seed", EpochKey = "epoch";

    private readonly Dictionary<string, Action<string>> unwritten = [];

    internal TrainingFolder(string folder) => Folder = folder;

    /// <summary>The folder's path as the user gave it.</summary>
    internal string Folder { get; }

    /// <summary>Is called with the reason when a file cannot be written.</summary>
    internal Action<string> Warn { get; set; } = static _ => { };

    /// <summary>The checkpoint that --resume continues from.</summary>
    internal string LastFile => Path.Combine(Folder, LastName);

    /// <summary>The weights of the best epoch.</summary>
    internal string BestFile => Path.Combine(Folder, BestName);

    /// <summary>The files that could not be written.</summary>
    internal IEnumerable<string> Unwritten => Names.Where(unwritten.ContainsKey).Select(name => Path.Combine(Folder, name));

    /// <summary>The checkpoint to continue from, or null for a new training.</summary>
    /// <exception cref="InputException">There is a checkpoint but no --resume, or the reverse.</exception>
    internal NetworkWeights? Open(bool resume)
    {
        bool exists = File.Exists(LastFile);
        if (exists && !resume)
            throw new InputException($"{LastFile}: is there already; give --resume to go on with it, or another folder to --out");
        if (resume && !exists)
            throw new InputException($"--resume: there is no {LastFile} to go on with");
        return exists ? NetworkWeights.Load(LastFile) : null;
    }

    /// <summary>Makes the folder and writes the first checkpoint. If that works, there is room for the later ones.</summary>
    internal void Begin(NetworkWeights checkpoint)
    {
        try
        {
            Directory.CreateDirectory(Folder);
            // A run that was killed leaves unfinished files.
            foreach (string name in Names)
            {
                foreach (string unfinished in Directory.EnumerateFiles(Folder, $"{name}.*.part"))
                    File.Delete(unfinished);
            }
            checkpoint.Save(LastFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"--out {Folder}: cannot be written to ({e.Message})");
        }
    }

    /// <summary>The metadata of the training's files: those of the starting weights, and how they were trained further.</summary>
    internal static Dictionary<string, string> Describe(NetworkWeights start, string command, int seed, string videos) =>
        new(start.Metadata)
        {
            [CommandKey] = command,
            [SeedKey] = seed.ToString(CultureInfo.InvariantCulture),
            [VideosKey] = videos,
        };

    /// <summary>The command line with which the checkpoint's training began.</summary>
    internal static string CommandOf(NetworkWeights checkpoint) =>
        checkpoint.Metadata.TryGetValue(CommandKey, out string? command)
            ? command
            : throw new InputException($"{checkpoint.Source}: does not say how its training began, so it cannot go on");

    /// <summary>Writes a checkpoint, and files that could not be written before.</summary>
    internal void WriteCheckpoint(Trainer trainer)
    {
        unwritten[LastName] = trainer.Checkpoint().Save;
        WriteAll();
    }

    /// <summary>Writes every file that changes with an epoch.</summary>
    /// <param name="trainer">The training, after the epoch.</param>
    /// <param name="description">Metadata of the files.</param>
    /// <param name="epochs">Epochs of the whole training.</param>
    internal void WriteEpoch(Trainer trainer, IReadOnlyDictionary<string, string> description, int epochs)
    {
        EpochReport report = trainer.History[^1];
        if (ReferenceEquals(BestOf(trainer.History), report))
            unwritten[BestName] = trainer.Weights(WithFigures(description, report)).Save;
        string[] table = [.. trainer.History.Select(Row).Prepend(HeaderOf(report))];
        unwritten[TableName] = path => AtomicFile.WriteLines(path, table);
        string page = CurvesPage.Of(trainer.NetworkName, description[CommandKey], epochs, trainer.History);
        unwritten[PageName] = path => AtomicFile.WriteLines(path, [page]);
        WriteCheckpoint(trainer);
    }

    /// <summary>
    /// The epoch that tracks best, or else has the least distance error in validation, or else the least training loss. The first one wins a
    /// tie. The validation loss would mislead: most of its fall comes from the score's gain and bias, which move no peak.
    /// </summary>
    internal static EpochReport? BestOf(IEnumerable<EpochReport> history) =>
        history.Where(report => double.IsFinite(Judged(report))).MinBy(Judged);

    private static string Row(EpochReport report) => string.Create(
        CultureInfo.InvariantCulture,
        $"{report.Epoch + 1},{report.LearningRate:G6},{report.Loss},{report.Validation?.Loss},{report.Validation?.DistancePixels},"
        + $"{report.Validation?.OverlapError},{report.Tracking}{string.Concat(report.Layers.Select(LayerCells))},{report.PairsPerSecond:F2}");

    private static string HeaderOf(EpochReport report) => Header + string.Concat(report.Layers.Select(layer =>
        $",{layer.Layer}_update_ratio,{layer.Layer}_cosine_with_start,{layer.Layer}_high_frequencies")) + ",pairs_per_second";

    private static string LayerCells(LayerReport layer) => string.Create(
        CultureInfo.InvariantCulture, $",{layer.UpdateRatio:G4},{layer.CosineWithStart:F4},{layer.HighFrequencies:F4}");

    private static double Judged(EpochReport report) => -report.Tracking ?? report.Validation?.DistancePixels ?? report.Loss;

    private static Dictionary<string, string> WithFigures(IReadOnlyDictionary<string, string> description, EpochReport report)
    {
        var all = new Dictionary<string, string>(description)
        {
            [EpochKey] = Text(report.Epoch + 1),
            ["training loss"] = Text(report.Loss),
        };
        if (report.Validation is { } validation)
        {
            all["validation loss"] = Text(validation.Loss);
            all["validation distance in pixels"] = Text(validation.DistancePixels);
            all["validation overlap error"] = Text(validation.OverlapError);
        }
        if (report.Tracking is { } tracking)
            all["tracking mean IoU with restarts"] = Text(tracking);
        return all;

        static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
    }

    private void WriteAll()
    {
        foreach (string name in Names)
        {
            if (!unwritten.TryGetValue(name, out Action<string>? write))
                continue;
            string path = Path.Combine(Folder, name);
            try
            {
                write(path);
                unwritten.Remove(name);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or FrameException)
            {
                string kept = File.Exists(path) ? "; the one before stays" : "";
                Warn($"{path}: cannot be written ({e.Message}){kept}; training goes on, and the next checkpoint tries again");
            }
        }
    }
}
