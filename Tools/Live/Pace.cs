using System.Diagnostics;

namespace SiamIlgpu.Live;

/// <summary>Knows when the next frame is due, and measures how fast frames are shown.</summary>
internal sealed class Pace
{
    private const double UsualRate = 25;

    private static readonly long Smoothing = Stopwatch.Frequency / 2;

    private long period, due;
    private long windowStart, runStart, lastFrame;
    private int windowFrames, runFrames;

    /// <summary>Frames per second over the last half second; 0 before that.</summary>
    internal double FramesPerSecond { get; private set; }

    /// <summary>The video's frames per second.</summary>
    internal double Rate { get; private set; } = UsualRate;

    /// <summary>Whether frames are late because tracking or decoding takes too long.</summary>
    internal bool Behind { get; private set; }

    /// <summary>Frames since the last <see cref="Start"/>.</summary>
    internal int RunFrames => runFrames;

    /// <summary>Frames per second since the last <see cref="Start"/>.</summary>
    internal double RunFramesPerSecond => runFrames > 0 ? runFrames * (double)Stopwatch.Frequency / Math.Max(lastFrame - runStart, 1) : 0;

    /// <summary>Sets the rate: the video's, or no limit at full speed. 25 replaces a rate that is unknown or makes no sense.</summary>
    internal void Set(LiveSpeed speed, double? rate)
    {
        Rate = rate is > 0 and <= 1000 ? rate.Value : UsualRate;
        period = speed == LiveSpeed.Max ? 0 : (long)(Stopwatch.Frequency / Rate);
    }

    /// <summary>Starts to play: the next frame is due now.</summary>
    internal void Start(long now)
    {
        due = windowStart = runStart = now;
        windowFrames = runFrames = 0;
        Behind = false;
    }

    /// <summary>Stopwatch ticks until the next frame; 0 when it is due.</summary>
    internal long UntilDue(long now) => Math.Max(0, due - now);

    /// <summary>Counts a frame that began at <paramref name="start"/>. A video that fell behind goes on from here and does not catch up.</summary>
    internal void Count(long start, long now)
    {
        Behind = start - due > period;
        due = Behind ? start + period : due + period;
        lastFrame = now;
        runFrames++;
        windowFrames++;
        if (now - windowStart >= Smoothing)
        {
            FramesPerSecond = windowFrames * (double)Stopwatch.Frequency / (now - windowStart);
            windowStart = now;
            windowFrames = 0;
        }
    }
}
