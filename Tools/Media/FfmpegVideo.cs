namespace SiamIlgpu.Media;

/// <summary>
/// A video that ffmpeg decodes into a pipe. It may be anything that ffmpeg reads. Frames are Rgb24 and upright, and each is returned once.
/// If the size of the pictures changes within the video, ffmpeg scales them to the size of the first.
/// </summary>
internal sealed class FfmpegVideo : FrameSource
{
    // When a terminal is interrupted, ffmpeg may receive the signal a moment before this process does.
    private static readonly TimeSpan InterruptsMayDiffer = TimeSpan.FromMilliseconds(300);

    private readonly string input;
    private readonly string name;
    private readonly string program;
    private readonly FfmpegInput source;
    private readonly TimeSpan patience;
    private readonly Frame frame = new();
    private readonly Lock gate = new();
    private readonly ManualResetEventSlim stopped = new();
    private FfmpegProcess process;
    private PpmReader pictures;
    private string? malformed;
    private int next;
    private bool ended;

    /// <summary>Starts ffmpeg.</summary>
    /// <exception cref="FrameException">The file does not exist, or ffmpeg was not found.</exception>
    public FfmpegVideo(string input, VideoOptions options)
    {
        this.input = input;
        name = Path.GetFileName(Path.TrimEndingDirectorySeparator(input));
        source = FfmpegInput.Of(input, options.InputFormat);
        program = FfmpegProgram.Find(options.Ffmpeg, input);
        patience = options.Patience;
        (process, pictures) = Start("-fps_mode");
    }

    /// <inheritdoc/>
    public override int? Count => null;

    /// <summary>
    /// The rate that ffmpeg reports; known after the first <see cref="Read"/> at the latest. Rates above 1000 belong to a clock, not to
    /// frames, and are ignored.
    /// </summary>
    public override double? FramesPerSecond => process.Log.FramesPerSecond is > 0 and <= 1000 and double rate ? rate : null;

    /// <inheritdoc/>
    public override string? Complaint => process.Log.Errors is { } errors ? $"ffmpeg: {errors}" : null;

    /// <inheritdoc/>
    public override Frame? Read()
    {
        if (ended)
            return null;
        Picture picture = TryRead();
        if (picture == Picture.None && next == 0 && LacksFpsMode() && Restart("-vsync"))
            picture = TryRead();
        if (picture == Picture.Whole)
            return frame;

        ended = true;
        string? failure = process.Finish();
        if (stopped.IsSet || (failure is not null && stopped.Wait(InterruptsMayDiffer)))
            return null;
        failure = picture switch
        {
            Picture.Malformed => $"ffmpeg sent no frame: {malformed}",
            Picture.Cut => failure ?? "ffmpeg ended within a frame",
            _ when failure is null && next == 0 => $"has no picture that ffmpeg can decode{(Complaint is { } complaint ? $" ({complaint})" : "")}",
            _ when failure is null && source.IsCamera => $"the camera has stopped ({process.Log.LastWords})",
            _ => failure,
        };
        return failure is null ? null : throw new FrameException(input, next == 0 ? failure : $"after {next} frames: {failure}");
    }

    /// <inheritdoc/>
    public override void Stop()
    {
        lock (gate)
        {
            if (stopped.IsSet)
                return;
            stopped.Set();
            process.Kill();
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Stop();
            process.Dispose();
        }
        base.Dispose(disposing);
    }

    private Picture TryRead()
    {
        process.BeginWait();
        try
        {
            if (!pictures.Read(frame))
                return Picture.None;
        }
        catch (InvalidDataException e)
        {
            malformed = e.Message;
            process.Kill();
            return Picture.Malformed;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            return Picture.Cut;
        }
        finally
        {
            process.EndWait();
        }
        if (next == 0)
            process.WaitForDescription();
        frame.Index = next++;
        frame.Name = name;
        return Picture.Whole;
    }

    private bool LacksFpsMode()
    {
        process.Finish();
        return process.Log.LastWords.Contains("fps_mode", StringComparison.Ordinal);
    }

    // "passthrough" returns every frame of the file exactly once: none is repeated or dropped to keep a constant rate. ffmpeg before 5.1
    // only knows -vsync, which newer versions are going to remove.
    private (FfmpegProcess Process, PpmReader Pictures) Start(string timing)
    {
        FfmpegProcess started = new(
            program,
            [.. source.Arguments, timing, "passthrough", "-c:v", "ppm", "-pix_fmt", "rgb24", "-f", "image2pipe", "pipe:1"],
            patience,
            input);
        started.CloseInput();
        return (started, new PpmReader(started.Read));
    }

    private bool Restart(string timing)
    {
        lock (gate)
        {
            if (stopped.IsSet)
                return false;
            process.Dispose();
            (process, pictures) = Start(timing);
            return true;
        }
    }

    /// <summary>What was read from the pipe.</summary>
    private enum Picture
    {
        Whole,
        None,
        Cut,
        Malformed,
    }
}
