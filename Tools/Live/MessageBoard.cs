namespace SiamIlgpu.Live;

/// <summary>A message to the pages, ready to be sent. Its memory is reused when no page reads it any more.</summary>
internal sealed class LiveMessage
{
    private byte[] bytes = [];

    /// <summary>The version of the state that it shows. Later states have greater numbers.</summary>
    internal long Version { get; set; }

    /// <summary>How many pages it is being sent to. Only the board changes this.</summary>
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
/// Holds the newest message. A page takes it when it is ready and never sees the messages in between. So there are at most two messages
/// more than pages, however slow a page is.
/// </summary>
internal sealed class MessageBoard
{
    private readonly Lock gate = new();
    private readonly Stack<LiveMessage> free = new();
    private LiveMessage? newest;

    /// <summary>A message to fill, and then to <see cref="Publish"/>.</summary>
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

    /// <summary>The newest message if the page has not seen it. The page has to <see cref="Return"/> it.</summary>
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
