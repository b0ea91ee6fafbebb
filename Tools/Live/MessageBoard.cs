namespace SiamIlgpu.Live;

/// <summary>A message to the pages, ready to be sent; its memory is used again when nobody reads it any more.</summary>
internal sealed class LiveMessage
{
    private byte[] bytes = [];

    /// <summary>What it shows: later states have greater numbers.</summary>
    internal long Version { get; set; }

    /// <summary>How many pages are being sent it; the board's.</summary>
    internal int Readers { get; set; }

    internal int Length { get; private set; }

    internal ReadOnlyMemory<byte> Memory => bytes.AsMemory(0, Length);

    internal Span<byte> Resize(int length)
    {
        if (bytes.Length < length)
            bytes = new byte[length];
        Length = length;
        return bytes.AsSpan(0, length);
    }
}

/// <summary>
/// Holds the newest message. Pages take it when they are ready; what was newest in between is never sent to them. So there are
/// at most two messages more than pages, however slow a page is.
/// </summary>
internal sealed class MessageBoard
{
    private readonly Lock gate = new();
    private readonly Stack<LiveMessage> free = new();
    private LiveMessage? newest;

    /// <summary>A message to write, then to <see cref="Publish"/>.</summary>
    internal LiveMessage Rent()
    {
        lock (gate)
            return free.TryPop(out LiveMessage? message) ? message : new LiveMessage();
    }

    internal void Publish(LiveMessage message)
    {
        lock (gate)
        {
            if (newest is { Readers: 0 } old)
                free.Push(old);
            newest = message;
        }
    }

    /// <summary>The newest message if it is newer than what the page has seen. To be returned.</summary>
    internal LiveMessage? Take(long seen)
    {
        lock (gate)
        {
            if (newest is null || newest.Version <= seen)
                return null;
            newest.Readers++;
            return newest;
        }
    }

    internal void Return(LiveMessage message)
    {
        lock (gate)
        {
            if (--message.Readers == 0 && message != newest)
                free.Push(message);
        }
    }
}
