namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// One thread takes map after map and compares each positive with its negatives, in double, because a negative's gradient adds up over the
/// positives of all maps. With d = v_n - v_p, nothing overflows: log(1 + exp(d)) = max(d, 0) + log(1 + e) with e = exp(-|d|), and its
/// slope 1 / (1 + exp(-d)) is 1 / (1 + e) or e / (1 + e). Many factors 1 + e are multiplied up
/// before one logarithm is taken.
/// </summary>
internal sealed class TripletLossCpu : TripletLoss
{
    // Factors are in 1..2, so a product of this many is below 2^512.
    private const int FactorsOfALogarithm = 512;

    private readonly double[] gradient;
    private readonly int[] negatives;
    private readonly int[] positives;

    internal TripletLossCpu(CpuDevice device, TripletLossSpec spec)
        : base(device, spec)
    {
        int places = spec.Size * spec.Size;
        gradient = new double[spec.Batch * places];
        positives = new int[places];
        negatives = new int[spec.HardNegatives == 0 ? places : Math.Min(spec.HardNegatives, spec.Batch * places)];
    }

    protected override void RunCore(TensorView scores, TensorView labels, TensorView losses, TensorView scoreGradient)
    {
        ReadOnlySpan<float> v = scores.Floats(), y = labels.Floats();
        Span<float> l = losses.Floats(), dv = scoreGradient.Floats();
        int places = Spec.Size * Spec.Size;
        Array.Clear(gradient);
        int negativeCount = Spec.HardNegatives == 0 ? 0 : FindHardest(v, y);
        for (int map = 0; map < Spec.Batch; map++)
        {
            int positiveCount = 0;
            if (Spec.HardNegatives == 0)
                negativeCount = 0;
            for (int i = map * places; i < (map + 1) * places; i++)
            {
                if (y[i] > 0)
                    positives[positiveCount++] = i;
                else if (y[i] < 0 && Spec.HardNegatives == 0)
                    negatives[negativeCount++] = i;
            }
            l[map] = (float)AddPairs(v, positives.AsSpan(0, positiveCount), negatives.AsSpan(0, negativeCount));
        }
        for (int i = 0; i < dv.Length; i++)
            dv[i] = (float)gradient[i];
    }

    /// <summary>The negatives of highest score, highest first, of equal ones the first; returns how many there are.</summary>
    private int FindHardest(ReadOnlySpan<float> v, ReadOnlySpan<float> y)
    {
        int found = 0;
        for (int i = 0; i < v.Length; i++)
        {
            if (!(y[i] < 0) || (found == negatives.Length && !(v[i] > v[negatives[found - 1]])))
                continue;
            int at = found < negatives.Length ? found++ : found - 1;
            for (; at > 0 && v[i] > v[negatives[at - 1]]; at--)
                negatives[at] = negatives[at - 1];
            negatives[at] = i;
        }
        return found;
    }

    /// <summary>The mean loss of all pairs; adds its gradient's share of the batch's.</summary>
    private double AddPairs(ReadOnlySpan<float> v, ReadOnlySpan<int> ofPositives, ReadOnlySpan<int> ofNegatives)
    {
        if (ofPositives.IsEmpty || ofNegatives.IsEmpty)
            return 0;
        double share = 1.0 / ofPositives.Length / ofNegatives.Length;
        double loss = 0, product = 1;
        int factors = 0;
        foreach (int p in ofPositives)
        {
            double slopes = 0;
            foreach (int n in ofNegatives)
            {
                double d = (double)v[n] - v[p];
                double e = Math.Exp(-Math.Abs(d));
                double slope = (d > 0 ? 1 : e) / (1 + e);
                gradient[n] += share / Spec.Batch * slope;
                slopes += slope;
                loss += Math.Max(d, 0);
                product *= 1 + e;
                if (++factors == FactorsOfALogarithm)
                {
                    loss += Math.Log(product);
                    (product, factors) = (1, 0);
                }
            }
            gradient[p] -= share / Spec.Batch * slopes;
        }
        return share * (loss + Math.Log(product));
    }
}
