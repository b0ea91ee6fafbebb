using System.Runtime.CompilerServices;
using ILGPU;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>The arguments of the kernels of the triplet loss.</summary>
internal readonly record struct TripletLossArguments
{
    /// <summary>Number of maps.</summary>
    internal int Batch { get; init; }

    /// <summary>Values of a map.</summary>
    internal int Places { get; init; }

    /// <summary>Number of negatives of the whole batch that a positive is compared with; 0 for all of its own map.</summary>
    internal int HardNegatives { get; init; }
}

/// <summary>
/// Three launches: the lists of positives and negatives; the pairs; the sums of the maps. No atomics are needed, because each place counts
/// the places before it in its list.
/// positives: a list for each map, from the map's first place on. negatives: likewise, or one list for the batch, hardest first.
/// isMet: 1 for the places in a list of negatives. counts: [map][positives, negatives that they meet].
/// </summary>
internal static class TripletLossKernels
{
    /// <summary>
    /// Threads of a group of <see cref="List"/> and <see cref="Pairs"/>: few, so that a batch of small maps makes many groups.
    /// </summary>
    internal const int Threads = 64;

    /// <summary>Threads of a group of <see cref="SumUp"/>.</summary>
    internal const int SumThreads = 256;

    /// <summary>Thread = one place.</summary>
    internal static void List(
        ArrayView<float> scores, ArrayView<float> labels, ArrayView<int> positives, ArrayView<int> negatives, ArrayView<int> isMet,
        ArrayView<int> counts, TripletLossArguments a)
    {
        int place = Grid.IdxX * Threads + Group.IdxX;
        if (place >= a.Batch * a.Places)
            return;
        int map = place / a.Places;
        int first = map * a.Places;
        int before = 0, ownPositives = 0;
        for (int i = first; i < first + a.Places; i++)
        {
            if (labels[i] > 0)
            {
                ownPositives++;
                if (i < place)
                    before++;
            }
        }

        bool ofBatch = a.HardNegatives > 0;
        int from = ofBatch ? 0 : first;
        int end = ofBatch ? a.Batch * a.Places : first + a.Places;
        int most = ofBatch ? a.HardNegatives : a.Places;
        int order = Order(scores[place]);
        int harder = 0, candidates = 0;
        for (int i = from; i < end; i++)
        {
            if (labels[i] < 0)
            {
                candidates++;
                int other = Order(scores[i]);
                bool earlier = other == order && i < place;
                if (other > order || earlier)
                    harder++;
            }
        }

        if (labels[place] > 0)
            positives[first + before] = place;
        bool met = labels[place] < 0 && harder < most;
        if (met)
            negatives[from + harder] = place;
        isMet[place] = met ? 1 : 0;
        if (place == first)
        {
            counts[2 * map] = ownPositives;
            counts[2 * map + 1] = Math.Min(candidates, most);
        }
    }

    /// <summary>
    /// Thread = one place. The derivative of log(1 + exp(n - p)) is 1 / (1 + exp(p - n)), for n; for p its negative. A negative of
    /// the batch has shares in all maps. losses: each positive's part of its map's.
    /// </summary>
    internal static void Pairs(
        ArrayView<float> scores, ArrayView<float> labels, ArrayView<int> positives, ArrayView<int> negatives, ArrayView<int> isMet,
        ArrayView<int> counts, ArrayView<float> losses, ArrayView<float> scoreGradient, TripletLossArguments a)
    {
        int place = Grid.IdxX * Threads + Group.IdxX;
        if (place >= a.Batch * a.Places)
            return;
        int map = place / a.Places;
        bool ofBatch = a.HardNegatives > 0;
        float score = scores[place];
        float count = counts[2 * map + 1];
        float loss = 0, gradient = 0;
        if (labels[place] > 0 && count > 0)
        {
            int first = ofBatch ? 0 : map * a.Places;
            float slopes = 0;
            for (int i = first; i < first + counts[2 * map + 1]; i++)
            {
                float difference = scores[negatives[i]] - score;
                loss += Exponentials.Softplus(difference);
                slopes += Exponentials.Sigmoid(difference);
            }
            float pairs = counts[2 * map] * count;
            loss /= pairs;
            gradient = -slopes / (pairs * a.Batch);
        }
        if (isMet[place] != 0)
        {
            int endMap = ofBatch ? a.Batch : map + 1;
            float means = 0;
            for (int other = ofBatch ? 0 : map; other < endMap; other++)
            {
                int first = other * a.Places;
                float slopes = 0;
                for (int i = first; i < first + counts[2 * other]; i++)
                    slopes += Exponentials.Sigmoid(score - scores[positives[i]]);
                means += counts[2 * other] > 0 ? slopes / counts[2 * other] : 0;
            }
            gradient = means / (count * a.Batch);
        }
        losses[place] = loss;
        scoreGradient[place] = gradient;
    }

    /// <summary>Group = one map.</summary>
    internal static void SumUp(ArrayView<float> lossesOfPlaces, ArrayView<float> losses, TripletLossArguments a)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(SumThreads);
        int t = Group.IdxX;
        int first = Grid.IdxX * a.Places;
        float loss = 0;
        for (int i = first + t; i < first + a.Places; i += SumThreads)
            loss += lossesOfPlaces[i];
        loss = Reductions.Sum(shared, SumThreads, loss);
        if (t == 0)
            losses[Grid.IdxX] = loss;
    }

    /// <summary>
    /// Integers in the order of the floats, the two zeros equal. NaN has its place too, so that no two negatives get the same.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Order(float value)
    {
        int bits = (int)Interop.FloatAsInt(value);
        return bits < 0 ? int.MinValue - bits : bits;
    }
}
