using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace SiamIlgpu.Live;

/// <summary>
/// One open page: its socket, and the version that it shows. When a page has shown a message, it gets the newest one. A slow page skips
/// messages, and a dead page is dropped. The session waits for neither.
/// </summary>
internal sealed class LivePage(LiveSession session, WebSocket socket)
{
    /// <summary>The greatest length of a message from a page, in bytes. A longer one ends the connection.</summary>
    internal const int LongestMessage = 4096;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // It is never disposed: it holds no resources, and the session may still answer a command of a page that was closed.
    private readonly SemaphoreSlim wake = new(0);
    private string? notice;
    private volatile bool ready;
    private volatile int width;
    private long seen;

    /// <summary>Whether the page is ready and this version is newer than what it shows.</summary>
    internal bool Wants(long version) => ready && Interlocked.Read(ref seen) < version;

    /// <summary>The width of the page's canvas in screen pixels.</summary>
    internal int Width => width;

    /// <summary>Tells the page what did not work. Of several messages at once, the page gets the last.</summary>
    internal void Notify(string message)
    {
        Volatile.Write(ref notice, message);
        Signal();
    }

    /// <summary>Wakes the sender, which looks for something to send.</summary>
    internal void Signal()
    {
        if (wake.CurrentCount == 0)
            wake.Release();
    }

    /// <summary>Serves the page until it or the server is closed.</summary>
    internal async Task RunAsync(CancellationToken closing)
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(closing);
        session.Attach(this);
        Task sending = SendAllAsync(gone.Token);
        try
        {
            await ReceiveAllAsync(gone.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // The connection is gone, and there is nothing to save.
            socket.Abort();
        }
        finally
        {
            session.Detach(this);
            await gone.CancelAsync().ConfigureAwait(false);
            await sending.ConfigureAwait(false);
        }
    }

    private async Task ReceiveAllAsync(CancellationToken gone)
    {
        var buffer = new byte[LongestMessage];
        while (true)
        {
            int length = 0;
            ValueWebSocketReceiveResult part;
            do
            {
                if (length == buffer.Length)
                {
                    await CloseAsync(WebSocketCloseStatus.MessageTooBig, $"a message has at most {LongestMessage} bytes", gone).ConfigureAwait(false);
                    return;
                }
                part = await socket.ReceiveAsync(buffer.AsMemory(length), gone).ConfigureAwait(false);
                length += part.Count;
            }
            while (!part.EndOfMessage);

            if (part.MessageType == WebSocketMessageType.Close)
            {
                await CloseAsync(WebSocketCloseStatus.NormalClosure, null, gone).ConfigureAwait(false);
                return;
            }
            if (part.MessageType == WebSocketMessageType.Binary)
            {
                await CloseAsync(WebSocketCloseStatus.InvalidMessageType, "messages are JSON texts", gone).ConfigureAwait(false);
                return;
            }
            Obey(buffer.AsSpan(0, length));
        }
    }

    private void Obey(ReadOnlySpan<byte> message)
    {
        if (PageCommand.Parse(message, out string error) is not { } command)
        {
            Notify(error);
        }
        else if (command.Kind == PageCommandKind.Ready)
        {
            bool resized = width != command.Width;
            width = command.Width;
            ready = true;
            session.Wake(resized);
            Signal();
        }
        else if (!session.Post(command with { Page = this }))
        {
            Notify("the tracker is busy: too many commands at once");
        }
    }

    private async Task SendAllAsync(CancellationToken gone)
    {
        try
        {
            while (true)
            {
                await wake.WaitAsync(gone).ConfigureAwait(false);
                if (Interlocked.Exchange(ref notice, null) is { } text)
                    await SendAsync(Encode(text), WebSocketMessageType.Text, gone).ConfigureAwait(false);
                if (ready && session.Board.Take(seen) is { } message)
                {
                    ready = false;
                    Interlocked.Exchange(ref seen, message.Version);
                    try
                    {
                        await SendAsync(message.Memory, WebSocketMessageType.Binary, gone).ConfigureAwait(false);
                    }
                    finally
                    {
                        session.Board.Return(message);
                    }
                }
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // The connection is gone, or the page does not read. Aborting ends the receiver too.
            socket.Abort();
        }
    }

    private async Task SendAsync(ReadOnlyMemory<byte> bytes, WebSocketMessageType type, CancellationToken gone)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(gone);
        patience.CancelAfter(Patience);
        await socket.SendAsync(bytes, type, endOfMessage: true, patience.Token).ConfigureAwait(false);
    }

    private async Task CloseAsync(WebSocketCloseStatus status, string? reason, CancellationToken gone)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(gone);
        patience.CancelAfter(Patience);
        await socket.CloseAsync(status, reason, patience.Token).ConfigureAwait(false);
    }

    private static byte[] Encode(string text) => Encoding.UTF8.GetBytes($"{{\"error\":\"{JsonEncodedText.Encode(text)}\"}}");
}
