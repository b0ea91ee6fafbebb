using System.Diagnostics;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Run;

/// <summary>Tracks the targets into the next frame. In the first frame it starts at the given boxes.</summary>
/// <returns>One result for each target, valid until the next call.</returns>
internal delegate ReadOnlySpan<TrackResult> Follow(Frame frame);

/// <summary>Is called after each tracked frame.</summary>
internal delegate void FrameTracked(Frame frame, ReadOnlySpan<TrackResult> results, double milliseconds);

/// <summary>Runs a tracker through a video and measures the time. Its memory does not grow with the video.</summary>
internal sealed class TrackingLoop
{
    private long waiting, tracking;

    /// <summary>Number of frames, including the first.</summary>
    internal int Frames { get; private set; }

    /// <summary>In how many frames a target was lost, summed over the targets.</summary>
    internal long Lost { get; private set; }

    /// <summary>Frames per second of the tracker alone, without the first frame.</summary>
    internal double FramesPerSecond => (Frames - 1.0) * Stopwatch.Frequency / tracking;

    /// <summary>Frames per second including the time spent waiting for decoded frames, without the first frame.</summary>
    internal double FramesPerSecondWithDecoding => (Frames - 1.0) * Stopwatch.Frequency / (tracking + waiting);

    /// <summary>Tracks to the end of the video.</summary>
    /// <param name="video">The video, at its first frame.</param>
    /// <param name="follow">The tracker.</param>
    /// <param name="tracked">Called after each frame. Its time is not measured.</param>
    /// <param name="most">The greatest number of frames.</param>
    /// <param name="cancel">Ends the video early, also while it waits for a frame.</param>
    internal void Run(FrameSource video, Follow follow, FrameTracked tracked, int most = int.MaxValue, CancellationToken cancel = default)
    {
        using CancellationTokenRegistration stop = cancel.Register(video.Stop);
        while (Frames < most && !cancel.IsCancellationRequested)
        {
            long start = Stopwatch.GetTimestamp();
            Frame? frame = video.Read();
            long decoded = Stopwatch.GetTimestamp();
            if (frame is null)
                break;
            ReadOnlySpan<TrackResult> results = follow(frame);
            long done = Stopwatch.GetTimestamp();
            if (Frames++ > 0)
            {
                waiting += decoded - start;
                tracking += done - decoded;
            }
            foreach (TrackResult result in results)
                Lost += result.Lost ? 1 : 0;
            tracked(frame, results, Stopwatch.GetElapsedTime(decoded, done).TotalMilliseconds);
        }
    }
}
