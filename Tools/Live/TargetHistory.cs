using SiamIlgpu.Tracking;

namespace SiamIlgpu.Live;

/// <summary>A target's result in one frame. Frames count from 1.</summary>
internal readonly record struct TargetFrame(int Frame, BoundingBox Box, double Confidence, bool Lost);

/// <summary>
/// A target's boxes in the last <see cref="Most"/> frames; there is a limit because a camera may run for days. The session writes them, and
/// downloads read them at any time.
/// </summary>
internal sealed class TargetHistory
{
    /// <summary>How many frames are kept: more than an hour at 25 frames per second.</summary>
    internal const int Most = 100_000;

    private readonly Lock gate = new();
    private TargetFrame[] frames = new TargetFrame[256];
    private int first, count;
    private long dropped;

    /// <summary>Adds a frame's box. A second box for the same frame, which somebody drew, replaces the first.</summary>
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

    /// <summary>The kept frames, oldest first. They are read one by one while the session goes on; frames that are dropped meanwhile are left out.</summary>
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
