using SiamIlgpu.Datasets.Synthetic;

namespace SiamIlgpu.Datasets;

/// <summary>How training pairs are drawn and altered. The defaults are those of SiamFC and CFNet.</summary>
public sealed record PairOptions
{
    /// <summary>Rows and columns of an exemplar crop, in pixels.</summary>
    public int ExemplarSize { get; init; } = 127;

    /// <summary>Rows and columns of a search crop, in pixels: 255, or 239 for SiamFC of 2016.</summary>
    public int SearchSize { get; init; } = 255;

    /// <summary>Number of pairs in an epoch.</summary>
    public int Count { get; init; } = 53_200;

    /// <summary>The seed of the random numbers. Another seed gives other pairs.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The largest distance between the frames of exemplar and search crop, in frames.</summary>
    public int Window { get; init; } = 100;

    /// <summary>Share of pairs whose search crop comes from another video, 0..1.</summary>
    public float EasyNegatives { get; init; }

    /// <summary>Share of pairs whose exemplar shows background of the same video, 0..1. All other pairs are positive.</summary>
    public float HardNegatives { get; init; }

    /// <summary>Whether crops are stretched and shifted and their colors changed. Set it to false for validation.</summary>
    public bool Augment { get; init; } = true;

    /// <summary>The largest stretch of each axis in either direction, as a share: 0.05 is five percent.</summary>
    public float Stretch { get; init; } = 0.05f;

    /// <summary>The largest shift along each axis in either direction, in crop pixels.</summary>
    public float Translate { get; init; } = 4;

    /// <summary>How much colors change along the principal axes of the data's colors, in standard deviations.</summary>
    public float ColorJitter { get; init; } = 0.1f;

    /// <summary>Share of pairs that are turned gray, 0..1: 0.25 for gray networks. It does not depend on <see cref="Augment"/>.</summary>
    public float Gray { get; init; }

    /// <summary>
    /// Number of pairs that are drawn from a video before another video takes its turn: 1 for files, more for videos that take long to
    /// open, such as <see cref="SyntheticScenes"/>. <see cref="VideosAtOnce"/> videos alternate, so that a batch contains many of them.
    /// </summary>
    public int PairsPerVisit { get; init; } = 1;

    /// <summary>
    /// Number of videos that alternate if <see cref="PairsPerVisit"/> is more than 1. <see cref="SyntheticScenes"/> should keep at least as
    /// many scenes.
    /// </summary>
    public int VideosAtOnce { get; init; } = 32;

    /// <summary>The width of the margin around a crop that a stretch or shift can move into the crop, in crop pixels.</summary>
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
