namespace SiamIlgpu.Training;

/// <summary>How the exemplar crop and the search crop of a pair are related.</summary>
public enum PairKind
{
    /// <summary>Both crops are centered on the same target.</summary>
    Positive,

    /// <summary>The search crop is from another video.</summary>
    EasyNegative,

    /// <summary>The exemplar crop shows background from the same video.</summary>
    HardNegative,
}

/// <summary>What is known about a pair.</summary>
/// <param name="Kind">Whether the search crop shows the exemplar's target.</param>
/// <param name="TargetWidth">Width of the search crop's target, in pixels of the crop.</param>
/// <param name="TargetHeight">Height of the search crop's target, in pixels of the crop.</param>
public readonly record struct PairLabel(PairKind Kind, float TargetWidth, float TargetHeight);

/// <summary>
/// A source of training pairs. An epoch and an index always give the same pair, in whatever order and on whatever thread it is read.
/// Several threads may read at once.
/// </summary>
public interface IPairSource
{
    /// <summary>Rows and columns of an exemplar crop, in pixels.</summary>
    int ExemplarSize { get; }

    /// <summary>Rows and columns of a search crop, in pixels.</summary>
    int SearchSize { get; }

    /// <summary>Number of pairs in an epoch.</summary>
    int Count { get; }

    /// <summary>Makes one pair. Crops are RGB 0..255, [size][size][3], row by row.</summary>
    /// <param name="epoch">Number of the epoch, from 0. Each epoch has other pairs.</param>
    /// <param name="index">Number of the pair in its epoch, from 0.</param>
    /// <param name="exemplar">Receives the exemplar crop.</param>
    /// <param name="search">Receives the search crop.</param>
    PairLabel Read(int epoch, int index, Span<float> exemplar, Span<float> search);
}
