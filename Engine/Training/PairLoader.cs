using System.Runtime.ExceptionServices;

namespace SiamIlgpu.Training;

/// <summary>Pairs that are learned from together.</summary>
public sealed class PairBatch
{
    internal PairBatch(IPairSource source, int size)
    {
        Exemplars = new float[checked(size * 3 * source.ExemplarSize * source.ExemplarSize)];
        Searches = new float[checked(size * 3 * source.SearchSize * source.SearchSize)];
        Labels = new PairLabel[size];
    }

    /// <summary>RGB 0..255, [batch][size][size][3].</summary>
    public float[] Exemplars { get; }

    /// <summary>RGB 0..255, [batch][size][size][3].</summary>
    public float[] Searches { get; }

    /// <summary>What is known of each pair.</summary>
    public PairLabel[] Labels { get; }

    /// <summary>Number of the epoch.</summary>
    public int Epoch { get; internal set; }

    /// <summary>Number of the batch in its epoch.</summary>
    public int Index { get; internal set; }
}

/// <summary>
/// Reads batches ahead on threads of its own, in order, epoch after epoch without end. The batches do not depend on how
/// many threads there are. <see cref="Next"/> is for one thread; once the first batches are there it allocates nothing.
/// </summary>
public sealed class PairLoader : IDisposable
{
    // One that the caller looks at, and two ahead.
    private const int Slots = 3;

    private readonly IPairSource source;
    private readonly int batch;
    private readonly int firstEpoch, firstBatch;
    private readonly PairBatch[] slots = new PairBatch[Slots];
    private readonly int[] unread = new int[Slots];
    private readonly Thread[] threads;

    // What the threads share, under this lock: the next pair to read, counted from the first batch; the batches given out;
    // and why reading stopped.
    private readonly object access = new();
    private long nextPair;
    private long given;
    private ExceptionDispatchInfo? failure;
    private bool stopped;

    /// <summary>Starts reading.</summary>
    /// <param name="source">Where pairs come from; must allow several threads at once.</param>
    /// <param name="batch">Pairs of a batch.</param>
    /// <param name="threads">Threads that read.</param>
    /// <param name="firstEpoch">Epoch of the first batch.</param>
    /// <param name="firstBatch">Number of the first batch in its epoch.</param>
    /// <exception cref="ArgumentException">A number makes no sense, or an epoch has not enough pairs for one batch.</exception>
    public PairLoader(IPairSource source, int batch, int threads = 1, int firstEpoch = 0, int firstBatch = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(firstEpoch);
        ArgumentOutOfRangeException.ThrowIfNegative(firstBatch);
        (this.source, this.batch, this.firstEpoch) = (source, batch, firstEpoch);
        BatchesPerEpoch = source.Count / batch;
        if (BatchesPerEpoch == 0)
            throw new ArgumentException($"an epoch of {source.Count} pairs has no batch of {batch}");
        if (firstBatch >= BatchesPerEpoch)
            throw new ArgumentException($"an epoch has {BatchesPerEpoch} batches, there is no batch {firstBatch}");
        this.firstBatch = firstBatch;
        for (int i = 0; i < Slots; i++)
            (slots[i], unread[i]) = (new PairBatch(source, batch), batch);
        this.threads = new Thread[threads];
        for (int i = 0; i < threads; i++)
        {
            this.threads[i] = new Thread(Read) { IsBackground = true, Name = $"pairs {i}" };
            this.threads[i].Start();
        }
    }

    /// <summary>Batches of an epoch; pairs that do not fill one are left out.</summary>
    public int BatchesPerEpoch { get; }

    /// <summary>The next batch, valid until the next call.</summary>
    /// <remarks>What a pair's reading threw is thrown here, now and at every later call.</remarks>
    public PairBatch Next()
    {
        lock (access)
        {
            ObjectDisposedException.ThrowIf(stopped && failure is null, this);
            // The batch given out before is free again.
            if (given > 0)
                unread[(given - 1) % Slots] = batch;
            int slot = (int)(given % Slots);
            given++;
            Monitor.PulseAll(access);
            while (unread[slot] > 0 && failure is null)
                Monitor.Wait(access);
            failure?.Throw();
            return slots[slot];
        }
    }

    /// <summary>Stops reading, and waits for the pairs being read.</summary>
    public void Dispose()
    {
        lock (access)
        {
            stopped = true;
            Monitor.PulseAll(access);
        }
        foreach (Thread thread in threads)
            thread.Join();
    }

    private void Read()
    {
        try
        {
            while (TakePair(out long number))
            {
                (long ahead, long place) = Math.DivRem(number, batch);
                (long epochs, long index) = Math.DivRem(firstBatch + ahead, BatchesPerEpoch);
                int slot = (int)(ahead % Slots), epoch = firstEpoch + (int)epochs;
                PairBatch pairs = slots[slot];
                int exemplar = pairs.Exemplars.Length / batch, search = pairs.Searches.Length / batch;
                pairs.Labels[place] = source.Read(
                    epoch, (int)(index * batch + place), pairs.Exemplars.AsSpan((int)place * exemplar, exemplar), pairs.Searches.AsSpan((int)place * search, search));
                lock (access)
                {
                    (pairs.Epoch, pairs.Index) = (epoch, (int)index);
                    if (--unread[slot] == 0)
                        Monitor.PulseAll(access);
                }
            }
        }
        catch (Exception e)
        {
            // Whatever it is, it belongs to the caller of Next.
            lock (access)
            {
                failure ??= ExceptionDispatchInfo.Capture(e);
                stopped = true;
                Monitor.PulseAll(access);
            }
        }
    }

    // The slot of a batch is free once the batch that it held is no longer looked at: when the one after that is asked for.
    private bool TakePair(out long number)
    {
        lock (access)
        {
            while (!stopped && nextPair / batch >= Math.Max(given, 1) + Slots - 1)
                Monitor.Wait(access);
            number = nextPair++;
            return !stopped;
        }
    }
}
