namespace SiamIlgpu.Training;

/// <summary>What exemplar and search of a pair have to do with each other.</summary>
public enum PairKind
{
    /// <summary>Both are centered on the same target.</summary>
    Positive,

    /// <summary>The search is of another video.</summary>
    EasyNegative,

    /// <summary>The exemplar is background of the same video.</summary>
    HardNegative,
}

/// <summary>What is known of a pair.</summary>
/// <param name="Kind">Whether the search shows the exemplar's target.</param>
/// <param name="TargetWidth">Width of the search's target, in pixels of the search crop.</param>
/// <param name="TargetHeight">Height of the search's target, in pixels of the search crop.</param>
public readonly record struct PairLabel(PairKind Kind, float TargetWidth, float TargetHeight);

/// <summary>
/// Training pairs by number: the same numbers give the same pair, in whatever order and on whatever thread it is asked for.
/// Several threads may read at once.
/// </summary>
public interface IPairSource
{
    /// <summary>Rows and columns of an exemplar crop, in pixels.</summary>
    int ExemplarSize { get; }

    /// <summary>Rows and columns of a search crop, in pixels.</summary>
    int SearchSize { get; }

    /// <summary>Pairs of an epoch.</summary>
    int Count { get; }

    /// <summary>Makes one pair. Crops are RGB 0..255, [size][size][3].</summary>
    /// <param name="epoch">Number of the epoch, from 0; another epoch has other pairs.</param>
    /// <param name="index">Number of the pair in its epoch.</param>
    /// <param name="exemplar">Receives the exemplar crop.</param>
    /// <param name="search">Receives the search crop.</param>
    PairLabel Read(int epoch, int index, Span<float> exemplar, Span<float> search);
}
