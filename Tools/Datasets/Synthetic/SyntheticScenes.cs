using System.Collections;

namespace SiamIlgpu.Datasets.Synthetic;

/// <summary>
/// Many <see cref="SyntheticScene"/>s of consecutive seeds. A scene is made when it is asked for, and the last ones asked
/// for are kept. Several threads may ask at once.
/// </summary>
public sealed class SyntheticScenes : IReadOnlyList<TrainingVideo>
{
    private readonly int firstSeed;
    private readonly int kept;
    private readonly ScenePictures? pictures;
    private readonly Lock access = new();
    private readonly Dictionary<int, LinkedListNode<(int Index, Lazy<SyntheticScene> Scene)>> places = [];
    private readonly LinkedList<(int Index, Lazy<SyntheticScene> Scene)> recent = [];

    /// <summary>Numbers the scenes; none is made yet.</summary>
    /// <param name="firstSeed">Seed of the first one.</param>
    /// <param name="count">How many, at least 1.</param>
    /// <param name="pictures">Pictures that surfaces may show; null for none.</param>
    /// <param name="kept">How many are kept, 2 to 4 MB each.</param>
    public SyntheticScenes(int firstSeed, int count, ScenePictures? pictures = null, int kept = 48)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(kept, 1);
        (this.firstSeed, Count, this.pictures, this.kept) = (firstSeed, count, pictures, kept);
    }

    /// <inheritdoc/>
    public int Count { get; }

    /// <summary>A scene, made now unless it is among those kept.</summary>
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

    // Made outside the lock, by the first who asks; others who ask for the same one wait for it.
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
