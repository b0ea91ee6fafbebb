using System.Collections;

namespace SiamIlgpu.Datasets.Synthetic;

/// <summary>
/// A list of <see cref="SyntheticScene"/> videos with consecutive seeds. A scene is made when it is needed, and the scenes that were used
/// last are kept. Thread-safe.
/// </summary>
/// <example>
/// <code>
/// var scenes = new SyntheticScenes(firstSeed: 1, count: 10_000);
/// using var pairs = new PairSampler(scenes, new PairOptions { Count = 4000, PairsPerVisit = 8 });
/// </code>
/// </example>
public sealed class SyntheticScenes : IReadOnlyList<TrainingVideo>
{
    private readonly int firstSeed;
    private readonly int kept;
    private readonly ScenePictures? pictures;
    private readonly Lock access = new();
    private readonly Dictionary<int, LinkedListNode<(int Index, Lazy<SyntheticScene> Scene)>> places = [];
    private readonly LinkedList<(int Index, Lazy<SyntheticScene> Scene)> recent = [];

    /// <summary>Makes the list. No scene is made yet.</summary>
    /// <param name="firstSeed">The seed of the first scene.</param>
    /// <param name="count">Number of scenes, at least 1.</param>
    /// <param name="pictures">Pictures that surfaces may show; null for none.</param>
    /// <param name="kept">Number of scenes that are kept in memory, at least 1. A scene takes 2 to 4 MB.</param>
    public SyntheticScenes(int firstSeed, int count, ScenePictures? pictures = null, int kept = 48)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(kept, 1);
        (this.firstSeed, Count, this.pictures, this.kept) = (firstSeed, count, pictures, kept);
    }

    /// <inheritdoc/>
    public int Count { get; }

    /// <summary>The scene with this number. It is made now unless it is still kept.</summary>
    public TrainingVideo this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            return Find(index).Value;
        }
    }

    /// <inheritdoc/>
    public IEnumerator<TrainingVideo> GetEnumerator()
    {
        for (int i = 0; i < Count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    // A scene is made outside the lock, by the first thread that needs it. Other threads that need it wait for that thread.
    private Lazy<SyntheticScene> Find(int index)
    {
        lock (access)
        {
            if (places.TryGetValue(index, out LinkedListNode<(int Index, Lazy<SyntheticScene> Scene)>? place))
            {
                recent.Remove(place);
                recent.AddFirst(place);
                return place.Value.Scene;
            }
            if (recent.Count == kept)
            {
                places.Remove(recent.Last!.Value.Index);
                recent.RemoveLast();
            }
            Lazy<SyntheticScene> scene = new(() => new SyntheticScene(firstSeed + index, pictures));
            places.Add(index, recent.AddFirst((index, scene)));
            return scene;
        }
    }
}
