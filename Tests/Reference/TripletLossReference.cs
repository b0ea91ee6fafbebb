namespace SiamIlgpu.Tests.Reference;

/// <summary>The triplet loss and its gradient, pair by pair, in double. All maps planar.</summary>
internal static class TripletLossReference
{
    /// <summary>The loss of each map, and the gradient of their mean.</summary>
    internal static (double[] Losses, double[] Gradient) Run(in TripletLossSpec spec, double[] scores, double[] labels)
    {
        int places = spec.Size * spec.Size;
        int[] all = [.. Enumerable.Range(0, scores.Length)];
        var losses = new double[spec.Batch];
        var gradient = new double[scores.Length];
        for (int map = 0; map < spec.Batch; map++)
        {
            int[] own = all[(map * places)..((map + 1) * places)];
            int[] positives = [.. own.Where(i => labels[i] > 0)];
            int[] negatives = spec.HardNegatives == 0
                ? [.. own.Where(i => labels[i] < 0)]
                : [.. all.Where(i => labels[i] < 0).OrderByDescending(i => scores[i]).Take(spec.HardNegatives)];   // a stable sort
            double share = 1.0 / positives.Length / negatives.Length;
            foreach (int p in positives)
                foreach (int n in negatives)
                {
                    double difference = scores[n] - scores[p];
                    double slope = share / (1 + Math.Exp(-difference)) / spec.Batch;
                    losses[map] += share * LogisticLossReference.Softplus(difference);
                    gradient[n] += slope;
                    gradient[p] -= slope;
                }
        }
        return (losses, gradient);
    }
}
