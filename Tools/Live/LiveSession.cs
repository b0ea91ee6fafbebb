using System.Diagnostics;
using SiamIlgpu.Kernels;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Live;

/// <summary>
/// A video that is tracked while pages watch and steer it. One thread owns tracker and video: it obeys commands, tracks the next
/// frame when it is due, and shows the newest state to those pages that are ready for one. It waits for no page. A video that
/// fails or ends is a state that pages show; the session goes on. Members may be called from any thread.
/// </summary>
public sealed class LiveSession : IDisposable
{
    /// <summary>Targets at once; as many as the page has colors.</summary>
    public const int MostTargets = 8;

    private const int MostCommands = 64;

    // Display: every frame of a usual video, if there is time for that. A browser takes 10 to 15 ms of a processor to show one, so
    // where the tracker uses all of the machine it gets two a second for each processor, at most three per cent of them all. What making
    // a message costs is a small share of the time in any case.
    private const double RelaxedSeconds = 1 / 31.0, CostShare = 0.03;
    private const double RelaxedPictureSeconds = 0.15, BusyPictureSeconds = 0.5;

    private static readonly double BusySeconds = Math.Max(RelaxedSeconds, 1.0 / (2 * Environment.ProcessorCount));

    // A video that gives no frame for so long is said to be waited for.
    private static readonly long Late = Stopwatch.Frequency;

    private readonly Func<FrameSource> open;
    private readonly MultiTracker tracker;
    private readonly LiveOptions options;
    private readonly Thread worker;
    private readonly TaskCompletionSource firstFrame = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Between threads, under the gate.
    private readonly object gate = new();
    private readonly Queue<PageCommand> commands = new();
    private readonly List<LivePage> pages = [];
    private bool woken, resized, stopping;

    // The worker's alone.
    private readonly LiveTargets targets = new();
    private readonly PictureMaker pictures;
    private readonly MessageWriter writer;
    private readonly Pace pace = new();
    private FramePump pump;
    private LiveState state;
    private LiveSpeed speed;
    private string note = "";
    private bool stepping = true, waiting, urgent;
    private int frameNumber, frameOffset, pictureVersion;
    private long version = 1, published, asked, lastDisplay, lastPictures;
    private double trackMilliseconds, displayMilliseconds;

    /// <summary>Opens the video and begins; the first frame follows on the session's thread.</summary>
    /// <param name="open">Opens the video from its beginning: now, and when a page wants to start again.</param>
    /// <param name="tracker">The tracker, without targets; the session's until it is disposed, then the caller's to dispose.</param>
    /// <param name="options">How to begin.</param>
    /// <exception cref="FrameException">The video cannot be opened.</exception>
    /// <exception cref="ArgumentException">There are too many targets.</exception>
    public LiveSession(Func<FrameSource> open, MultiTracker tracker, LiveOptions options)
    {
        if (options.Targets.Count > MostTargets)
            throw new ArgumentException($"there can be {MostTargets} targets at once, got {options.Targets.Count}");
        this.open = open;
        this.tracker = tracker;
        this.options = options;
        speed = options.Speed;
        state = options.Playing ? LiveState.Playing : LiveState.Paused;
        pictures = new PictureMaker(tracker);
        writer = new MessageWriter(options.Name);
        pump = NewPump(open());
        worker = new Thread(Run) { IsBackground = true, Name = "SiamIlgpu live session" };
        worker.Start();
    }

    private enum LiveState
    {
        Paused,
        Playing,
        Ended,
        Failed,
    }

    /// <summary>
    /// Ends when the first frame is there, and the first targets in it; with a <see cref="FrameException"/> or an
    /// <see cref="ArgumentException"/> if the frame cannot be read or a target makes no sense in it.
    /// </summary>
    public Task FirstFrame => firstFrame.Task;

    internal MessageBoard Board { get; } = new();

    /// <summary>A target's boxes, x,y,w,h with four decimals, a line for each frame since it was drawn (at most the last 100,000).</summary>
    /// <param name="target">The target's number, from 1.</param>
    /// <returns>The lines, made as they are read; null when there is no such target.</returns>
    public IEnumerable<string>? BoxesOf(int target) => targets.OtbLines(target);

    /// <summary>The boxes of all targets, with a heading: frame (from 1), target, x, y, w, h, confidence, lost. Lines are made as they are read.</summary>
    public IEnumerable<string> BoxesOfAll() => targets.CsvLines();

    /// <summary>Ends the session and closes the video. Targets' boxes stay readable.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            stopping = true;
            Monitor.Pulse(gate);
        }
        worker.Join();
        firstFrame.TrySetCanceled();
        pump.Dispose();
    }

    /// <summary>Takes a command, to be obeyed soon; false when there are too many.</summary>
    internal bool Post(PageCommand command)
    {
        lock (gate)
        {
            if (commands.Count == MostCommands)
                return false;
            commands.Enqueue(command);
            Monitor.Pulse(gate);
            return true;
        }
    }

    /// <summary>There is something to look at again: a page that is ready, perhaps with another size, or a frame.</summary>
    internal void Wake(bool pageResized = false)
    {
        lock (gate)
        {
            woken = true;
            resized |= pageResized;
            Monitor.Pulse(gate);
        }
    }

    internal void Attach(LivePage page)
    {
        lock (gate)
            pages.Add(page);
    }

    internal void Detach(LivePage page)
    {
        lock (gate)
            pages.Remove(page);
    }

    private FramePump NewPump(FrameSource? opened) => new(opened, open, () => Wake());

    private bool WantsFrame => stepping || state == LiveState.Playing;

    private void Run()
    {
        asked = Stopwatch.GetTimestamp();
        while (true)
        {
            PageCommand command;
            bool commanded;
            lock (gate)
            {
                long rest = commands.Count == 0 && !woken && !stopping ? Rest(Stopwatch.GetTimestamp()) : 0;
                if (rest == long.MaxValue)
                    Monitor.Wait(gate);
                else if (rest > 0)
                    Monitor.Wait(gate, (int)(rest * 1000 / Stopwatch.Frequency) + 1);
                if (stopping)
                    return;
                woken = false;
                if (resized)
                {
                    resized = false;
                    Changed();
                }
                commanded = commands.TryDequeue(out command);
            }
            if (commanded)
                Obey(command);
            else if (WantsFrame)
                Advance();
            Display();
        }
    }

    // Stopwatch ticks for which there is nothing to do.
    private long Rest(long now)
    {
        long rest = long.MaxValue;
        if (WantsFrame)
        {
            if (pump.HasArrival)
                rest = pace.UntilDue(now);
            else if (!waiting)
                rest = Math.Max(0, asked + Late - now);
        }
        if (SomePageWants())
            rest = Math.Min(rest, UntilDisplay(now));
        return rest;
    }

    private void Changed()
    {
        version++;
        urgent = true;
    }

    private void Advance()
    {
        long start = Stopwatch.GetTimestamp();
        if (!pump.HasArrival)
        {
            if (!waiting && start - asked >= Late)
            {
                waiting = true;
                Changed();
            }
            return;
        }
        if (!stepping && pace.UntilDue(start) > 0)
            return;
        if (waiting)
        {
            waiting = false;
            urgent = true;
        }
        switch (pump.TryTake())
        {
            case Arrival.Frame:
                Track(start);
                break;
            case Arrival.Ended:
                Stop(LiveState.Ended, pace.RunFrames == 0 ? "" : FormattableString.Invariant(
                    $"{pace.RunFrames} frames at {pace.RunFramesPerSecond:F1} fps"));
                firstFrame.TrySetException(new FrameException(options.Name, "there is no frame in it"));
                break;
            case Arrival.Failed:
                Stop(LiveState.Failed, pump.Failure);
                firstFrame.TrySetException(new FrameException(options.Name, pump.Failure));
                break;
        }
        asked = Stopwatch.GetTimestamp();
    }

    private void Track(long start)
    {
        // A video that does not count its frames stays at 0; here frames only ever go on.
        int next = frameOffset + pump.Index + 1;
        if (next <= frameNumber)
        {
            frameOffset = frameNumber - pump.Index;
            next = frameNumber + 1;
        }
        bool first = frameNumber == 0;
        frameNumber = next;
        version++;
        try
        {
            foreach (TargetResult found in tracker.Update(pump.Frame))
            {
                LiveTarget target = targets.Find(found.Target)!;
                target.Result = found.Result;
                target.HasResponse = true;
                target.History.Add(frameNumber, found.Result);
            }
        }
        catch (Exception e) when (e is DeviceException or KernelShapeException)
        {
            Stop(LiveState.Failed, e.Message);
        }
        long now = Stopwatch.GetTimestamp();
        trackMilliseconds = Stopwatch.GetElapsedTime(start, now).TotalMilliseconds;
        if (first)
            Begin();
        else if (!stepping)
            pace.Count(start, now);
        if (stepping)
        {
            stepping = false;
            Changed();
        }
    }

    private void Begin()
    {
        try
        {
            foreach (BoundingBox box in options.Targets)
                targets.Add(tracker.Add(pump.Frame, box), frameNumber, new TrackResult(box, 1, Lost: false, 0, 0));
            firstFrame.TrySetResult();
        }
        catch (Exception e) when (e is ArgumentException or DeviceException)
        {
            Stop(LiveState.Failed, e.Message);
            firstFrame.TrySetException(e);
        }
        pace.Set(speed, pump.Rate);
        pace.Start(Stopwatch.GetTimestamp());
    }

    private void Stop(LiveState reason, string why)
    {
        state = reason;
        note = why;
        stepping = waiting = false;
        Changed();
    }

    private void Obey(PageCommand command)
    {
        switch (command.Kind)
        {
            case PageCommandKind.Play when state == LiveState.Ended:
                command.Page?.Notify("the video has ended; restart it to see it again");
                return;
            case PageCommandKind.Play when state != LiveState.Playing:
                state = LiveState.Playing;
                note = "";
                asked = Stopwatch.GetTimestamp();
                pace.Start(asked);
                break;
            case PageCommandKind.Pause when state == LiveState.Playing:
                state = LiveState.Paused;
                waiting = false;
                break;
            case PageCommandKind.Step when state != LiveState.Ended:
                state = LiveState.Paused;
                note = "";
                stepping = true;
                asked = Stopwatch.GetTimestamp();
                break;
            case PageCommandKind.Restart:
                Restart();
                break;
            case PageCommandKind.Speed:
                speed = command.Speed;
                pace.Set(speed, pump.Rate);
                pace.Start(Stopwatch.GetTimestamp());
                break;
            case PageCommandKind.Add or PageCommandKind.Redraw:
                Draw(command);
                break;
            case PageCommandKind.Remove:
                Remove(command);
                break;
        }
        Changed();
    }

    private void Restart()
    {
        pump.Dispose();
        pump = NewPump(null);
        for (int i = targets.Count - 1; i >= 0; i--)
        {
            tracker.Remove(targets[i].Number);
            targets.Remove(targets[i]);
        }
        state = LiveState.Paused;
        note = "";
        stepping = true;
        waiting = false;
        frameNumber = frameOffset = 0;
        asked = Stopwatch.GetTimestamp();
    }

    private void Draw(PageCommand command)
    {
        string? problem = command.Frame != frameNumber || frameNumber == 0
            ? $"the box was drawn on frame {command.Frame}, but the video is at frame {frameNumber}: draw it again"
            : command.Kind == PageCommandKind.Add && targets.Count == MostTargets
                ? $"there can be {MostTargets} targets at once: delete one first"
                : null;
        LiveTarget? target = targets.Find(command.Target);
        if (command.Kind == PageCommandKind.Redraw && target is null)
            problem ??= $"there is no target {command.Target} any more";
        try
        {
            if (problem is null)
            {
                TrackResult given = new(command.Box, 1, Lost: false, 0, 0);
                if (command.Kind == PageCommandKind.Add)
                {
                    targets.Add(tracker.Add(pump.Frame, command.Box), frameNumber, given);
                }
                else
                {
                    tracker.Initialize(target!.Number, pump.Frame, command.Box);
                    target.Result = given;
                    target.HasResponse = false;
                    target.History.Add(frameNumber, given);
                }
            }
        }
        catch (Exception e) when (e is ArgumentException or DeviceException)
        {
            problem = e.Message;
        }
        if (problem is not null)
            command.Page?.Notify(problem);
    }

    private void Remove(PageCommand command)
    {
        if (targets.Find(command.Target) is not { } target)
        {
            command.Page?.Notify($"there is no target {command.Target} any more");
            return;
        }
        tracker.Remove(target.Number);
        targets.Remove(target);
    }

    private bool SomePageWants()
    {
        if (published == version)
            return false;
        foreach (LivePage page in pages)
        {
            if (page.Wants(version))
                return true;
        }
        return false;
    }

    private bool Busy => state == LiveState.Playing && (speed == LiveSpeed.Max || pace.Behind);

    private long UntilDisplay(long now)
    {
        if (urgent)
            return 0;
        double seconds = Math.Max(Busy ? BusySeconds : RelaxedSeconds, displayMilliseconds / 1000 / CostShare);
        return Math.Max(0, lastDisplay + (long)(seconds * Stopwatch.Frequency) - now);
    }

    private void Display()
    {
        long start = Stopwatch.GetTimestamp();
        int room = 1;
        lock (gate)
        {
            if (!SomePageWants() || UntilDisplay(start) > 0)
                return;
            foreach (LivePage page in pages)
                room = Math.Max(room, page.Width);
        }
        double pictureSeconds = Busy ? BusyPictureSeconds : RelaxedPictureSeconds;
        if (urgent || start - lastPictures > pictureSeconds * Stopwatch.Frequency)
        {
            lastPictures = start;
            pictureVersion++;
            foreach (LiveTarget target in targets)
                pictures.Refresh(target);
        }
        LiveMessage message = Board.Rent();
        message.Version = version;
        writer.Write(message, Status(), pump.Frame, room, targets);
        Board.Publish(message);
        published = version;
        urgent = false;
        lastDisplay = Stopwatch.GetTimestamp();
        displayMilliseconds = Stopwatch.GetElapsedTime(start, lastDisplay).TotalMilliseconds;
        lock (gate)
        {
            foreach (LivePage page in pages)
                page.Signal();
        }
    }

    private LiveStatus Status() => new()
    {
        State = waiting ? "waiting" : state switch
        {
            LiveState.Playing => "playing",
            LiveState.Ended => "ended",
            LiveState.Failed => "failed",
            _ => "paused",
        },
        Note = note,
        Speed = speed,
        FrameNumber = frameNumber,
        FrameCount = pump.Count,
        Rate = pace.Rate,
        DecodeMilliseconds = pump.DecodeMilliseconds,
        TrackMilliseconds = trackMilliseconds,
        DisplayMilliseconds = displayMilliseconds,
        FramesPerSecond = pace.FramesPerSecond,
        Pictures = pictureVersion,
    };
}
