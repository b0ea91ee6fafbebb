using SiamIlgpu.Datasets;
using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Training;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Run;

/// <summary>The pairs for training, and the pairs of other videos for validation.</summary>
internal sealed class TrainingPairs : IDisposable
{
    // The share of real videos that is kept for validation.
    private const double ValidationShare = 0.1;

    // There is no end of made-up scenes. Those for validation have numbers that training never reaches.
    private const int TrainingScenes = 1_000_000, ValidationScenes = 1000;

    /// <summary>The first scene of those that epochs are judged by tracking on.</summary>
    internal const int FirstTrackingScene = TrainingScenes + ValidationScenes + 1;

    // Making a scene costs more than cutting a pair from it.
    private const int PairsOfAScene = 8;

    private readonly PairSampler training;
    private readonly PairSampler? validation;
    private readonly TrainingProblems problems;

    private TrainingPairs(PairSampler training, PairSampler? validation, string videos, TrainingProblems problems)
    {
        this.training = training;
        this.validation = validation;
        Videos = videos;
        this.problems = problems;
    }

    internal IPairSource Training => training;

    internal IPairSource? Validation => validation;

    /// <summary>Which videos the pairs come from, and how many. --resume requires the same.</summary>
    internal string Videos { get; }

    /// <summary>New messages about data that cannot be used. Each is returned once.</summary>
    internal IReadOnlyList<string> TakeProblems() => problems.TakeNew();

    /// <summary>Opens the data that the settings name.</summary>
    internal static TrainingPairs Open(TrainSettings settings, NetworkDefinition definition, TrainingOptions options)
    {
        var found = new TrainingProblems();
        (IReadOnlyList<TrainingVideo> learned, IReadOnlyList<TrainingVideo> judged) =
            settings.Synthetic ? Scenes(settings) : FileVideos(settings, found);
        string videos = settings.Synthetic ? "made-up scenes" : $"{learned.Count + judged.Count} videos";
        var drawn = new PairOptions
        {
            ExemplarSize = definition.ExemplarSize,
            SearchSize = options.SearchSize,
            Count = settings.Pairs,
            Seed = settings.Seed,
            EasyNegatives = settings.EasyNegatives,
            HardNegatives = settings.HardNegativePairs,
            Gray = settings.Gray,
            PairsPerVisit = settings.Synthetic ? PairsOfAScene : 1,
        };
        try
        {
            PairSampler? judge = settings.ValidationPairs == 0 ? null : new PairSampler(judged, drawn with
            {
                Count = settings.ValidationPairs,
                EasyNegatives = 0,
                HardNegatives = 0,
                Augment = false,
            });
            return new TrainingPairs(new PairSampler(learned, drawn), judge, videos, found);
        }
        catch (ArgumentException e)
        {
            throw new InputException(e.Message);
        }
    }

    public void Dispose()
    {
        training.Dispose();
        validation?.Dispose();
    }

    private static (IReadOnlyList<TrainingVideo> Training, IReadOnlyList<TrainingVideo> Validation) Scenes(TrainSettings settings)
    {
        ScenePictures? pictures = settings.Sources is null ? null : ScenePictures.Open(settings.Sources);
        var learned = new SyntheticScenes(firstSeed: 1, TrainingScenes, pictures);
        return (learned, new SyntheticScenes(firstSeed: TrainingScenes + 1, ValidationScenes, pictures));
    }

    private static (IReadOnlyList<TrainingVideo> Training, IReadOnlyList<TrainingVideo> Validation) FileVideos(
        TrainSettings settings, TrainingProblems found)
    {
        TrainingVideo[] videos = [.. settings.Data.SelectMany(folder => OpenFolder(folder, found))];
        (IReadOnlyList<TrainingVideo> learned, IReadOnlyList<TrainingVideo> judged) =
            TrainingVideos.Split(videos, settings.ValidationPairs == 0 ? 0 : ValidationShare, settings.Seed);
        return learned.Count > 0
            ? (learned, judged)
            : throw new InputException(
                $"--data: {videos.Length} videos are too few to keep some apart; give more, or --validation-pairs 0");
    }

    private static IReadOnlyList<TrainingVideo> OpenFolder(string folder, TrainingProblems found)
    {
        if (!Directory.Exists(folder))
            throw new InputException($"--data {folder}: there is no such folder");
        if (Directory.Exists(Path.Combine(folder, "Annotations", "VID")))
            return TrainingVideos.IlsvrcVid(folder, found);
        // This comes before OTB, because some copies of GOT-10k also have a file with OTB's name.
        if (Has(folder, "absence.label"))
            return TrainingVideos.Got10k(folder, found);
        if (Has(folder, "groundtruth_rect*.txt"))
            return TrainingVideos.Otb(folder, found);
        return Has(folder, "groundtruth.txt")
            ? TrainingVideos.Vot(folder, found)
            : throw new InputException($"--data {folder}: holds no videos in the layout of OTB, VOT, GOT-10k or ILSVRC-VID");
    }

    /// <summary>Whether a folder or one of its direct subfolders has such a file.</summary>
    private static bool Has(string folder, string pattern) =>
        Directory.EnumerateDirectories(folder).Prepend(folder).Any(inner => Directory.EnumerateFiles(inner, pattern).Any());
}
