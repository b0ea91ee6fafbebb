using System.Runtime.ExceptionServices;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>Work that is split into numbered tasks. Tasks are independent and write to places of their own.</summary>
internal interface IParallelWork
{
    /// <summary>Does one task. <paramref name="worker"/> (0 for the caller) picks that thread's scratch.</summary>
    void Run(int task, int worker);
}

/// <summary>
/// A fork-join pool whose calls allocate nothing. The caller works too. Between calls, helpers spin for a short time and then park, because
/// the operations of a frame follow one another within microseconds.
/// </summary>
/// <remarks>
/// Each thread first does its own share of consecutive tasks, and then takes tasks that are left in the shares of others. So neighboring
/// tasks, which read the same pixels, mostly run on the same core, and a task mostly runs on the same core in every frame. This matters on
/// a processor of several dies, where memory that another core has written is slow to read.
/// </remarks>
internal sealed class WorkerPool : IDisposable
{
    // Long enough to bridge the gap between two operations, short enough to leave the core to others between two frames.
    private const int SpinsBeforeParking = 2000;
    private const long Closed = int.MaxValue;
    private const int WordsOfALine = 128 / sizeof(long);

    private readonly Thread[] helpers;
    private readonly object gate = new();
    private IParallelWork? work;
    private ExceptionDispatchInfo? failure;
    private int tasks;
    private int busy;
    private int parked;
    private bool disposed;

    // The next task of each thread's share. The high half is the number of the call, the low half the task. Both are in one word, so that
    // a helper that is late cannot take a task of a later call: its compare-exchange fails. Each word has its own cache line.
    private readonly long[] shares;
    private long current;
    private int completed;

    /// <summary>Starts the helpers.</summary>
    /// <param name="threads">Threads that share the work, the caller's included.</param>
    /// <param name="before">What the first helper does before it helps; callers do not wait for it.</param>
    internal WorkerPool(int threads, Action? before = null)
    {
        Threads = threads;
        helpers = new Thread[threads - 1];
        shares = new long[(threads + 1) * WordsOfALine];
        Array.Fill(shares, Closed);
        for (int i = 0; i < helpers.Length; i++)
        {
            int worker = i + 1;
            helpers[i] = new Thread(() => Help(worker, worker == 1 ? before : null)) { IsBackground = true, Name = $"SiamIlgpu worker {worker}" };
            helpers[i].Start();
        }
    }

    /// <summary>Threads that share the work, the caller's included.</summary>
    internal int Threads { get; }

    /// <summary>
    /// Does all tasks and returns when the last one is done. Several threads may call at once: one gets the helpers, and the others do all
    /// their tasks themselves, so no thread waits for another one's work.
    /// </summary>
    internal void Run(IParallelWork todo, int count)
    {
        if (helpers.Length == 0 || count == 1 || Interlocked.CompareExchange(ref busy, 1, 0) != 0)
        {
            for (int i = 0; i < count; i++)
                todo.Run(i, 0);
            return;
        }
        ExceptionDispatchInfo? thrown = RunWithHelpers(todo, count);
        Volatile.Write(ref busy, 0);
        thrown?.Throw();
    }

    private ExceptionDispatchInfo? RunWithHelpers(IParallelWork todo, int count)
    {
        work = todo;
        tasks = count;
        completed = 0;
        // The number of a call wraps around as an int does, after some days of tracking, and stays equal to share >> 32.
        long call = (int)(current + 1);
        for (int thread = 0; thread < Threads; thread++)
            Volatile.Write(ref Share(thread), (call << 32) | (uint)Part.Of(count, thread, Threads).First);
        Volatile.Write(ref current, call);
        // A helper counts itself parked before it looks at the call for the last time; the fence puts the call first here.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref parked) > 0)
        {
            lock (gate)
                Monitor.PulseAll(gate);
        }

        ClaimAndRun(call, 0);
        // Yields after some spins: with more threads than cores, the thread of the last task may be waiting for this core.
        var wait = new SpinWait();
        while (Volatile.Read(ref completed) < count)
            wait.SpinOnce(sleep1Threshold: -1);

        for (int thread = 0; thread < Threads; thread++)
            Volatile.Write(ref Share(thread), (call << 32) | Closed);
        work = null;
        ExceptionDispatchInfo? thrown = failure;
        failure = null;
        return thrown;
    }

    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            Monitor.PulseAll(gate);
        }
        foreach (Thread helper in helpers)
            helper.Join();
    }

    private ref long Share(int thread) => ref shares[(thread + 1) * WordsOfALine];

    private void ClaimAndRun(long call, int worker)
    {
        for (int i = 0; i < Threads; i++)
            ClaimAndRun(call, worker, (worker + i) % Threads);
    }

    private void ClaimAndRun(long call, int worker, int owner)
    {
        ref long share = ref Share(owner);
        while (true)
        {
            long seen = Volatile.Read(ref share);
            IParallelWork? todo = work;
            int next = (int)seen;
            if (seen >> 32 != call || next >= Part.Of(tasks, owner, Threads).End)
                return;
            if (Interlocked.CompareExchange(ref share, seen + 1, seen) != seen)
                continue;
            try
            {
                todo!.Run(next, worker);
            }
#pragma warning disable CA1031 // Whatever a task throws, the caller gets it and the pool stays whole.
            catch (Exception e)
#pragma warning restore CA1031
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
            Interlocked.Increment(ref completed);
        }
    }

    private void Help(int worker, Action? before)
    {
        before?.Invoke();
        long done = 0;
        while (true)
        {
            for (int spins = 0; Volatile.Read(ref current) == done && spins < SpinsBeforeParking; spins++)
                Thread.SpinWait(16);
            if (Volatile.Read(ref current) == done && !Park(done))
                return;
            done = Volatile.Read(ref current);
            ClaimAndRun(done, worker);
        }
    }

    /// <summary>Sleeps until a call other than <paramref name="done"/> is under way; false when the pool is disposed.</summary>
    private bool Park(long done)
    {
        lock (gate)
        {
            Interlocked.Increment(ref parked);
            while (Volatile.Read(ref current) == done && !disposed)
                Monitor.Wait(gate);
            Interlocked.Decrement(ref parked);
            return !disposed;
        }
    }
}
