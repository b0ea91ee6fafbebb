using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;
using SiamIlgpu.Training;

namespace SiamIlgpu.Datasets;

/// <summary>
/// Draws training pairs from videos. The two frames of a pair are at most <see cref="PairOptions.Window"/> frames apart. The crops are cut
/// as the tracker cuts them, and those of a positive pair are centered on the target. The side of the search crop is SearchSize /
/// ExemplarSize times that of the exemplar, so with equal sizes (CFNet) both show the same area. If a pair cannot be read, another pair
/// takes its place, always the same one, and the reason is added to the videos' problems. Several threads may read at once.
/// </summary>
/// <example>
/// <code>
/// using var pairs = new PairSampler(
///     new SyntheticScenes(firstSeed: 1, count: 10_000),
///     new PairOptions { ExemplarSize = 255, SearchSize = 255, Count = 4000, PairsPerVisit = 8 });
/// using var trainer = new Trainer(weights, options, device, pairs);
/// </code>
/// </example>
public sealed class PairSampler : IPairSource, IDisposable
{
    private const double Context = 0.5;

    // The frames of a hard negative are more than this many frames apart.
    private const int HardDistance = 25;

    // How many pairs of frames are tried in one video before another one is chosen, and in all videos before the data counts as unreadable.
    private const int TriesPerVideo = 8, Tries = 200;

    // How many crops the covariance of the colors is computed from.
    private const int ColorSamples = 32;

    private readonly IReadOnlyList<TrainingVideo> videos;
    private readonly CpuReaders readers;
    private readonly Lazy<ColorJitter> colors;

    /// <summary>Makes a sampler. It reads nothing yet.</summary>
    /// <param name="videos">At least one video, or two if there are easy negatives.</param>
    /// <param name="options">How pairs are drawn and altered.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or there are too few videos.</exception>
    public PairSampler(IReadOnlyList<TrainingVideo> videos, PairOptions options)
    {
        options.Validate();
        int fewest = options.EasyNegatives > 0 ? 2 : 1;
        if (videos.Count < fewest)
            throw new ArgumentException($"training videos: at least {fewest} for such pairs, got {videos.Count}");
        (this.videos, Options) = (videos, options);
        readers = new CpuReaders(options);
        colors = new Lazy<ColorJitter>(MeasureColors);
    }

    /// <summary>How pairs are drawn and altered.</summary>
    public PairOptions Options { get; }

    /// <inheritdoc/>
    public int ExemplarSize => Options.ExemplarSize;

    /// <inheritdoc/>
    public int SearchSize => Options.SearchSize;

    /// <inheritdoc/>
    public int Count => Options.Count;

    /// <inheritdoc/>
    /// <exception cref="FrameException">No pair could be read.</exception>
    public PairLabel Read(int epoch, int index, Span<float> exemplar, Span<float> search)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        RequireLength(exemplar, ExemplarSize, nameof(exemplar));
        RequireLength(search, SearchSize, nameof(search));
        var random = new SceneRandom(SceneRandom.Seed((ulong)Options.Seed, (ulong)epoch, (ulong)index, 1));
        float draw = random.Unit();
        PairKind kind = draw < Options.EasyNegatives ? PairKind.EasyNegative
            : draw < Options.EasyNegatives + Options.HardNegatives ? PairKind.HardNegative
            : PairKind.Positive;
        int video = FirstVideo(epoch, index);
        CropReader reader = readers.Rent();
        try
        {
            for (int attempt = 1; attempt <= Tries; attempt++)
            {
                if (TryPair(kind, video, ref random, reader, exemplar, search, out PairLabel label))
                    return label;
                if (attempt % TriesPerVideo == 0)
                    video = random.Below(videos.Count);
            }
        }
        finally
        {
            readers.Return(reader);
        }
        throw new FrameException(videos[video].Name, $"neither this nor other videos have a readable pair ({Tries} were tried)");
    }

    /// <summary>Frees the memory of the crops. No thread may be reading.</summary>
    public void Dispose() => readers.Dispose();

    // VideosAtOnce videos alternate until each has given PairsPerVisit pairs. Then other videos are chosen.
    private int FirstVideo(int epoch, int index)
    {
        int visits = Options.PairsPerVisit, turns = visits == 1 ? 1 : Options.VideosAtOnce;
        (int block, int rest) = Math.DivRem(index, turns * visits);
        return new SceneRandom(SceneRandom.Seed((ulong)Options.Seed, (ulong)epoch, (ulong)block, (ulong)(2 + rest % turns))).Below(videos.Count);
    }

    private bool TryPair(
        PairKind kind, int number, ref SceneRandom random, CropReader reader, Span<float> exemplar, Span<float> search, out PairLabel label)
    {
        label = default;
        TrainingVideo video = videos[number], searched = video;
        IReadOnlyList<int> frames = video.Annotated;
        int place = random.Below(frames.Count), other;
        if (kind == PairKind.EasyNegative)
        {
            searched = videos[(number + 1 + random.Below(videos.Count - 1)) % videos.Count];
            other = random.Below(searched.Annotated.Count);
        }
        else
        {
            other = Partner(frames, place, kind == PairKind.HardNegative ? HardDistance + 1 : 1, ref random);
        }
        if (other < 0)
            return false;

        bool gray = random.Chance(Options.Gray);
        Alteration forExemplar = Alter(gray, ref random), forSearch = Alter(gray, ref random);
        int searchFrame = searched.Annotated[other];
        BoundingBox box = searched.Box(searchFrame)!.Value;
        double side = CropGeometry.ContextSide(box.Width, box.Height, Context) * SearchSize / ExemplarSize;
        if (!reader.TryCrop(searched, searchFrame, box.Center, side, SearchSize, forSearch, search)
            || !TryExemplar(kind, video, frames[place], ref random, reader, forExemplar, exemplar))
        {
            return false;
        }
        label = new PairLabel(kind, (float)(box.Width * SearchSize / side / forSearch.StretchX), (float)(box.Height * SearchSize / side / forSearch.StretchY));
        return true;
    }

    private bool TryExemplar(
        PairKind kind, TrainingVideo video, int frame, ref SceneRandom random, CropReader reader, in Alteration alteration, Span<float> exemplar)
    {
        BoundingBox box = video.Box(frame)!.Value;
        double side = CropGeometry.ContextSide(box.Width, box.Height, Context);
        if (kind != PairKind.HardNegative)
            return reader.TryCrop(video, frame, box.Center, side, ExemplarSize, alteration, exemplar);

        // The exemplar is cut from a corner of the search area. If that area is no larger than the exemplar, the exemplar is centered on a
        // corner of the area. Corners are tried until the exemplar's center lies in the frame.
        double away = Math.Max(side * ((double)SearchSize / ExemplarSize - 1) / 2, side / 2);
        int first = random.Below(4);
        for (int i = 0; i < 4; i++)
        {
            int corner = (first + i) & 3;
            (double X, double Y) center = (box.Center.X + ((corner & 1) == 0 ? -away : away), box.Center.Y + ((corner & 2) == 0 ? -away : away));
            if (!reader.TryCrop(video, frame, center, side, ExemplarSize, alteration, exemplar))
                return false;
            if (reader.IsInFrame(center))
                break;
        }
        return true;
    }

    /// <summary>
    /// The place in the list of another frame within the window, at least <paramref name="distance"/> frames away; -1 if there is none.
    /// </summary>
    private int Partner(IReadOnlyList<int> frames, int place, int distance, ref SceneRandom random)
    {
        int frame = frames[place];
        int first = FirstAtLeast(frames, frame - Options.Window), before = FirstAtLeast(frames, frame - distance + 1);
        int after = FirstAtLeast(frames, frame + distance), end = FirstAtLeast(frames, frame + Options.Window + 1);
        int early = Math.Max(0, before - first), late = Math.Max(0, end - after);
        if (early + late == 0)
            return -1;
        int choice = random.Below(early + late);
        return choice < early ? first + choice : after + choice - early;
    }

    private static int FirstAtLeast(IReadOnlyList<int> sorted, int value)
    {
        int low = 0, high = sorted.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (sorted[middle] < value)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private Alteration Alter(bool gray, ref SceneRandom random)
    {
        if (!Options.Augment)
            return new Alteration(1, 1, 0, 0, default, gray);
        return new Alteration(
            1 + Options.Stretch * random.Between(-1, 1), 1 + Options.Stretch * random.Between(-1, 1),
            Options.Translate * random.Between(-1, 1), Options.Translate * random.Between(-1, 1),
            Options.ColorJitter == 0 ? default : colors.Value.Draw(ref random, Options.ColorJitter), gray);
    }

    private ColorJitter MeasureColors()
    {
        int length = 3 * ExemplarSize * ExemplarSize;
        float[] pixels = new float[ColorSamples * length];
        int done = 0;
        CropReader reader = readers.Rent();
        for (int i = 0; done < ColorSamples && i < 4 * ColorSamples; i++)
        {
            var random = new SceneRandom(SceneRandom.Seed((ulong)Options.Seed, (ulong)i, 0, 3));
            TrainingVideo video = videos[random.Below(videos.Count)];
            int frame = video.Annotated[random.Below(video.Annotated.Count)];
            BoundingBox box = video.Box(frame)!.Value;
            double side = 2 * CropGeometry.ContextSide(box.Width, box.Height, Context);
            if (reader.TryCrop(video, frame, box.Center, side, ExemplarSize, new Alteration(1, 1, 0, 0, default, Gray: false), pixels.AsSpan(done * length, length)))
                done++;
        }
        readers.Return(reader);
        return ColorJitter.Of(pixels.AsSpan(0, done * length));
    }

    private static void RequireLength(Span<float> crop, int size, string name)
    {
        if (crop.Length != 3 * size * size)
            throw new ArgumentException($"{name}: expected {size} x {size} x 3 numbers, got {crop.Length}");
    }

    /// <summary>The crop readers that no thread is using.</summary>
    private sealed class CpuReaders(PairOptions options) : IDisposable
    {
        private readonly Stack<CropReader> free = new();

        public CropReader Rent()
        {
            lock (free)
            {
                if (free.TryPop(out CropReader? reader))
                    return reader;
            }
            return new CropReader(options);
        }

        public void Return(CropReader reader)
        {
            lock (free)
                free.Push(reader);
        }

        public void Dispose()
        {
            lock (free)
            {
                while (free.TryPop(out CropReader? reader))
                    reader.Dispose();
            }
        }
    }
}
