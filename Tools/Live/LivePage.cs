using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace SiamIlgpu.Live;

/// <summary>
/// One open page: its socket, and what it has seen. It gets the newest message when it has shown the last one, and nothing in
/// between: a slow page skips, a dead one is forgotten, and neither is ever waited for.
/// </summary>
internal sealed class LivePage(LiveSession session, WebSocket socket)
{
    /// <summary>Bytes of a message from a page; more end the connection.</summary>
    internal const int LongestMessage = 4096;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // Not disposed: it holds nothing, and the session may still answer a command of a page that has gone.
    private readonly SemaphoreSlim wake = new(0);
    private string? notice;
    private volatile bool ready;
    private volatile int width;
    private long seen;

    /// <summary>Whether it waits for something newer than what it has.</summary>
    internal bool Wants(long version) => ready && Interlocked.Read(ref seen) < version;

    /// <summary>Of its canvas, in pixels of the screen.</summary>
    internal int Width => width;

    /// <summary>Tells the page what did not work; of several at once it hears the last.</summary>
    internal void Notify(string message)
    {
        Volatile.Write(ref notice, message);
        Signal();
    }

    /// <summary>There may be something to send.</summary>
    internal void Signal()
    {
        if (wake.CurrentCount == 0)
            wake.Release();
    }

    /// <summary>Serves the page until it, or the server, goes.</summary>
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
            // Dropped: nothing is lost with it.
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
            // Dropped, or does not read: the receiver hears of it.
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
