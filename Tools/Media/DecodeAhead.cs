using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace SiamIlgpu.Media;

/// <summary>
/// Reads another video one frame ahead on its own thread, so that the next frame is decoded while the current one is tracked. Frames
/// and errors come in the same order as from the video itself. A caller that must not wait, such as a page that shows a camera, asks
/// <see cref="HasNext"/> first.
/// </summary>
/// <example>
/// <code>
/// using FrameSource video = new DecodeAhead(FrameSource.Open("walk.mp4"));
/// foreach (Frame frame in video)
///     Console.WriteLine(tracker.Update(frame).Box);
/// </code>
/// </example>
public sealed class DecodeAhead : FrameSource
{
    // A video that does not heed Stop is left to the reader thread, which disposes of it when it can.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly object gate = new();
    private readonly Func<FrameSource> open;
    private readonly Action? arrived;
    private readonly Thread reader;

    // Only the reader thread uses the video, except to stop it.
    private volatile FrameSource? video;

    // The caller holds the front slot. The back slot is the reader's until it is filled.
    private Slot front = new(), back = new();
    private VideoFacts facts;
    private bool filled, ended;
    private volatile bool stopped;

    /// <summary>Starts to read. This object owns the video from now on and disposes of it.</summary>
    /// <param name="video">An open video.</param>
    public DecodeAhead(FrameSource video)
        : this(() => video, arrived: null)
    {
        this.video = video;
        facts = VideoFacts.Of(video);
        reader.Start();
    }

    private DecodeAhead(Func<FrameSource> open, Action? arrived)
    {
        this.open = open;
        this.arrived = arrived;
        reader = new Thread(ReadAll) { IsBackground = true, Name = "SiamIlgpu decoder" };
    }

    /// <summary>Whether <see cref="Read"/> would return or throw without waiting.</summary>
    public bool HasNext
    {
        get
        {
            lock (gate)
                return filled || ended;
        }
    }

    /// <summary>How long it took to decode the last frame that <see cref="Read"/> returned.</summary>
    public TimeSpan DecodingTime => facts.DecodingTime;

    /// <inheritdoc/>
    public override int? Count => facts.Count;

    /// <inheritdoc/>
    public override double? FramesPerSecond => facts.FramesPerSecond;

    /// <inheritdoc/>
    public override string? Complaint => facts.Complaint;

    /// <summary>Starts to read a video that the reader thread opens, so that the caller does not wait for it.</summary>
    /// <param name="open">Opens the video. What it throws comes out of <see cref="Read"/>, and the next Read tries again.</param>
    /// <param name="arrived">Called on the reader thread whenever <see cref="Read"/> has something to return or to throw.</param>
    public static DecodeAhead OpenLater(Func<FrameSource> open, Action? arrived = null)
    {
        var ahead = new DecodeAhead(open, arrived);
        ahead.reader.Start();
        return ahead;
    }

    /// <summary>The next frame, which is valid until a later call returns another one; null at the end.</summary>
    /// <exception cref="FrameException">The frame cannot be read. The next call goes on with the frame after it.</exception>
    public override Frame? Read()
    {
        lock (gate)
        {
            while (!filled && !ended)
                Monitor.Wait(gate);
            if (ended)
                return null;
            ended = back.Content == Content.End;
            ExceptionDispatchInfo? failure = back.Failure;
            if (failure is null)
                facts = back.Facts;
            if (back.Content == Content.Frame)
                (front, back) = (back, front);
            filled = false;
            Monitor.PulseAll(gate);
            failure?.Throw();
            return ended ? null : front.Frame;
        }
    }

    /// <inheritdoc/>
    public override void Stop()
    {
        stopped = true;
        video?.Stop();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            lock (gate)
            {
                ended = true;
                Monitor.PulseAll(gate);
            }
            Stop();
            reader.Join(Patience);
        }
        base.Dispose(disposing);
    }

    private void ReadAll()
    {
        bool more = true;
        while (more)
        {
            lock (gate)
            {
                while (filled && !ended)
                    Monitor.Wait(gate);
                if (ended)
                    break;
            }
            Fill(back);
            more = back.Content != Content.End;
            lock (gate)
            {
                filled = true;
                Monitor.PulseAll(gate);
            }
            arrived?.Invoke();
        }
        video?.Dispose();
    }

    private void Fill(Slot slot)
    {
        slot.Failure = null;
        try
        {
            FrameSource source = video ??= open();
            // Stop may have been called while the video was opened.
            if (stopped)
                source.Stop();
            long start = Stopwatch.GetTimestamp();
            Frame? frame = source.Read();
            frame?.CopyTo(slot.Frame);
            slot.Content = frame is null ? Content.End : Content.Frame;
            slot.Facts = VideoFacts.Of(source) with { DecodingTime = Stopwatch.GetElapsedTime(start) };
        }
#pragma warning disable CA1031 // Whatever goes wrong, the caller of Read gets it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            slot.Content = Content.Failure;
            slot.Failure = ExceptionDispatchInfo.Capture(e);
        }
    }

    private enum Content
    {
        Frame,
        Failure,
        End,
    }

    /// <summary>What the video said of itself when a frame was read.</summary>
    private readonly record struct VideoFacts(int? Count, double? FramesPerSecond, string? Complaint, TimeSpan DecodingTime)
    {
        internal static VideoFacts Of(FrameSource video) => new(video.Count, video.FramesPerSecond, video.Complaint, TimeSpan.Zero);
    }

    private sealed class Slot
    {
        internal Frame Frame { get; } = new();

        internal Content Content { get; set; }

        internal VideoFacts Facts { get; set; }

        internal ExceptionDispatchInfo? Failure { get; set; }
    }
}
