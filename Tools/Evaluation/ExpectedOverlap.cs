namespace SiamIlgpu.Evaluation;

/// <summary>
/// VOT's expected average overlap (Kristan et al., VOT2015): the overlap to expect on a sequence of typical length if the tracker is not
/// initialized again after it fails.
/// </summary>
public static class ExpectedOverlap
{
    /// <summary>
    /// The expected overlap on sequences of 1, 2, ... frames. Each run consists of fragments, which last from an initialization to the
    /// failure that ended them. After a failure the overlap stays 0. A fragment that lasted to the end of its sequence says nothing about
    /// longer sequences, so it does not count for them. Every fragment that counts has a mean overlap in frames 2..n, and the value at n is
    /// the mean of these. The first frame is given, and the value at 1 is 1.
    /// </summary>
    /// <param name="runs">The runs on all sequences.</param>
    /// <returns>One value per length, up to the longest sequence.</returns>
    public static IReadOnlyList<double> Curve(IReadOnlyCollection<VotRun> runs)
    {
        (double[] Overlaps, bool Failed)[] fragments = [.. runs.SelectMany(r => r.Fragments())];
        var curve = new double[runs.Max(r => r.Frames.Count)];
        var sums = new double[fragments.Length];
        curve[0] = 1;
        for (int length = 2; length <= curve.Length; length++)
        {
            double total = 0;
            int usable = 0;
            for (int i = 0; i < fragments.Length; i++)
            {
                (double[] overlaps, bool failed) = fragments[i];
                if (length <= overlaps.Length)
                    sums[i] += overlaps[length - 1];
                else if (!failed)
                    continue;
                total += sums[i] / (length - 1);
                usable++;
            }
            curve[length - 1] = usable == 0 ? 0 : total / usable;
        }
        return curve;
    }

    /// <summary>EAO: the mean of the curve over an interval of lengths.</summary>
    /// <param name="curve">The expected overlap for lengths from 1.</param>
    /// <param name="interval">The shortest and the longest length, both included. Lengths beyond the end of the curve are left out.</param>
    /// <returns>0..1; NaN when the curve ends before the interval begins.</returns>
    public static double Average(IReadOnlyList<double> curve, (int Low, int High) interval) =>
        curve.Skip(interval.Low - 1).Take(interval.High - interval.Low + 1).DefaultIfEmpty(double.NaN).Average();

    /// <summary>
    /// The typical lengths of a set of sequences, as VOT's toolkit finds them. The density of the lengths is estimated with Gaussian
    /// kernels. The interval begins at the peak of the density and grows toward the denser side until it contains half of the density. If
    /// all sequences have the same length, the interval is that length.
    /// </summary>
    /// <param name="lengths">Number of frames of each sequence; at least one sequence.</param>
    public static (int Low, int High) Interval(IReadOnlyCollection<int> lengths)
    {
        if (lengths.Distinct().Count() == 1)
            return (lengths.First(), lengths.First());
        double[] density = Density(lengths);
        // Element i of the array is for length i + 1. As in the toolkit, the interval reaches the longest length only when no other is
        // left.
        int low = Array.IndexOf(density, density.Max()), high = low;
        do
        {
            bool lowest = low == 0, highest = high + 1 >= density.Length - 1;
            if (lowest && highest)
                return (1, density.Length);
            if (!lowest && (highest || density[low - 1] > density[high + 1]))
                low--;
            else
                high++;
        }
        while (density[low..(high + 1)].Sum() < 0.5);
        return (low + 1, high + 1);
    }

    /// <summary>The density of lengths 1, 2, ..., up to the longest; its sum is 1.</summary>
    private static double[] Density(IReadOnlyCollection<int> lengths)
    {
        double mean = lengths.Average(), variance = lengths.Average(l => (l - mean) * (l - mean));
        double kernel = variance * KernelVariance([.. lengths.Select(l => (l - mean) / Math.Sqrt(variance))]);
        double[] density =
            [.. Enumerable.Range(1, lengths.Max()).Select(n => lengths.Sum(l => Math.Exp(-0.5 * (n - l) * (n - l) / kernel)))];
        double sum = density.Sum();
        return [.. density.Select(d => d / sum)];
    }

    // The variance of the kernel with the least expected error for points of variance 1: h^5 = 1 / (N * 2 sqrt(pi) * R) (Wand and Jones,
    // "Kernel Smoothing"). R is the integral of the squared second derivative of the density. It is estimated from all pairs of points with
    // a pilot kernel of variance g: the mean over pairs of the fourth derivative of a Gaussian, exp(-m/2) / sqrt(2 pi g) * (m^2 - 6m + 3) /
    // g^2, at m = distance^2 / g.
    private static double KernelVariance(double[] points)
    {
        int n = points.Length;
        double g = Math.Pow(4 / (3.0 * n), 0.4), roughness = 0;
        foreach (double a in points)
        {
            foreach (double b in points)
            {
                double m = (a - b) * (a - b) / g;
                roughness += Math.Exp(-m / 2) / Math.Sqrt(2 * Math.PI * g) * (m * m - 6 * m + 3) / (g * g);
            }
        }
        roughness /= (double)n * n;
        double h = Math.Pow(1 / (n * 2 * Math.Sqrt(Math.PI) * roughness), 0.2);
        return h * h;
    }
}
