using System.Runtime.ExceptionServices;

namespace SiamIlgpu.Media;

/// <summary>
/// Another video, read one frame ahead on a thread of its own, so that the next frame is decoded while the current one is
/// worked on. Frames and errors come in the same order as from the video itself.
/// </summary>
public sealed class DecodeAhead : FrameSource
{
    private readonly FrameSource video;
    private readonly Thread reader;
    private readonly Slot[] slots = [new(), new()];
    private readonly SemaphoreSlim free = new(1);
    private readonly SemaphoreSlim filled = new(0);
    private int current = 1;
    private bool ended;
    private volatile bool stopping;

    /// <summary>Begins to read. The video is this object's from now on, and is disposed with it.</summary>
    public DecodeAhead(FrameSource video)
    {
        this.video = video;
        Count = video.Count;
        reader = new Thread(ReadAll) { IsBackground = true, Name = "SiamIlgpu decoder" };
        reader.Start();
    }

    /// <inheritdoc/>
    public override int? Count { get; }

    /// <inheritdoc/>
    public override double? FramesPerSecond => video.FramesPerSecond;

    /// <inheritdoc/>
    public override string? Complaint => video.Complaint;

    /// <inheritdoc/>
    public override Frame? Read()
    {
        if (ended)
            return null;
        filled.Wait();
        current ^= 1;
        // The slot that the caller had until now may be written again.
        free.Release();
        Slot slot = slots[current];
        if (slot.Failure is { } failure)
        {
            slot.Failure = null;
            failure.Throw();
        }
        ended = slot.AtEnd;
        return ended ? null : slot.Frame;
    }

    /// <inheritdoc/>
    public override void Stop() => video.Stop();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !stopping)
        {
            stopping = true;
            // The reader may be waiting for a camera that has nothing to show.
            video.Stop();
            free.Release();
            reader.Join();
            video.Dispose();
            free.Dispose();
            filled.Dispose();
        }
        base.Dispose(disposing);
    }

    private void ReadAll()
    {
        for (int next = 0; ; next ^= 1)
        {
            free.Wait();
            if (stopping)
                return;
            Slot slot = slots[next];
            try
            {
                Frame? frame = video.Read();
                slot.AtEnd = frame is null;
                frame?.CopyTo(slot.Frame);
            }
#pragma warning disable CA1031 // Whatever goes wrong, the caller of Read gets it.
            catch (Exception e)
#pragma warning restore CA1031
            {
                slot.Failure = ExceptionDispatchInfo.Capture(e);
            }
            filled.Release();
            if (slot.AtEnd)
                return;
        }
    }

    private sealed class Slot
    {
        internal Frame Frame { get; } = new();

        internal bool AtEnd { get; set; }

        internal ExceptionDispatchInfo? Failure { get; set; }
    }
}
