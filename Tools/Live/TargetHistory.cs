using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Live;

/// <summary>One frame of a target's life. Frames count from 1.</summary>
internal readonly record struct TargetFrame(int Frame, BoundingBox Box, double Confidence, bool Lost);

/// <summary>
/// A target's boxes: the last <see cref="Most"/> frames, so that a camera may run for days. Written by the session, read by
/// downloads at any time.
/// </summary>
internal sealed class TargetHistory
{
    /// <summary>Frames that are kept; at 25 a second more than an hour.</summary>
    internal const int Most = 100_000;

    private readonly Lock gate = new();
    private TargetFrame[] frames = new TargetFrame[256];
    private int first, count;
    private long dropped;

    /// <summary>Keeps a frame's box; a second one for the same frame, drawn anew, takes the first one's place.</summary>
    internal void Add(int frame, TrackResult result)
    {
        TargetFrame added = new(frame, result.Box, result.Confidence, result.Lost);
        lock (gate)
        {
            ref TargetFrame last = ref frames[(first + count + frames.Length - 1) % frames.Length];
            if (count > 0 && last.Frame == frame)
            {
                last = added;
                return;
            }
            if (count == frames.Length && count < Most)
                Array.Resize(ref frames, Math.Min(2 * count, Most)); // first is 0: nothing was dropped yet
            if (count < frames.Length)
                frames[(first + count++) % frames.Length] = added;
            else
            {
                frames[first] = added;
                first = (first + 1) % Most;
                dropped++;
            }
        }
    }

    /// <summary>The frames kept, oldest first, read one by one while the session goes on: up to the newest, without those dropped meanwhile.</summary>
    internal IEnumerable<TargetFrame> Read()
    {
        for (long next = 0; ; next++)
        {
            TargetFrame frame;
            lock (gate)
            {
                next = Math.Max(next, dropped);
                if (next - dropped == count)
                    yield break;
                frame = frames[(first + next - dropped) % frames.Length];
            }
            yield return frame;
        }
    }
}
