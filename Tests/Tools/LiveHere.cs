using SiamIlgpu.Kernels;
using SiamIlgpu.Live;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tests.Tools;

/// <summary>A live session with its server, in this process.</summary>
internal sealed class LiveHere : IAsyncDisposable
{
    private readonly MultiTracker tracker;

    private LiveHere(MultiTracker tracker, LiveSession session, LiveServer server)
    {
        this.tracker = tracker;
        Session = session;
        Server = server;
    }

    internal LiveSession Session { get; }

    internal LiveServer Server { get; }

    internal string Address => Server.Address.ToString();

    /// <summary>As downloaded; null when there is no such target.</summary>
    internal string? BoxesOf(int target) => Session.BoxesOf(target) is { } lines ? Text(lines) : null;

    /// <inheritdoc cref="BoxesOf"/>
    internal string BoxesOfAll() => Text(Session.BoxesOfAll());

    internal static async Task<LiveHere> StartAsync(ComputeDevice device, NetworkWeights network, Func<FrameSource> open, LiveOptions? options = null)
    {
        var targets = new MultiTracker(network, device);
        var session = new LiveSession(open, targets, options ?? new LiveOptions());
        try
        {
            await session.FirstFrame;
        }
        catch
        {
            session.Dispose();
            targets.Dispose();
            throw;
        }
        return new LiveHere(targets, session, await LiveServer.StartAsync(session));
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        Session.Dispose();
        tracker.Dispose();
    }

    private static string Text(IEnumerable<string> lines) => string.Concat(lines.Select(line => line + "\n"));
}

/// <summary>Gray noise for some frames, then an error, again and again.</summary>
internal sealed class FailingVideo(int goodFrames) : FrameSource
{
    private readonly Frame frame = new(160, 120);
    private int read;

    public override int? Count => null;

    public override Frame? Read()
    {
        if (read++ >= goodFrames)
            throw new FrameException("/dev/video0", "the camera was unplugged");
        new Random(read).NextBytes(frame.Pixels);
        return frame;
    }
}
