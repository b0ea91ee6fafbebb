namespace SiamIlgpu.Media;

/// <summary>A video that starts again after its last frame, without end. The numbers of its frames keep counting up.</summary>
public sealed class LoopedVideo : FrameSource
{
    private readonly Func<FrameSource> open;
    private readonly Lock gate = new();
    private FrameSource video;
    private bool stopped;
    private bool anyFrame;
    private int next;

    /// <summary>Opens the video for the first time.</summary>
    /// <param name="open">Opens the video at its first frame. It is called again for every repetition.</param>
    /// <exception cref="FrameException">The video cannot be opened.</exception>
    public LoopedVideo(Func<FrameSource> open)
    {
        this.open = open;
        video = open();
    }

    /// <inheritdoc/>
    public override int? Count => null;

    /// <inheritdoc/>
    public override double? FramesPerSecond => video.FramesPerSecond;

    /// <inheritdoc/>
    public override string? Complaint => video.Complaint;

    /// <inheritdoc/>
    public override Frame? Read()
    {
        Frame? frame = video.Read();
        if (frame is null && anyFrame && Reopen())
            frame = video.Read();
        anyFrame = frame is not null;
        if (frame is not null)
            frame.Index = next++;
        return frame;
    }

    /// <inheritdoc/>
    public override void Stop()
    {
        lock (gate)
        {
            stopped = true;
            video.Stop();
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            video.Dispose();
        base.Dispose(disposing);
    }

    private bool Reopen()
    {
        lock (gate)
        {
            if (stopped)
                return false;
            video.Dispose();
            video = open();
            return true;
        }
    }
}
