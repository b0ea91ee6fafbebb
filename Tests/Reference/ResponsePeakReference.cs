namespace SiamIlgpu.Tests.Reference;

/// <summary>The search for the peak, step by step as the papers' tracking loop has it, in double.</summary>
internal static class ResponsePeakReference
{
    /// <summary>What is found, and the mixed map [row, column] it is found in.</summary>
    internal static (PeakResult Result, double[,] Mixed) Search(in ResponsePeakSpec spec, float[] responses)
    {
        int r = spec.ResponseSize, n = spec.MapSize;
        int winner = -1;
        double best = double.NegativeInfinity;
        double[,] map = new double[n, n];
        double[,] own = new double[r, r];
        for (int scale = 0; scale < spec.Scales; scale++)
        {
            var small = new double[r, r];
            for (int i = 0; i < r * r; i++)
                small[i / r, i % r] = responses[scale * r * r + i];
            double[,] candidate = ImresizeReference.Resize(small, n, n);
            double score = candidate.Cast<double>().Max() * (scale == spec.Scales / 2 ? 1 : spec.ScalePenalty);
            if (score > best)
                (best, winner, map, own) = (score, scale, candidate, small);
        }

        double min = map.Cast<double>().Min();
        double sum = map.Cast<double>().Sum(v => v - min);
        // A constant, up to rounding, has no peak: the window alone decides.
        double share = sum > 1e-9 ? (1 - spec.WindowInfluence) / sum : 0;
        double[] hann = [.. Enumerable.Range(0, n).Select(i => 0.5 - 0.5 * Math.Cos(2 * Math.PI * i / (n - 1)))];
        double windowSum = hann.Sum() * hann.Sum();
        var mixed = new double[n, n];
        (int peakRow, int peakColumn) = (0, 0);
        for (int x = 0; x < n; x++)
            for (int y = 0; y < n; y++)
            {
                mixed[y, x] = share * (map[y, x] - min) + spec.WindowInfluence * hann[y] * hann[x] / windowSum;
                if (mixed[y, x] > mixed[peakRow, peakColumn])
                    (peakRow, peakColumn) = (y, x);
            }
        return (new PeakResult(winner, peakRow, peakColumn, (float)map.Cast<double>().Max(), (float)PeakToSidelobe(own)), mixed);
    }

    private static double PeakToSidelobe(double[,] response)
    {
        int n = response.GetLength(0);
        (int row, int column) = (0, 0);
        for (int x = 0; x < n; x++)
            for (int y = 0; y < n; y++)
                if (response[y, x] > response[row, column])
                    (row, column) = (y, x);
        List<double> far = [];
        for (int y = 0; y < n; y++)
            for (int x = 0; x < n; x++)
                if (Math.Max(Math.Abs(y - row), Math.Abs(x - column)) > 2)
                    far.Add(response[y, x]);
        if (far.Count == 0)
            return 0;
        double mean = far.Average();
        double deviation = Math.Sqrt(far.Average(v => (v - mean) * (v - mean)));
        return deviation > 0 ? (response[row, column] - mean) / deviation : 0;
    }
}
