namespace SiamIlgpu.Media;

/// <summary>
/// A video that ffmpeg decodes into a pipe: whatever it can read, turned upright, each frame once. Frames are Rgb24. A video
/// whose pictures change their size has the first one's throughout, as ffmpeg scales them.
/// </summary>
internal sealed class FfmpegVideo : FrameSource
{
    // An interrupt of the whole terminal may reach ffmpeg a moment before it reaches this process.
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
    /// <exception cref="FrameException">There is no such file, or no ffmpeg.</exception>
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

    /// <summary>As ffmpeg says; known from the first <see cref="Read"/> on at the latest. More than 1000 is a clock, not a rate.</summary>
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

    // Every frame of the file once, at whatever times: frames are neither repeated nor left out to keep up a rate. ffmpeg
    // before 5.1 knows -vsync alone, which later versions are about to forget.
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

    /// <summary>What came out of the pipe.</summary>
    private enum Picture
    {
        Whole,
        None,
        Cut,
        Malformed,
    }
}
