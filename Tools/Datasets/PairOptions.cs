using SiamIlgpu.Datasets.Synthetic;

namespace SiamIlgpu.Datasets;

/// <summary>How training pairs are drawn and altered; the defaults are those of SiamFC and CFNet.</summary>
public sealed record PairOptions
{
    /// <summary>Rows and columns of an exemplar crop, in pixels.</summary>
    public int ExemplarSize { get; init; } = 127;

    /// <summary>Rows and columns of a search crop, in pixels: 255, or 239 for SiamFC of 2016.</summary>
    public int SearchSize { get; init; } = 255;

    /// <summary>Pairs of an epoch.</summary>
    public int Count { get; init; } = 53_200;

    /// <summary>Another number is other pairs.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Most frames between exemplar and search.</summary>
    public int Window { get; init; } = 100;

    /// <summary>Share of pairs whose search is of another video, 0..1.</summary>
    public float EasyNegatives { get; init; }

    /// <summary>Share of pairs whose exemplar is background of the same video, 0..1. The rest is positive.</summary>
    public float HardNegatives { get; init; }

    /// <summary>Whether crops are altered: stretched, moved, their colors changed. Not for validation.</summary>
    public bool Augment { get; init; } = true;

    /// <summary>Most stretch of either axis, each way.</summary>
    public float Stretch { get; init; } = 0.05f;

    /// <summary>Most shift along either axis, in crop pixels.</summary>
    public float Translate { get; init; } = 4;

    /// <summary>Change of color along the principal axes of the data's colors, in their standard deviations.</summary>
    public float ColorJitter { get; init; } = 0.1f;

    /// <summary>Share of pairs turned gray, 0..1: 0.25 for the gray networks. Not altered by <see cref="Augment"/>.</summary>
    public float Gray { get; init; }

    /// <summary>
    /// Pairs that are drawn from a video once it is at hand: 1 for files, more for videos that are costly to open, as
    /// <see cref="SyntheticScenes"/> are. <see cref="VideosAtOnce"/> videos take turns, so that a batch is of many.
    /// </summary>
    public int PairsPerVisit { get; init; } = 1;

    /// <summary>Videos that take turns while <see cref="PairsPerVisit"/> is more than 1; keep as many scenes at least.</summary>
    public int VideosAtOnce { get; init; } = 32;

    /// <summary>The margin around a crop that stretch and shift may move into it, in crop pixels.</summary>
    internal int MarginOf(int size) => Augment ? (int)MathF.Ceiling(Translate + Stretch * size / 2) + 2 : 0;

    internal void Validate()
    {
        Positive(ExemplarSize, nameof(ExemplarSize));
        Positive(SearchSize, nameof(SearchSize));
        Positive(Count, nameof(Count));
        Positive(Window, nameof(Window));
        Positive(PairsPerVisit, nameof(PairsPerVisit));
        Positive(VideosAtOnce, nameof(VideosAtOnce));
        Within(EasyNegatives, 1, nameof(EasyNegatives));
        Within(HardNegatives, 1, nameof(HardNegatives));
        Within(EasyNegatives + HardNegatives, 1, $"{nameof(EasyNegatives)} + {nameof(HardNegatives)}");
        Within(Gray, 1, nameof(Gray));
        Within(Stretch, 0.5f, nameof(Stretch));
        Within(Translate, SearchSize / 2, nameof(Translate));
        Within(ColorJitter, 10, nameof(ColorJitter));
        if (SearchSize < ExemplarSize)
            throw new ArgumentException($"{nameof(SearchSize)}: at least {nameof(ExemplarSize)} {ExemplarSize}, got {SearchSize}");
    }

    private static void Positive(int value, string name)
    {
        if (value < 1)
            throw new ArgumentException($"{name}: at least 1, got {value}");
    }

    private static void Within(float value, float most, string name)
    {
        if (!(value >= 0 && value <= most))
            throw new ArgumentException($"{name}: from 0 to {most}, got {value}");
    }
}
