using System.Diagnostics;
using SiamIlgpu.Kernels;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Live;

/// <summary>
/// Tracks a video while pages watch and steer it. One thread owns the tracker and the video: it carries out commands, tracks the next
/// frame when it is due, and sends the newest state to the pages that are ready for it. It waits for no page. When the video fails or
/// ends, pages say so and the session goes on. All members may be called from any thread.
/// </summary>
public sealed class LiveSession : IDisposable
{
    /// <summary>The greatest number of targets at a time. The page has as many colors.</summary>
    public const int MostTargets = 8;

    private const int MostCommands = 64;

    private readonly MultiTracker tracker;
    private readonly LiveOptions options;
    private readonly Thread worker;
    private readonly TaskCompletionSource firstFrame = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Shared between threads, under the gate.
    private readonly object gate = new();
    private readonly Queue<PageCommand> commands = new();
    private readonly List<LivePage> pages = [];
    private bool woken, resized, stopping;

    // Only the worker thread uses these.
    private readonly Playback playback;
    private readonly DisplayPolicy display = new();
    private readonly LiveTargets targets = new();
    private readonly PictureMaker pictures;
    private readonly MessageWriter writer;
    private double trackMilliseconds;

    /// <summary>Opens the video and starts. The first frame is read and tracked on the session's thread.</summary>
    /// <param name="open">Opens the video from its beginning: now, and whenever a page restarts it.</param>
    /// <param name="tracker">A tracker without targets. The session uses it until it is disposed; the caller disposes of the tracker.</param>
    /// <param name="options">How to begin.</param>
    /// <exception cref="FrameException">The video cannot be opened.</exception>
    /// <exception cref="ArgumentException">There are too many targets.</exception>
    public LiveSession(Func<FrameSource> open, MultiTracker tracker, LiveOptions options)
    {
        if (options.Targets.Count > MostTargets)
            throw new ArgumentException($"there can be {MostTargets} targets at once, got {options.Targets.Count}");
        this.tracker = tracker;
        this.options = options;
        pictures = new PictureMaker(tracker);
        writer = new MessageWriter(options.Name);
        playback = new Playback(open, options, () => Wake());
        worker = new Thread(Run) { IsBackground = true, Name = "SiamIlgpu live session" };
        worker.Start();
    }

    /// <summary>
    /// Completes when the first frame is read and the first targets are set in it. It fails with a <see cref="FrameException"/> if the
    /// frame cannot be read, or with an <see cref="ArgumentException"/> if a target makes no sense in it.
    /// </summary>
    public Task FirstFrame => firstFrame.Task;

    internal MessageBoard Board { get; } = new();

    /// <summary>The boxes of one target: x,y,w,h with four decimals, one line per frame since it was drawn (at most the last 100,000).</summary>
    /// <param name="target">The target's number, from 1.</param>
    /// <returns>The lines, which are made as they are read; null when there is no such target.</returns>
    public IEnumerable<string>? BoxesOf(int target) => targets.OtbLines(target);

    /// <summary>
    /// The boxes of all targets under a heading: frame (from 1), target, x, y, w, h, confidence, lost. The lines are made as they are read.
    /// </summary>
    public IEnumerable<string> BoxesOfAll() => targets.CsvLines();

    /// <summary>Ends the session and closes the video. The targets' boxes stay readable.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            stopping = true;
            Monitor.Pulse(gate);
        }
        worker.Join();
        firstFrame.TrySetCanceled();
        playback.Dispose();
    }

    /// <summary>Queues a command.</summary>
    /// <returns>False when too many commands wait.</returns>
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

    /// <summary>Wakes the worker: a frame arrived, or a page is ready for a message and may have another size.</summary>
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

    private void Run()
    {
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
                    display.StateChanged();
                }
                commanded = commands.TryDequeue(out command);
            }
            if (commanded)
                Obey(command);
            else if (playback.WantsFrame)
                Advance();
            Display();
        }
    }

    // Stopwatch ticks without anything to do.
    private long Rest(long now)
    {
        long rest = playback.Rest(now);
        return SomePageWants() ? Math.Min(rest, display.UntilDue(now, playback.Busy)) : rest;
    }

    private void Advance()
    {
        bool waited = playback.Waiting;
        switch (playback.Advance())
        {
            case PlaybackEvent.NewFrame:
                Track();
                break;
            case PlaybackEvent.Ended:
                firstFrame.TrySetException(new FrameException(options.Name, "there is no frame in it"));
                display.StateChanged();
                break;
            case PlaybackEvent.Failed:
                firstFrame.TrySetException(new FrameException(options.Name, playback.Note));
                display.StateChanged();
                break;
        }
        if (playback.Waiting != waited)
            display.StateChanged();
    }

    private void Track()
    {
        long start = Stopwatch.GetTimestamp();
        display.FrameChanged();
        try
        {
            foreach (TargetResult found in tracker.Update(playback.Frame))
            {
                LiveTarget target = targets.Find(found.Target)!;
                target.Result = found.Result;
                target.HasResponse = true;
                target.History.Add(playback.FrameNumber, found.Result);
            }
        }
        catch (Exception e) when (e is DeviceException or KernelShapeException)
        {
            Fail(e);
        }
        trackMilliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        if (playback.IsFirstFrame)
            AddFirstTargets();
        if (playback.FrameDone())
            display.StateChanged();
    }

    private void AddFirstTargets()
    {
        try
        {
            foreach (BoundingBox box in options.Targets)
                Add(box);
            firstFrame.TrySetResult();
        }
        catch (Exception e) when (e is ArgumentException or DeviceException)
        {
            Fail(e);
            firstFrame.TrySetException(e);
        }
    }

    private void Fail(Exception e)
    {
        playback.Fail(e.Message);
        display.StateChanged();
    }

    private void Obey(PageCommand command)
    {
        switch (command.Kind)
        {
            case PageCommandKind.Play when playback.State == PlaybackState.Ended:
                command.Page?.Notify("the video has ended; restart it to see it again");
                return;
            case PageCommandKind.Play:
                playback.Play();
                break;
            case PageCommandKind.Pause:
                playback.Pause();
                break;
            case PageCommandKind.Step:
                playback.Step();
                break;
            case PageCommandKind.Restart:
                RemoveAll();
                playback.Restart();
                break;
            case PageCommandKind.Speed:
                playback.SetSpeed(command.Speed);
                break;
            case PageCommandKind.Add or PageCommandKind.Redraw:
                Draw(command);
                break;
            case PageCommandKind.Remove:
                Remove(command);
                break;
        }
        display.StateChanged();
    }

    private void Draw(PageCommand command)
    {
        string? problem = command.Frame != playback.FrameNumber || playback.FrameNumber == 0
            ? $"the box was drawn on frame {command.Frame}, but the video is at frame {playback.FrameNumber}: draw it again"
            : command.Kind == PageCommandKind.Add && targets.Count == MostTargets
                ? $"there can be {MostTargets} targets at once: delete one first"
                : null;
        LiveTarget? target = targets.Find(command.Target);
        if (command.Kind == PageCommandKind.Redraw && target is null)
            problem ??= $"there is no target {command.Target} any more";
        try
        {
            if (problem is null && command.Kind == PageCommandKind.Add)
                Add(command.Box);
            else if (problem is null)
                Redraw(target!, command.Box);
        }
        catch (Exception e) when (e is ArgumentException or DeviceException)
        {
            problem = e.Message;
        }
        if (problem is not null)
            command.Page?.Notify(problem);
    }

    private void Add(BoundingBox box) => targets.Add(tracker.Add(playback.Frame, box), playback.FrameNumber, Given(box));

    private void Redraw(LiveTarget target, BoundingBox box)
    {
        tracker.Initialize(target.Number, playback.Frame, box);
        target.Result = Given(box);
        target.HasResponse = false;
        target.History.Add(playback.FrameNumber, target.Result);
    }

    private static TrackResult Given(BoundingBox box) => new(box, Confidence: 1, Lost: false, Response: 0, PeakToSidelobe: 0);

    private void Remove(PageCommand command)
    {
        if (targets.Find(command.Target) is { } target)
            Remove(target);
        else
            command.Page?.Notify($"there is no target {command.Target} any more");
    }

    private void RemoveAll()
    {
        while (targets.Count > 0)
            Remove(targets[targets.Count - 1]);
    }

    private void Remove(LiveTarget target)
    {
        tracker.Remove(target.Number);
        targets.Remove(target);
    }

    private bool SomePageWants()
    {
        if (!display.HasNews)
            return false;
        foreach (LivePage page in pages)
        {
            if (page.Wants(display.Version))
                return true;
        }
        return false;
    }

    private void Display()
    {
        long start = Stopwatch.GetTimestamp();
        int room = 1;
        lock (gate)
        {
            if (!SomePageWants() || display.UntilDue(start, playback.Busy) > 0)
                return;
            foreach (LivePage page in pages)
                room = Math.Max(room, page.Width);
        }
        if (display.TakePictures(start, playback.Busy))
        {
            foreach (LiveTarget target in targets)
                pictures.Refresh(target);
        }
        LiveMessage message = Board.Rent();
        message.Version = display.Version;
        writer.Write(message, Status(), playback.Frame, room, targets);
        Board.Publish(message);
        display.Displayed(start);
        lock (gate)
        {
            foreach (LivePage page in pages)
                page.Signal();
        }
    }

    private LiveStatus Status() => new()
    {
        State = playback.Waiting ? "waiting" : playback.State switch
        {
            PlaybackState.Playing => "playing",
            PlaybackState.Ended => "ended",
            PlaybackState.Failed => "failed",
            _ => "paused",
        },
        Note = playback.Note,
        Speed = playback.Speed,
        FrameNumber = playback.FrameNumber,
        FrameCount = playback.FrameCount,
        Rate = playback.Rate,
        DecodeMilliseconds = playback.DecodingTime.TotalMilliseconds,
        TrackMilliseconds = trackMilliseconds,
        DisplayMilliseconds = display.Milliseconds,
        FramesPerSecond = playback.FramesPerSecond,
        Pictures = display.PictureVersion,
    };
}
