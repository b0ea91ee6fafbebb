using System.Diagnostics;
using SiamIlgpu.Media;

namespace SiamIlgpu.Live;

/// <summary>What came out of a video.</summary>
internal enum Arrival
{
    None,
    Frame,
    Failed,
    Ended,
}

/// <summary>
/// Reads a video one frame ahead on a thread of its own. Unlike <see cref="DecodeAhead"/> it is asked, not waited for: a camera
/// that hangs, or a video that takes its time to open, holds up neither the session's commands nor its end.
/// </summary>
internal sealed class FramePump : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly object gate = new();
    private readonly Func<FrameSource> open;
    private readonly Action arrived;
    private readonly Thread reader;

    // The reader's alone, but for stopping it.
    private volatile FrameSource? source;

    // The front slot is the session's, the back slot the reader's until it is filled.
    private Slot front = new(), back = new();
    private bool filled, stopping;

    /// <summary>Begins to read.</summary>
    /// <param name="opened">The open video, this object's from now on; null to open it on the reader's thread.</param>
    /// <param name="open">Opens the video from its beginning.</param>
    /// <param name="arrived">Called on the reader's thread whenever there is something to take.</param>
    internal FramePump(FrameSource? opened, Func<FrameSource> open, Action arrived)
    {
        source = opened;
        this.open = open;
        this.arrived = arrived;
        reader = new Thread(ReadAll) { IsBackground = true, Name = "SiamIlgpu live reader" };
        reader.Start();
    }

    /// <summary>The frame that was last taken; valid until the next one is.</summary>
    internal Frame Frame => front.Frame;

    /// <summary>The place of <see cref="Frame"/> in its video, from 0.</summary>
    internal int Index => front.Index;

    /// <summary>How many frames the video has; null when nobody knows.</summary>
    internal int? Count => front.Count;

    /// <summary>The video's frames a second; null when it says nothing about that.</summary>
    internal double? Rate => front.Rate;

    /// <summary>How long reading <see cref="Frame"/> took.</summary>
    internal double DecodeMilliseconds => front.Milliseconds;

    /// <summary>Why the last take failed.</summary>
    internal string Failure { get; private set; } = "";

    /// <summary>Whether <see cref="TryTake"/> would give something.</summary>
    internal bool HasArrival
    {
        get
        {
            lock (gate)
                return filled;
        }
    }

    /// <summary>Takes the next frame if it is there; at a failure or the end the last frame stays.</summary>
    internal Arrival TryTake()
    {
        lock (gate)
        {
            if (!filled)
                return Arrival.None;
            Arrival kind = back.Kind;
            Failure = back.Failure;
            if (kind == Arrival.Frame)
                (front, back) = (back, front);
            filled = false;
            Monitor.Pulse(gate);
            return kind;
        }
    }

    /// <summary>Stops reading and closes the video; a video that hangs is left to its thread, which closes it if it ever can.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            stopping = true;
            Monitor.Pulse(gate);
        }
        source?.Stop();
        reader.Join(Patience);
    }

    private void ReadAll()
    {
        while (true)
        {
            lock (gate)
            {
                while (filled && !stopping)
                    Monitor.Wait(gate);
                if (stopping)
                    break;
            }
            Fill(back);
            bool ended = back.Kind == Arrival.Ended;
            lock (gate)
                filled = true;
            arrived();
            if (ended)
                break;
        }
        source?.Dispose();
    }

    private void Fill(Slot slot)
    {
        try
        {
            source ??= open();
            long start = Stopwatch.GetTimestamp();
            Frame? frame = source.Read();
            slot.Kind = frame is null ? Arrival.Ended : Arrival.Frame;
            slot.Count = source.Count;
            slot.Rate = source.FramesPerSecond;
            if (frame is not null)
                slot.Copy(frame);
            slot.Milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
#pragma warning disable CA1031 // Whatever is wrong with the video, the page says so and the session goes on.
        catch (Exception e)
#pragma warning restore CA1031
        {
            slot.Kind = Arrival.Failed;
            slot.Failure = e.Message;
        }
    }

    private sealed class Slot
    {
        internal Arrival Kind { get; set; }

        internal Frame Frame { get; private set; } = new();

        internal int Index { get; private set; }

        internal int? Count { get; set; }

        internal double? Rate { get; set; }

        internal double Milliseconds { get; set; }

        internal string Failure { get; set; } = "";

        internal void Copy(Frame frame)
        {
            if ((Frame.Width, Frame.Height, Frame.Format) != (frame.Width, frame.Height, frame.Format))
                Frame = new Frame(frame.Width, frame.Height, frame.Format);
            frame.Pixels.CopyTo(Frame.Pixels);
            Index = frame.Index;
        }
    }
}
