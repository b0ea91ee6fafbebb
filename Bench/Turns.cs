using System.Diagnostics;

namespace SiamIlgpu.Bench;

/// <summary>The middle of many timings and how far they spread, in milliseconds.</summary>
internal readonly record struct Timing(double Median, double Percentile10, double Percentile90)
{
    internal static Timing Of(List<double> milliseconds)
    {
        milliseconds.Sort();
        return new Timing(At(0.5), At(0.1), At(0.9));

        double At(double share) => milliseconds[(int)Math.Round(share * (milliseconds.Count - 1))];
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Median:F2} ms ({Percentile10:F2} .. {Percentile90:F2})";
}

/// <summary>
/// Times two pieces of work by turns in one process, so that whatever else the machine does falls on both alike.
/// <para>
/// Threads of either may spin for a while after their work, for more that does not come (ONNX Runtime's do for tens of
/// milliseconds), and would take a core from the other. So each turn waits until the process is idle, then runs for ten
/// milliseconds, at least once, without counting: that pays for woken threads and processors, and for the other's traces in the
/// caches (a pass of one millisecond took twice as long right after the wait as five passes later). The next two runs follow
/// without a gap, as both would like it. Who goes first changes from round to round.
/// </para>
/// </summary>
internal static class Turns
{
    private const int RunsPerTurn = 2;
    private const double UncountedMilliseconds = 10;
    private const int WarmUpRounds = 3;

    // The kernel brings the processor time of running threads up to date every few milliseconds: shorter looks see nothing.
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan IdleEnough = TimeSpan.FromMilliseconds(2);
    private const int MostLooks = 50;

    /// <summary>Counts two runs of each in every round.</summary>
    internal static (Timing First, Timing Second) Time(Action first, Action second, int rounds)
    {
        var ofFirst = new List<double>();
        var ofSecond = new List<double>();
        for (int round = -WarmUpRounds; round < rounds; round++)
        {
            if (round == 0)
            {
                ofFirst.Clear();
                ofSecond.Clear();
            }
            bool firstLeads = round % 2 == 0;
            Turn(firstLeads ? first : second, firstLeads ? ofFirst : ofSecond);
            Turn(firstLeads ? second : first, firstLeads ? ofSecond : ofFirst);
        }
        return (Timing.Of(ofFirst), Timing.Of(ofSecond));
    }

    private static void Turn(Action work, List<double> milliseconds)
    {
        WaitUntilIdle();
        long begin = Stopwatch.GetTimestamp();
        do
            work();
        while (Stopwatch.GetElapsedTime(begin).TotalMilliseconds < UncountedMilliseconds);
        for (int run = 0; run < RunsPerTurn; run++)
        {
            long start = Stopwatch.GetTimestamp();
            work();
            milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
    }

    /// <summary>Waits until the process takes no more processor time, or for a second.</summary>
    internal static void WaitUntilIdle()
    {
        for (int look = 0; look < MostLooks; look++)
        {
            TimeSpan before = Environment.CpuUsage.TotalTime;
            Thread.Sleep(Look);
            if (Environment.CpuUsage.TotalTime - before < IdleEnough)
                return;
        }
    }
}
