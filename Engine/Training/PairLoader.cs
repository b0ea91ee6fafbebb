using System.Runtime.ExceptionServices;

namespace SiamIlgpu.Training;

/// <summary>The pairs of one training step.</summary>
public sealed class PairBatch
{
    internal PairBatch(IPairSource source, int size)
    {
        Exemplars = new float[checked(size * 3 * source.ExemplarSize * source.ExemplarSize)];
        Searches = new float[checked(size * 3 * source.SearchSize * source.SearchSize)];
        Labels = new PairLabel[size];
    }

    /// <summary>The exemplar crops: RGB 0..255, [batch][size][size][3].</summary>
    public float[] Exemplars { get; }

    /// <summary>The search crops: RGB 0..255, [batch][size][size][3].</summary>
    public float[] Searches { get; }

    /// <summary>What is known about each pair.</summary>
    public PairLabel[] Labels { get; }

    /// <summary>Number of the epoch, from 0.</summary>
    public int Epoch { get; internal set; }

    /// <summary>Number of the batch in its epoch, from 0.</summary>
    public int Index { get; internal set; }
}

/// <summary>
/// Reads batches ahead on its own threads, in order, one epoch after the other without end. The batches do not depend on the number of
/// threads. <see cref="Next"/> is for one thread at a time, and it allocates nothing once the first batches have been read.
/// </summary>
public sealed class PairLoader : IDisposable
{
    // One batch that the caller uses, and two that are read ahead.
    private const int Slots = 3;

    private readonly IPairSource source;
    private readonly int batch;
    private readonly int firstEpoch, firstBatch;
    private readonly PairBatch[] slots = new PairBatch[Slots];
    private readonly int[] unread = new int[Slots];
    private readonly Thread[] threads;

    // The lock for everything that the threads share: the next pair to read, counted from the first batch; the number of batches given
    // out; how many pairs of each slot are still unread; and why reading stopped.
    private readonly object access = new();
    private long nextPair;
    private long given;
    private ExceptionDispatchInfo? failure;
    private bool stopped;

    /// <summary>Starts reading.</summary>
    /// <param name="source">Where the pairs come from.</param>
    /// <param name="batch">Number of pairs in a batch.</param>
    /// <param name="threads">Number of threads that read.</param>
    /// <param name="firstEpoch">Epoch of the first batch.</param>
    /// <param name="firstBatch">Number of the first batch in its epoch.</param>
    /// <exception cref="ArgumentException">A number is out of range, or an epoch has too few pairs for one batch.</exception>
    public PairLoader(IPairSource source, int batch, int threads = 1, int firstEpoch = 0, int firstBatch = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(firstEpoch);
        ArgumentOutOfRangeException.ThrowIfNegative(firstBatch);
        (this.source, this.batch, this.firstEpoch) = (source, batch, firstEpoch);
        BatchesPerEpoch = source.Count / batch;
        if (BatchesPerEpoch == 0)
            throw new ArgumentException($"an epoch of {source.Count} pairs is too short for a batch of {batch}");
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

    /// <summary>Number of batches in an epoch. Pairs that do not fill a batch are left out.</summary>
    public int BatchesPerEpoch { get; }

    /// <summary>Waits for the next batch, and returns it. It is valid until the next call.</summary>
    /// <remarks>If reading a pair failed, this call and all later ones throw the exception of the pair source.</remarks>
    public PairBatch Next()
    {
        lock (access)
        {
            ObjectDisposedException.ThrowIf(stopped && failure is null, this);
            // The caller no longer uses the batch that it got before, so its slot is free.
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

    /// <summary>Stops reading, and waits for the pairs that are being read.</summary>
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
            // Next throws it again, whatever it is.
            lock (access)
            {
                failure ??= ExceptionDispatchInfo.Capture(e);
                stopped = true;
                Monitor.PulseAll(access);
            }
        }
    }

    // A slot is free when the caller no longer uses its batch, that is, when the caller asks for the next batch.
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
