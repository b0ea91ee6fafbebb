namespace SiamIlgpu.Media;

/// <summary>A video file. ffmpeg encodes it, and is started when the first frame comes.</summary>
internal sealed class FfmpegSink : FrameSink
{
    // An encoder holds back dozens of frames until it is told that there are no more.
    private const int FlushFactor = 10;

    private readonly string output;
    private readonly string program;
    private readonly TimeSpan patience;
    private readonly AtomicFile file;
    private readonly FirstFrameSize size = new();
    private FfmpegProcess? process;

    public FfmpegSink(string output, VideoOptions options)
    {
        this.output = output;
        program = FfmpegProgram.Find(options.Ffmpeg, output);
        patience = options.Patience;
        file = new AtomicFile(output);
        // ffmpeg writes it.
        file.Close();
    }

    public override void Keep()
    {
        if (process is null)
            throw new FrameException(output, "has no frame");
        process.CloseInput();
        if (process.Finish(FlushFactor * patience) is { } failure)
            throw new FrameException(output, failure);
        file.Keep();
    }

    protected override void Write(Frame frame)
    {
        Frame fitted = size.Fit(frame);
        process ??= new FfmpegProcess(
            program,
            VideoEncoding.Arguments(size.Width, size.Height, FramesPerSecond, Path.GetExtension(output).ToLowerInvariant(), file.Temporary),
            patience,
            output);
        process.BeginWait();
        try
        {
            process.Write(fitted.PixelMemory);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            throw new FrameException(output, process.Finish() ?? "ffmpeg takes no more frames", e);
        }
        finally
        {
            process.EndWait();
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        process?.Dispose();
        file.Dispose();
    }
}
