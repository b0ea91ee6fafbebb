using System.Diagnostics;
using SiamIlgpu.Media;

namespace SiamIlgpu.Live;

/// <summary>What a video does at the moment.</summary>
internal enum PlaybackState
{
    Paused,
    Playing,
    Ended,
    Failed,
}

/// <summary>What <see cref="Playback.Advance"/> found.</summary>
internal enum PlaybackEvent
{
    None,
    NewFrame,
    Ended,
    Failed,
}

/// <summary>
/// Plays a video: it knows which frame is shown, whether the next one is wanted, and when it is due. Frames are decoded on another thread,
/// so a camera that hangs does not block the session. Only the session's thread uses it.
/// </summary>
internal sealed class Playback : IDisposable
{
    // After this time without a frame, the page says that it waits for the video.
    private static readonly long Late = Stopwatch.Frequency;

    private readonly Func<FrameSource> open;
    private readonly Action arrived;
    private readonly Pace pace = new();
    private DecodeAhead video;
    private bool stepping = true;
    private int offset;
    private long asked = Stopwatch.GetTimestamp(), taken;

    /// <summary>Opens the video and asks for its first frame.</summary>
    /// <param name="open">Opens the video from its beginning.</param>
    /// <param name="options">How to begin.</param>
    /// <param name="arrived">Called on another thread when <see cref="Advance"/> has something to do.</param>
    /// <exception cref="FrameException">The video cannot be opened.</exception>
    internal Playback(Func<FrameSource> open, LiveOptions options, Action arrived)
    {
        this.open = open;
        this.arrived = arrived;
        Speed = options.Speed;
        State = options.Playing ? PlaybackState.Playing : PlaybackState.Paused;
        FrameSource opened = open();
        video = DecodeAhead.OpenLater(() => opened, arrived);
    }

    internal PlaybackState State { get; private set; }

    /// <summary>More about the state, for people; may be empty.</summary>
    internal string Note { get; private set; } = "";

    /// <summary>Whether the next frame is late.</summary>
    internal bool Waiting { get; private set; }

    internal LiveSpeed Speed { get; private set; }

    /// <summary>The frame that is shown; it has no pixels before the first one.</summary>
    internal Frame Frame { get; private set; } = new();

    /// <summary>The number of <see cref="Frame"/>, from 1; 0 before the first one. It also grows when a video repeats.</summary>
    internal int FrameNumber { get; private set; }

    internal bool IsFirstFrame { get; private set; }

    /// <summary>How many frames the video has; null when that is not known.</summary>
    internal int? FrameCount => video.Count;

    /// <summary>The video's frames per second, or the 25 that are assumed.</summary>
    internal double Rate => pace.Rate;

    /// <summary>The measured frames per second.</summary>
    internal double FramesPerSecond => pace.FramesPerSecond;

    internal TimeSpan DecodingTime => video.DecodingTime;

    /// <summary>Whether the tracker has no idle time.</summary>
    internal bool Busy => State == PlaybackState.Playing && (Speed == LiveSpeed.Max || pace.Behind);

    internal bool WantsFrame => stepping || State == PlaybackState.Playing;

    /// <summary>Stopwatch ticks until <see cref="Advance"/> has something to do, unless a frame arrives before.</summary>
    internal long Rest(long now)
    {
        if (!WantsFrame)
            return long.MaxValue;
        if (video.HasNext)
            return stepping ? 0 : pace.UntilDue(now);
        return Waiting ? long.MaxValue : Math.Max(0, asked + Late - now);
    }

    /// <summary>Takes the next frame if it is there and due. The caller tracks a new frame and then calls <see cref="FrameDone"/>.</summary>
    internal PlaybackEvent Advance()
    {
        taken = Stopwatch.GetTimestamp();
        if (!video.HasNext)
        {
            Waiting |= taken - asked >= Late;
            return PlaybackEvent.None;
        }
        if (!stepping && pace.UntilDue(taken) > 0)
            return PlaybackEvent.None;
        Waiting = false;
        try
        {
            if (video.Read() is { } frame)
            {
                Take(frame);
                return PlaybackEvent.NewFrame;
            }
        }
#pragma warning disable CA1031 // Whatever is wrong with the video, the page says so and the session goes on.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Fail(e.Message);
            return PlaybackEvent.Failed;
        }
        Stop(PlaybackState.Ended, pace.RunFrames == 0
            ? ""
            : FormattableString.Invariant($"{pace.RunFrames} frames at {pace.RunFramesPerSecond:F1} fps"));
        return PlaybackEvent.Ended;
    }

    /// <summary>Says that the new frame is tracked, so that the next one may come.</summary>
    /// <returns>Whether the video stops at this frame, because only one frame was asked for.</returns>
    internal bool FrameDone()
    {
        asked = Stopwatch.GetTimestamp();
        if (IsFirstFrame)
            ResetPace();
        else if (!stepping)
            pace.Count(taken, asked);
        bool stops = stepping;
        stepping = false;
        return stops;
    }

    /// <summary>Stops because something is wrong. <see cref="Play"/> and <see cref="Step"/> try to go on.</summary>
    internal void Fail(string why) => Stop(PlaybackState.Failed, why);

    internal void Play()
    {
        if (State is PlaybackState.Playing or PlaybackState.Ended)
            return;
        State = PlaybackState.Playing;
        Note = "";
        asked = Stopwatch.GetTimestamp();
        pace.Start(asked);
    }

    internal void Pause()
    {
        if (State != PlaybackState.Playing)
            return;
        State = PlaybackState.Paused;
        Waiting = false;
    }

    /// <summary>Asks for one frame.</summary>
    internal void Step()
    {
        if (State == PlaybackState.Ended)
            return;
        State = PlaybackState.Paused;
        Note = "";
        stepping = true;
        asked = Stopwatch.GetTimestamp();
    }

    internal void SetSpeed(LiveSpeed speed)
    {
        Speed = speed;
        ResetPace();
    }

    /// <summary>Opens the video again and asks for its first frame.</summary>
    internal void Restart()
    {
        video.Dispose();
        // Opened on the decoder's thread: a camera may take seconds.
        video = DecodeAhead.OpenLater(open, arrived);
        Frame = new Frame();
        FrameNumber = offset = 0;
        State = PlaybackState.Paused;
        Note = "";
        stepping = true;
        Waiting = false;
        asked = Stopwatch.GetTimestamp();
    }

    public void Dispose() => video.Dispose();

    private void Take(Frame frame)
    {
        IsFirstFrame = FrameNumber == 0;
        Frame = frame;
        // A video that does not number its frames says 0 for each, and one that repeats starts from 0 again.
        int next = offset + frame.Index + 1;
        if (next <= FrameNumber)
        {
            offset = FrameNumber - frame.Index;
            next = FrameNumber + 1;
        }
        FrameNumber = next;
    }

    private void Stop(PlaybackState state, string why)
    {
        State = state;
        Note = why;
        stepping = Waiting = false;
        asked = Stopwatch.GetTimestamp();
    }

    private void ResetPace()
    {
        pace.Set(Speed, video.FramesPerSecond);
        pace.Start(Stopwatch.GetTimestamp());
    }
}
