using System.Diagnostics;

namespace SiamIlgpu.Live;

/// <summary>Decides when pages get the next message, so that showing a video does not slow down tracking it.</summary>
internal sealed class DisplayPolicy
{
    // Pages see every frame of a usual video if there is time for that. A browser takes 10 to 15 ms of a processor to show a frame. So
    // where the tracker uses the whole machine, pages get two frames per second for each processor, which is at most three per cent of
    // them all. Making the messages takes at most the same share of the time in any case.
    private const double RelaxedSeconds = 1 / 31.0, CostShare = 0.03;
    private const double RelaxedPictureSeconds = 0.15, BusyPictureSeconds = 0.5;

    private static readonly double BusySeconds = Math.Max(RelaxedSeconds, 1.0 / (2 * Environment.ProcessorCount));

    private long published, lastDisplay, lastPictures;
    private bool urgent;

    /// <summary>The version of the state to show. It grows with every change.</summary>
    internal long Version { get; private set; } = 1;

    /// <summary>Grows each time that responses and exemplars are shown again.</summary>
    internal int PictureVersion { get; private set; }

    /// <summary>How long the last message took to make, in milliseconds.</summary>
    internal double Milliseconds { get; private set; }

    /// <summary>Whether there is something that no message has shown.</summary>
    internal bool HasNews => published != Version;

    /// <summary>There is a new frame. Pages see it when there is time, or never, if another one comes first.</summary>
    internal void FrameChanged() => Version++;

    /// <summary>Something changed that people wait for: pages see it at once.</summary>
    internal void StateChanged()
    {
        Version++;
        urgent = true;
    }

    /// <summary>Stopwatch ticks until the next message.</summary>
    /// <param name="now">The current timestamp.</param>
    /// <param name="busy">Whether the tracker uses all the time that there is.</param>
    internal long UntilDue(long now, bool busy)
    {
        if (urgent)
            return 0;
        double seconds = Math.Max(busy ? BusySeconds : RelaxedSeconds, Milliseconds / 1000 / CostShare);
        return Math.Max(0, lastDisplay + (long)(seconds * Stopwatch.Frequency) - now);
    }

    /// <summary>Whether the next message needs new responses and exemplars. They cost more than the rest and change slowly.</summary>
    internal bool TakePictures(long now, bool busy)
    {
        double seconds = busy ? BusyPictureSeconds : RelaxedPictureSeconds;
        if (!urgent && now - lastPictures <= seconds * Stopwatch.Frequency)
            return false;
        lastPictures = now;
        PictureVersion++;
        return true;
    }

    /// <summary>Notes that a message with the current version was published.</summary>
    /// <param name="start">The time at which making it began.</param>
    internal void Displayed(long start)
    {
        published = Version;
        urgent = false;
        lastDisplay = Stopwatch.GetTimestamp();
        Milliseconds = Stopwatch.GetElapsedTime(start, lastDisplay).TotalMilliseconds;
    }
}
