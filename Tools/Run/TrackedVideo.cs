using System.Diagnostics;
using SiamIlgpu.Data;

namespace SiamIlgpu.Run;

/// <summary>What tracking one video gave: a result for every frame, and where the time went.</summary>
internal sealed class TrackedVideo
{
    private readonly List<TrackResult> results = [];
    private readonly List<double> milliseconds = [];

    /// <summary>One result a frame; the first is the given box.</summary>
    internal IReadOnlyList<TrackResult> Results => results;

    /// <summary>Milliseconds that the tracker took for each frame, decoding not counted.</summary>
    internal IReadOnlyList<double> Milliseconds => milliseconds;

    /// <summary>Frames a second of the tracker alone, over all frames but the first.</summary>
    internal double FramesPerSecond { get; private set; }

    /// <summary>Frames a second with the waiting for decoded frames, over all frames but the first.</summary>
    internal double FramesPerSecondWithDecoding { get; private set; }

    /// <summary>Tracks one target from the first frame to the last.</summary>
    /// <param name="tracker">The tracker.</param>
    /// <param name="video">The video, at its first frame.</param>
    /// <param name="box">The target in the first frame.</param>
    /// <param name="seen">Called after each frame, outside of the measured time.</param>
    internal static TrackedVideo Of(Tracker tracker, FrameSource video, BoundingBox box, Action<Frame, TrackResult> seen)
    {
        var tracked = new TrackedVideo();
        long waiting = 0, tracking = 0;
        while (true)
        {
            long start = Stopwatch.GetTimestamp();
            Frame? frame = video.Read();
            long decoded = Stopwatch.GetTimestamp();
            if (frame is null)
                break;
            bool first = tracked.results.Count == 0;
            TrackResult result = first ? Initialize(tracker, frame, box) : tracker.Update(frame);
            long done = Stopwatch.GetTimestamp();
            if (!first)
            {
                waiting += decoded - start;
                tracking += done - decoded;
            }
            tracked.results.Add(result);
            tracked.milliseconds.Add(Stopwatch.GetElapsedTime(decoded, done).TotalMilliseconds);
            seen(frame, result);
        }
        double frames = tracked.results.Count - 1;
        tracked.FramesPerSecond = frames * Stopwatch.Frequency / tracking;
        tracked.FramesPerSecondWithDecoding = frames * Stopwatch.Frequency / (tracking + waiting);
        return tracked;
    }

    private static TrackResult Initialize(Tracker tracker, Frame frame, BoundingBox box)
    {
        try
        {
            return tracker.Initialize(frame, box);
        }
        catch (ArgumentException e)
        {
            throw new InputException($"{frame.Name}: {e.Message}");
        }
    }
}
