using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// The upsampled maps are stored column by column, as MATLAB stores and searches them: the pass down the columns of the
/// small response leaves columns of full height, and the pass along the rows then vectorizes down them.
/// Maps are float, sums are double. A map with a value that is not finite cannot win. If no map can win, the result is the middle scale and
/// the window's peak, with a response of NaN. If the winner is constant, the window alone decides.
/// </summary>
internal sealed unsafe class ResponsePeakCpu : ResponsePeak, IParallelWork
{
    private const int ColumnsPerTask = 32;
    private const int SidelobeDistance = 2;

    // Upsampling has four taps. A response with fewer values is filled up with zeros, and so are its weights.
    private const int Taps = 4;

    private readonly WorkerPool workers;
    private readonly BicubicTaps taps = new();
    private readonly CpuScratch memory = new();
    private readonly int tasksPerMap;
    private readonly long columnsPerScale;
    private readonly float* weights;   // [row or column of the map][4]
    private readonly float* column;    // one column of a response, then zeros
    private readonly float* columns;   // [scale][column of the response, then zeros][row of the map]
    private readonly float* maps;      // [scale][column][row]
    private readonly float* hann;      // [row], sum 1
    private readonly Extent[] extents;
    private readonly Peak[] peaks;

    // The arguments of the current call, which its tasks share.
    private bool mixing;
    private float* winner;
    private float floor, responseShare, windowShare;

    private PeakResult? result;

    internal ResponsePeakCpu(CpuDevice device, ResponsePeakSpec spec)
        : base(device, spec)
    {
        workers = device.Workers;
        int n = spec.MapSize;
        taps.Compute(spec.ResponseSize, n);
        columnsPerScale = (spec.ResponseSize + Taps - 1L) * n;
        long mapLength = (long)n * n;
        weights = memory.Reserve<float>(Taps * (long)n + spec.ResponseSize + Taps + spec.Scales * (columnsPerScale + mapLength) + n);
        column = weights + Taps * (long)n;
        columns = column + spec.ResponseSize + Taps;
        maps = columns + spec.Scales * columnsPerScale;
        hann = maps + spec.Scales * mapLength;
        for (int i = 0; i < n; i++)
            new Span<float>(taps.Weights + (long)i * taps.Count, taps.Count).CopyTo(new Span<float>(weights + (long)i * Taps, Taps));
        spec.HannWindow().CopyTo(new Span<float>(hann, n));
        tasksPerMap = n.DivideUp(ColumnsPerTask);
        extents = new Extent[spec.Scales * tasksPerMap];
        peaks = new Peak[tasksPerMap];
    }

    public override PeakResult Read() => result ?? throw new InvalidOperationException("response peak: read before the first search");

    public void Run(int task, int worker)
    {
        int first = task % tasksPerMap * ColumnsPerTask;
        int end = Math.Min(first + ColumnsPerTask, Spec.MapSize);
        if (mixing)
            peaks[task] = Mix(first, end);
        else
            extents[task] = Upsample(task / tasksPerMap, first, end);
    }

    protected override void ForwardCore(TensorView responses)
    {
        int n = Spec.MapSize;
        float* small = responses.Pointer();
        for (int scale = 0; scale < Spec.Scales; scale++)
            UpsampleDown(small + scale * Spec.ResponseSize * Spec.ResponseSize, columns + scale * columnsPerScale);
        mixing = false;
        workers.Run(this, Spec.Scales * tasksPerMap);

        (int scaleOfPeak, Extent extent) = Choose();
        Sidelobe sidelobe = Sidelobe.Of(small + scaleOfPeak * Spec.ResponseSize * Spec.ResponseSize, Spec.ResponseSize);

        // q = (v - min) / sum (v - min), mixed with the window. A constant response is recognized before upsampling, because the taps'
        // rounding makes the map not quite constant.
        double total = extent.Sum - (double)n * n * extent.Min;
        double share = (1 - (double)Spec.WindowInfluence) / total;
        bool undefined = sidelobe.Constant || !(total > 0) || !double.IsFinite(share) || share > float.MaxValue;
        winner = maps + (nint)scaleOfPeak * n * n;
        floor = undefined ? 0 : extent.Min;
        responseShare = undefined ? 0 : (float)share;
        windowShare = undefined ? 1 : Spec.WindowInfluence;
        if (!double.IsFinite(extent.Sum))
            new Span<float>(winner, checked(n * n)).Clear();
        mixing = true;
        workers.Run(this, tasksPerMap);

        Peak best = peaks[0];
        foreach (Peak peak in peaks)
        {
            if (peak.Value > best.Value)
                best = peak;
        }
        result = new PeakResult(scaleOfPeak, best.Row, best.Column, extent.Max, sidelobe.PeakToSidelobe);
    }

    protected override void Dispose(bool disposing)
    {
        taps.Dispose();
        memory.Dispose();
    }

    /// <summary>Upsamples the columns of a response [R,R] to columns of the map's height.</summary>
    private void UpsampleDown(float* response, float* to)
    {
        int r = Spec.ResponseSize, n = Spec.MapSize;
        for (int x = 0; x < r; x++, to += n)
        {
            for (int y = 0; y < r; y++)
                column[y] = response[y * r + x];
            for (int y = 0; y < n; y++)
                to[y] = Vector128.Dot(Vector128.Load(weights + y * Taps), Vector128.Load(column + taps.First[y]));
        }
    }

    /// <summary>Upsamples along the rows: computes columns [first, end) of one map, their least and greatest value and their sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Extent Upsample(int scale, int first, int end)
    {
        int n = Spec.MapSize;
        float max = float.NegativeInfinity, min = float.PositiveInfinity;
        double sum = 0;
        var maxLanes = Vector.Create(max);
        var minLanes = Vector.Create(min);
        Vector<double> sumLanes = default;
        for (int x = first; x < end; x++)
        {
            float* c0 = columns + scale * columnsPerScale + (nint)taps.First[x] * n;
            float* c1 = c0 + n, c2 = c1 + n, c3 = c2 + n;
            float* w = weights + x * Taps;
            var w0 = Vector.Create(w[0]);
            var w1 = Vector.Create(w[1]);
            var w2 = Vector.Create(w[2]);
            var w3 = Vector.Create(w[3]);
            float* to = maps + ((nint)scale * n + x) * n;
            int y = 0;
            for (; y <= n - Vector<float>.Count; y += Vector<float>.Count)
            {
                Vector<float> value = w0 * Vector.Load(c0 + y);
                value = Vector.MultiplyAddEstimate(w1, Vector.Load(c1 + y), value);
                value = Vector.MultiplyAddEstimate(w2, Vector.Load(c2 + y), value);
                value = Vector.MultiplyAddEstimate(w3, Vector.Load(c3 + y), value);
                value.Store(to + y);
                maxLanes = Vector.Max(maxLanes, value);
                minLanes = Vector.Min(minLanes, value);
                Vector.Widen(value, out Vector<double> low, out Vector<double> high);
                sumLanes += low + high;
            }
            for (; y < n; y++)
            {
                float value = w[0] * c0[y];
                value = float.MultiplyAddEstimate(w[1], c1[y], value);
                value = float.MultiplyAddEstimate(w[2], c2[y], value);
                value = float.MultiplyAddEstimate(w[3], c3[y], value);
                to[y] = value;
                max = Math.Max(max, value);
                min = Math.Min(min, value);
                sum += value;
            }
        }
        for (int i = 0; i < Vector<float>.Count; i++)
        {
            max = Math.Max(max, maxLanes[i]);
            min = Math.Min(min, minLanes[i]);
        }
        return new Extent(max, min, sum + Vector.Sum(sumLanes));
    }

    /// <summary>The scale with the highest peak after the penalty, which the middle scale does not get; of equal ones the first.</summary>
    private (int Scale, Extent Extent) Choose()
    {
        int middle = Spec.Scales / 2;
        var chosen = (Scale: middle, Extent: new Extent(float.NaN, float.NaN, double.NaN));
        float best = float.NegativeInfinity;
        for (int scale = 0; scale < Spec.Scales; scale++)
        {
            Extent extent = extents[scale * tasksPerMap];
            for (int task = 1; task < tasksPerMap; task++)
                extent = extent.And(extents[scale * tasksPerMap + task]);
            float score = scale == middle ? extent.Max : extent.Max * Spec.ScalePenalty;
            // In double, a sum is finite if and only if all its floats are.
            if (double.IsFinite(extent.Sum) && score > best)
            {
                best = score;
                chosen = (scale, extent);
            }
        }
        return chosen;
    }

    /// <summary>Mixes columns [first, end) of the winning map with the window, in place, and finds their first peak.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Peak Mix(int first, int end)
    {
        int n = Spec.MapSize;
        var best = new Peak(float.NegativeInfinity, 0, first);
        for (int x = first; x < end; x++)
        {
            float* map = winner + (nint)x * n;
            float share = windowShare * hann[x];
            float max = float.NegativeInfinity;
            var maxLanes = Vector.Create(max);
            int y = 0;
            for (; y <= n - Vector<float>.Count; y += Vector<float>.Count)
            {
                Vector<float> above = Vector.Load(map + y) - Vector.Create(floor);
                Vector<float> window = Vector.Create(share) * Vector.Load(hann + y);
                Vector<float> mixed = Vector.MultiplyAddEstimate(Vector.Create(responseShare), above, window);
                mixed.Store(map + y);
                maxLanes = Vector.Max(maxLanes, mixed);
            }
            for (; y < n; y++)
            {
                map[y] = float.MultiplyAddEstimate(responseShare, map[y] - floor, share * hann[y]);
                max = Math.Max(max, map[y]);
            }
            for (int i = 0; i < Vector<float>.Count; i++)
                max = Math.Max(max, maxLanes[i]);
            if (max > best.Value)
                best = new Peak(max, new Span<float>(map, n).IndexOf(max), x);
        }
        return best;
    }

    /// <summary>The least and greatest value and the sum of some columns of a map.</summary>
    private readonly record struct Extent(float Max, float Min, double Sum)
    {
        internal Extent And(Extent other) => new(Math.Max(Max, other.Max), Math.Min(Min, other.Min), Sum + other.Sum);
    }

    /// <summary>The highest of some columns' values.</summary>
    private readonly record struct Peak(float Value, int Row, int Column);

    /// <summary>How far the peak of a response rises above the values outside its neighborhood.</summary>
    private readonly record struct Sidelobe(float PeakToSidelobe, bool Constant)
    {
        internal static Sidelobe Of(float* response, int size)
        {
            (int row, int column) = (0, 0);
            float min = response[0];
            for (int x = 0; x < size; x++)
            {
                for (int y = 0; y < size; y++)
                {
                    float value = response[y * size + x];
                    min = Math.Min(min, value);
                    if (value > response[row * size + column])
                        (row, column) = (y, x);
                }
            }
            float peak = response[row * size + column];

            // Two passes, so that a small deviation around a large mean is not lost.
            int count = 0;
            double sum = 0, squares = 0;
            for (int y = 0; y < size; y++)
            {
                for (int x = 0; x < size; x++)
                {
                    if (IsFar(y, x))
                    {
                        count++;
                        sum += response[y * size + x];
                    }
                }
            }
            double mean = sum / count;
            for (int y = 0; y < size; y++)
            {
                for (int x = 0; x < size; x++)
                {
                    if (IsFar(y, x))
                    {
                        double difference = response[y * size + x] - mean;
                        squares += difference * difference;
                    }
                }
            }
            double deviation = Math.Sqrt(squares / count);
            double ratio = (peak - mean) / deviation;
            // If all values are equal, rounding in double makes the deviation smaller than this; if floats differ, it is larger.
            bool defined = count > 0 && deviation > 1e-12 * Math.Abs(mean) && double.IsFinite(ratio);
            return new Sidelobe(defined ? (float)ratio : 0, peak == min);

            bool IsFar(int y, int x) => Math.Abs(y - row) > SidelobeDistance || Math.Abs(x - column) > SidelobeDistance;
        }
    }
}
