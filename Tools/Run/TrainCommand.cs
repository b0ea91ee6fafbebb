using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
using SiamIlgpu.Evaluation;
using SiamIlgpu.Kernels;
using SiamIlgpu.Tracking;
using SiamIlgpu.Training;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Run;

/// <summary>The verb train: trains a network end to end from videos.</summary>
internal sealed class TrainCommand
{
    /// <summary>The exit code when training diverged or files could not be written.</summary>
    internal const int Failed = 1;

    private static readonly TimeSpan BetweenCheckpoints = TimeSpan.FromMinutes(5);

    private readonly TrainOptions table = new();
    private readonly DeviceOptions device = new();

    private readonly Option<string> output = new("--out")
    {
        Description = "Folder for last.safetensors (checkpoint), best.safetensors (the epoch that tracks best, or has the least distance error in validation), "
            + "epochs.csv and curves.html.",
        HelpName = "FOLDER",
        Required = true,
    };

    private readonly Option<bool> resume = new("--resume")
    {
        Description = "Go on with the training in --out; all other options are remembered.",
    };

    private readonly Option<int> loaders = new("--loaders")
    {
        Description = "Threads that make pairs; changes nothing but the speed.",
        HelpName = "N",
        DefaultValueFactory = _ => 1,
    };

    private readonly Command command = new(
        "train",
        "Trains a network, new or loaded, end to end. What of the method is left off is as in the network's paper. "
        + "Ctrl+C ends it with a checkpoint and exit code 130; 1 is a training that diverged or files that could not be written.");
    private readonly CancellationToken cancel;

    private TrainCommand(CancellationToken cancel)
    {
        this.cancel = cancel;
        foreach (Option option in (IEnumerable<Option>)[output, resume, .. table.All.Select(o => o.Option), loaders])
            command.Add(option);
        device.AddTo(command);
        command.SetAction(Run);
    }

    /// <summary>Makes the verb.</summary>
    /// <param name="cancel">Has the effect of the first Ctrl+C.</param>
    internal static Command Create(CancellationToken cancel) => new TrainCommand(cancel).command;

    private int Run(ParseResult typed)
    {
        var folder = new TrainingFolder(typed.GetRequiredValue(output));
        int threads = typed.GetValue(loaders);
        if (threads is < 1 or > 1024)
            throw new InputException($"--loaders: expected 1 to 1024, got {threads}");
        NetworkWeights? checkpoint = folder.Open(typed.GetValue(resume));
        TrainSettings settings = SettingsOf(typed, checkpoint);
        NetworkWeights start = checkpoint ?? settings.Start();
        TrainingOptions options = settings.OptionsFor(start.RequireDefinition());

        using ComputeDevice opened = device.Open(typed);
        using TrainingPairs pairs = TrainingPairs.Open(settings, start.RequireDefinition(), options);
        Dictionary<string, string> description = checkpoint is null
            ? TrainingFolder.Describe(start, CommandText(typed), settings.Seed, pairs.Videos)
            : new(start.Metadata);
        string? videos = description.GetValueOrDefault(TrainingFolder.VideosKey);
        if (videos != pairs.Videos)
            throw new InputException($"--resume: the training began with {videos}, now there are {pairs.Videos}");
        var described = new NetworkWeights(start.Source, start.Definition, start.Tensors, description);
        using Trainer trainer = Prepare(described, options, opened, pairs, settings.TrackingScenes);
        if (checkpoint is not null)
            trainer.Resume(checkpoint);
        folder.Begin(trainer.Checkpoint());

        Console.WriteLine($"{trainer.NetworkName}, {options.Loss.ToString().ToLowerInvariant()} loss, {options.Epochs} epochs of "
            + $"{trainer.StepsOfAnEpoch} steps of {options.Batch} pairs, {pairs.Videos}, on {opened.Name}");
        int exit = TrainingProgress.Show(options.Epochs, progress =>
        {
            folder.Warn = progress.Warn;
            return Train(trainer, threads, folder, pairs, description, options, progress);
        });
        return Conclude(exit, folder, trainer, options);
    }

    private int Train(
        Trainer trainer,
        int threads,
        TrainingFolder folder,
        TrainingPairs pairs,
        IReadOnlyDictionary<string, string> description,
        TrainingOptions options,
        TrainingProgress progress)
    {
        using var interrupt = new Interrupt(cancel, () => progress.Note("ends after the step under way; Ctrl+C again ends at once"));
        var sinceCheckpoint = Stopwatch.StartNew();
        progress.Line(EpochTable.Header);
        foreach (EpochReport done in trainer.History)
            progress.Line(EpochTable.Row(done));
        ReportProblems();
        try
        {
            foreach (EpochReport report in trainer.Run(threads, Progress, interrupt.Token))
            {
                progress.Line(EpochTable.Row(report));
                folder.WriteEpoch(trainer, description, options.Epochs);
                sinceCheckpoint.Restart();
            }
            if (trainer.History.Count == options.Epochs)
                return 0;
            folder.WriteCheckpoint(trainer);
            return Interrupt.ExitCode;
        }
        catch (TrainingDivergedException e)
        {
            string rate = options.RateOf((int)(e.Step / trainer.StepsOfAnEpoch), (int)(e.Step % trainer.StepsOfAnEpoch), trainer.StepsOfAnEpoch).ToString(CultureInfo.InvariantCulture);
            string best = File.Exists(folder.BestFile) ? $", {folder.BestFile} the best epoch" : "";
            progress.Note($"error: {e.Message} than {rate}; {folder.LastFile} is the last checkpoint before{best}");
            return Failed;
        }

        void Progress(StepReport step)
        {
            progress.Step(step);
            ReportProblems();
            if (sinceCheckpoint.Elapsed < BetweenCheckpoints)
                return;
            folder.WriteCheckpoint(trainer);
            sinceCheckpoint.Restart();
        }

        void ReportProblems()
        {
            foreach (string problem in pairs.TakeProblems())
                progress.Warn(problem);
        }
    }

    private static int Conclude(int exit, TrainingFolder folder, Trainer trainer, TrainingOptions options)
    {
        if (exit == Failed)
            return Failed;
        if (folder.Unwritten.Any())
        {
            Console.Error.WriteLine($"error: not written: {string.Join(", ", folder.Unwritten)}");
            return Failed;
        }
        if (exit == Interrupt.ExitCode)
        {
            string again = $"train --resume --out {CommandWord(folder.Folder)}";
            Console.WriteLine($"stopped in epoch {trainer.History.Count + 1} of {options.Epochs}; to go on: {again}");
            return Interrupt.ExitCode;
        }
        EpochReport? best = TrainingFolder.BestOf(trainer.History);
        Console.WriteLine($"done; the best epoch is {best?.Epoch + 1}: {folder.BestFile}");
        return 0;
    }

    private TrainSettings SettingsOf(ParseResult typed, NetworkWeights? checkpoint)
    {
        if (checkpoint is null)
        {
            TrainSettings fresh = table.Read(typed);
            fresh.Check();
            return fresh;
        }
        string text = TrainingFolder.CommandOf(checkpoint);
        ParseResult before = command.Parse([.. CommandLineParser.SplitCommandLine(text).Skip(1)]);
        if (before.Errors.Count > 0)
            throw new InputException($"{checkpoint.Source}: its training's command cannot be read: {before.Errors[0].Message}");
        TrainSettings settings = table.Read(typed, before);
        table.CheckSame(settings, table.Read(before));
        settings.Check();
        return settings;
    }

    private static Trainer Prepare(
        NetworkWeights start, TrainingOptions options, ComputeDevice device, TrainingPairs pairs, int trackingScenes)
    {
        try
        {
            return new Trainer(start, options, device, pairs.Training, pairs.Validation)
            {
                ScoreTracking = trackingScenes == 0 ? null : ScoreTracking,
            };
        }
        catch (ArgumentException e)
        {
            throw new InputException(e.Message);
        }

        double ScoreTracking(NetworkWeights weights, CancellationToken cancel)
        {
            using var tracker = new Tracker(weights, device);
            return RestartScore.OfScenes(tracker, TrainingPairs.FirstTrackingScene, trackingScenes, cancel).MeanIou;
        }
    }

    /// <summary>The command line as it was typed.</summary>
    private static string CommandText(ParseResult typed) => string.Join(' ', typed.Tokens.Select(token => CommandWord(token.Value)));

    private static string CommandWord(string word)
    {
        bool plain = word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:,=+\\".Contains(c, StringComparison.Ordinal));
        return plain ? word : $"\"{word}\"";
    }
}

/// <summary>The table of epochs in the terminal.</summary>
internal static class EpochTable
{
    internal const string Header = "epoch      loss  validation  distance px  overlap error  tracking  learning rate  pairs/s";

    internal static string Row(EpochReport report)
    {
        string validation = report.Validation is { } v
            ? string.Create(CultureInfo.InvariantCulture, $"{v.Loss,10:F4}  {v.DistancePixels,11:F2}  {v.OverlapError,13:F4}")
            : $"{"-",10}  {"-",11}  {"-",13}";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Epoch + 1,5}  {report.Loss,8:F4}  {validation}  {report.Tracking?.ToString("F4", CultureInfo.InvariantCulture) ?? "-",8}  {report.LearningRate,13:E2}  {report.PairsPerSecond,7:F1}");
    }
}
