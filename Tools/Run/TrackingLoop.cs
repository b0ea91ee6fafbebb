using System.Diagnostics;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Run;

/// <summary>Finds the targets in the next frame; in the first one, takes them.</summary>
/// <returns>One result a target, valid until the next call.</returns>
internal delegate ReadOnlySpan<TrackResult> Follow(Frame frame);

/// <summary>Hears of a frame that was tracked.</summary>
internal delegate void FrameTracked(Frame frame, ReadOnlySpan<TrackResult> results, double milliseconds);

/// <summary>Takes a tracker through a video, frame by frame, and keeps the time. What it holds does not grow with the video.</summary>
internal sealed class TrackingLoop
{
    private long waiting, tracking;

    /// <summary>Frames tracked, the first one included.</summary>
    internal int Frames { get; private set; }

    /// <summary>How often a target counted as lost in a frame.</summary>
    internal long Lost { get; private set; }

    /// <summary>Frames a second of the tracker alone, over all frames but the first.</summary>
    internal double FramesPerSecond => (Frames - 1.0) * Stopwatch.Frequency / tracking;

    /// <summary>Frames a second with the waiting for decoded frames, over all frames but the first.</summary>
    internal double FramesPerSecondWithDecoding => (Frames - 1.0) * Stopwatch.Frequency / (tracking + waiting);

    /// <summary>Goes on to the video's end.</summary>
    /// <param name="video">The video, at its first frame.</param>
    /// <param name="follow">The tracker.</param>
    /// <param name="tracked">Called after each frame, outside of the measured time.</param>
    /// <param name="most">How many frames to take at most.</param>
    /// <param name="cancel">Ends the video, even while it waits for a frame.</param>
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
