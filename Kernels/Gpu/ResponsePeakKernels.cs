using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Algorithms;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>The arguments of the kernels of the search for the response's peak.</summary>
internal readonly record struct ResponsePeakArguments
{
    /// <summary>Values of a map that a group of threads computes.</summary>
    internal const int Stretch = 2048;

    /// <summary>Number of responses.</summary>
    internal int Scales { get; init; }

    /// <summary>Rows and columns of a response.</summary>
    internal int ResponseSize { get; init; }

    /// <summary>Rows and columns of an upsampled map.</summary>
    internal int MapSize { get; init; }

    /// <summary>Taps of the upsampling.</summary>
    internal int Taps { get; init; }

    /// <summary>Groups of threads that share a map.</summary>
    internal int Groups { get; init; }

    /// <summary>Multiplies the peaks of all but the middle scale when the winner is chosen.</summary>
    internal float ScalePenalty { get; init; }

    /// <summary>Share of the window in the final map.</summary>
    internal float WindowInfluence { get; init; }
}

/// <summary>What the search found, as it comes from the device: eight floats, of which the first four count.</summary>
internal static class ResponsePeakFound
{
    /// <summary>Index of the winning scale.</summary>
    internal const int Scale = 0;

    /// <summary>Place of the peak in the map, column by column.</summary>
    internal const int Place = 1;

    /// <summary>Highest value of the winner's map.</summary>
    internal const int Response = 2;

    /// <summary>(peak - mean) / deviation of the winner's response.</summary>
    internal const int PeakToSidelobe = 3;

    /// <summary>Number of floats.</summary>
    internal const int Length = 8;
}

/// <summary>
/// Three launches: the upsampled maps with what is known of each stretch; the winner's map mixed with the window, with each
/// stretch's peak; the peak of peaks. Each needs all groups of the one before. Maps lie column by column, as MATLAB searches
/// them; a group takes a stretch of <see cref="Stretch"/> values. extents: [scale][group][greatest, least, sum];
/// peaks: [group][value, place].
/// </summary>
internal static class ResponsePeakKernels
{
    internal const int Threads = 256;

    private const int Stretch = ResponsePeakArguments.Stretch;
    private const int SidelobeDistance = 2;

    /// <summary>
    /// Group (x, y) = stretch x of map y; a thread takes every 256th value. first, weights: the taps, for rows and columns alike.
    /// </summary>
    internal static void Upsample(
        ArrayView<float> responses, ArrayView<int> first, ArrayView<float> weights, ArrayView<float> maps, ArrayView<float> extents,
        ResponsePeakArguments a)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(Threads);
        int t = Group.IdxX;
        int n = a.MapSize;
        int response = Grid.IdxY * a.ResponseSize * a.ResponseSize;
        float greatest = float.NegativeInfinity, least = float.PositiveInfinity, sum = 0;
        int end = Math.Min((Grid.IdxX + 1) * Stretch, n * n);
        for (int i = Grid.IdxX * Stretch + t; i < end; i += Threads)
        {
            int x = i / n;
            int y = i - x * n;
            float value = 0;
            for (int v = 0; v < a.Taps; v++)
            {
                int row = response + (first[y] + v) * a.ResponseSize + first[x];
                float along = 0;
                for (int u = 0; u < a.Taps; u++)
                    along += weights[x * a.Taps + u] * responses[row + u];
                value += weights[y * a.Taps + v] * along;
            }
            maps[Grid.IdxY * n * n + i] = value;
            greatest = Reductions.Greater(greatest, value);
            least = Reductions.Less(least, value);
            sum += value;
        }
        greatest = Reductions.Greatest(shared, Threads, greatest);
        least = -Reductions.Greatest(shared, Threads, -least);
        sum = Reductions.Sum(shared, Threads, sum);
        if (t == 0)
        {
            int to = (Grid.IdxY * a.Groups + Grid.IdxX) * 3;
            extents[to] = greatest;
            extents[to + 1] = least;
            extents[to + 2] = sum;
        }
    }

    /// <summary>
    /// Group x = stretch x of the winner's map: q = (v - min) / sum (v - min), mixed with the Hann window. Each group chooses the
    /// winner itself, which is cheaper than a launch of its own. A response that is constant has no q: the window decides.
    /// found: the winner's scale and response.
    /// </summary>
    internal static void Mix(
        ArrayView<float> responses, ArrayView<float> maps, ArrayView<float> extents, ArrayView<float> hann, ArrayView<float> peaks,
        ArrayView<float> found, ResponsePeakArguments a)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(Threads);
        ArrayView<int> places = SharedMemory.Allocate<int>(Threads);
        int t = Group.IdxX;
        int n = a.MapSize;
        int middle = a.Scales / 2;
        int winner = middle;
        float best = float.NegativeInfinity, floor = 0, total = 0, response = float.NaN;
        for (int scale = 0; scale < a.Scales; scale++)
        {
            float greatest = float.NegativeInfinity, least = float.PositiveInfinity, sum = 0;
            for (int i = t; i < a.Groups; i += Threads)
            {
                int from = (scale * a.Groups + i) * 3;
                greatest = Reductions.Greater(greatest, extents[from]);
                least = Reductions.Less(least, extents[from + 1]);
                sum += extents[from + 2];
            }
            greatest = Reductions.Greatest(shared, Threads, greatest);
            least = -Reductions.Greatest(shared, Threads, -least);
            sum = Reductions.Sum(shared, Threads, sum);
            float score = scale == middle ? greatest : greatest * a.ScalePenalty;
            // A value that is not finite makes the sum not finite; such a map cannot win.
            if (IsFinite(sum) && score > best)
            {
                best = score;
                winner = scale;
                floor = least;
                total = sum - n * n * least;
                response = greatest;
            }
        }

        // Used before any branch, because ILGPU loads a shared value that only a branch needs inside that branch, even if there is a barrier
        // in between.
        bool constant = IsConstant(responses, shared, winner, a);
        float share = (1 - a.WindowInfluence) / total;
        bool undefined = !(total > 0) || !IsFinite(share) || constant;
        float windowShare = undefined ? 1 : a.WindowInfluence;
        float peak = float.NegativeInfinity;
        int place = 0;
        int end = Math.Min((Grid.IdxX + 1) * Stretch, n * n);
        for (int i = Grid.IdxX * Stretch + t; i < end; i += Threads)
        {
            int x = i / n;
            float window = windowShare * hann[x] * hann[i - x * n];
            float mixed = undefined ? window : share * (maps[winner * n * n + i] - floor) + window;
            if (mixed > peak)
            {
                peak = mixed;
                place = i;
            }
        }
        place = Reductions.PlaceOfGreatest(shared, places, Threads, peak, place);
        if (t == 0)
        {
            peaks[Grid.IdxX * 2] = shared[0];
            peaks[Grid.IdxX * 2 + 1] = place;
            if (Grid.IdxX == 0)
            {
                found[ResponsePeakFound.Scale] = winner;
                found[ResponsePeakFound.Response] = response;
            }
        }
    }

    /// <summary>One group: the first of the highest peaks, and how far the winner's response stands out.</summary>
    internal static void Finish(ArrayView<float> responses, ArrayView<float> peaks, ArrayView<float> found, ResponsePeakArguments a)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(Threads);
        ArrayView<int> places = SharedMemory.Allocate<int>(Threads);
        int t = Group.IdxX;
        float peak = float.NegativeInfinity;
        int place = 0;
        for (int i = t; i < a.Groups; i += Threads)
        {
            if (peaks[2 * i] > peak)
            {
                peak = peaks[2 * i];
                place = (int)peaks[2 * i + 1];
            }
        }
        int placeOfPeak = Reductions.PlaceOfGreatest(shared, places, Threads, peak, place);

        // The response at its own resolution: its peak, then mean and deviation of what is not close to it.
        int r = a.ResponseSize;
        int response = (int)found[ResponsePeakFound.Scale] * r * r;
        peak = float.NegativeInfinity;
        place = 0;
        for (int i = t; i < r * r; i += Threads)
        {
            float value = responses[response + i % r * r + i / r];
            if (value > peak)
            {
                peak = value;
                place = i;
            }
        }
        place = Reductions.PlaceOfGreatest(shared, places, Threads, peak, place);
        int row = place % r;
        int column = place / r;
        peak = responses[response + row * r + column];

        float sum = 0, count = 0, greatest = float.NegativeInfinity, least = float.PositiveInfinity;
        for (int i = t; i < r * r; i += Threads)
        {
            if (IsFar(i % r - column, i / r - row))
            {
                float value = responses[response + i];
                sum += value;
                count += 1;
                greatest = Reductions.Greater(greatest, value);
                least = Reductions.Less(least, value);
            }
        }
        count = Reductions.Sum(shared, Threads, count);
        float mean = Reductions.Sum(shared, Threads, sum) / count;
        greatest = Reductions.Greatest(shared, Threads, greatest);
        least = -Reductions.Greatest(shared, Threads, -least);
        float squares = 0;
        for (int i = t; i < r * r; i += Threads)
        {
            if (IsFar(i % r - column, i / r - row))
            {
                float difference = responses[response + i] - mean;
                squares += difference * difference;
            }
        }
        float deviation = XMath.Sqrt(Reductions.Sum(shared, Threads, squares) / count);
        float ratio = (peak - mean) / deviation;
        if (t == 0)
        {
            found[ResponsePeakFound.Place] = placeOfPeak;
            found[ResponsePeakFound.PeakToSidelobe] = greatest > least && IsFinite(ratio) ? ratio : 0;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsFar(int columns, int rows) =>
        columns > SidelobeDistance || columns < -SidelobeDistance || rows > SidelobeDistance || rows < -SidelobeDistance;

    /// <summary>Whether all values of a response are the same; upsampling would not keep them so.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsConstant(ArrayView<float> responses, ArrayView<float> shared, int scale, ResponsePeakArguments a)
    {
        int length = a.ResponseSize * a.ResponseSize;
        float greatest = float.NegativeInfinity, least = float.PositiveInfinity;
        for (int i = Group.IdxX; i < length; i += Threads)
        {
            greatest = Reductions.Greater(greatest, responses[scale * length + i]);
            least = Reductions.Less(least, responses[scale * length + i]);
        }
        return Reductions.Greatest(shared, Threads, greatest) == -Reductions.Greatest(shared, Threads, -least);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsFinite(float value) => value - value == 0;
}
