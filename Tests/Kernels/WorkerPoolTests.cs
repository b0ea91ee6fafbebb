using SiamIlgpu.Kernels.Cpu;

namespace SiamIlgpu.Tests.Kernels;

internal sealed class WorkerPoolTests
{
    [Test]
    public void Run_ManyTinyCalls_DoesEachTaskOnce([Range(1, 8)] int threads)
    {
        using var pool = new WorkerPool(threads);
        var work = new Counting(threads);
        for (int call = 1; call <= 3000; call++)
        {
            // Pauses now and then, so that helpers park in some calls and spin in others.
            if (call % 1000 == 0)
                Thread.Sleep(20);
            int tasks = call % 13;
            work.Clear();
            pool.Run(work, tasks);
            Assert.That(work.Done(tasks), Is.True, $"call {call}: not each of {tasks} tasks was done once, by a worker of 0..{threads - 1}");
        }
    }

    [Test]
    public void Run_TaskThrows_RethrowsAfterAllTasksAndStaysWhole([Values(2, 3, 8)] int threads)
    {
        using var pool = new WorkerPool(threads);
        var work = new Counting(threads);
        for (int call = 0; call < 500; call++)
        {
            work.Clear();
            work.ThrowAt = call % 9;
            Assert.That(() => pool.Run(work, 9), Throws.InvalidOperationException.With.Message.EqualTo($"task {call % 9}"));
            Assert.That(work.Done(9), Is.True);
            work.Clear();
            work.ThrowAt = -1;
            pool.Run(work, 9);
            Assert.That(work.Done(9), Is.True);
        }
    }

    [Test]
    public void Dispose_WhileHelpersSpinOrPark_Returns([Values(1, 2, 8)] int threads, [Values(0, 50)] int idleMilliseconds)
    {
        var disposing = Task.Run(() =>
        {
            for (int i = 0; i < 10; i++)
            {
                var pool = new WorkerPool(threads);
                pool.Run(new Counting(threads), 5);
                Thread.Sleep(idleMilliseconds);
                pool.Dispose();
            }
        });
        Assert.That(disposing.Wait(TimeSpan.FromSeconds(30)), Is.True, "a helper did not end");
    }

    [Test]
    public void Run_AllocatesNothing()
    {
        using var pool = new WorkerPool(2);
        var work = new Counting(2);
        pool.Run(work, 8);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int call = 0; call < 100; call++)
            pool.Run(work, 8);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    private sealed class Counting(int threads) : IParallelWork
    {
        private readonly int[] runs = new int[16];
        private int strangers;

        internal int ThrowAt { get; set; } = -1;

        public void Run(int task, int worker)
        {
            Interlocked.Increment(ref runs[task]);
            if (worker < 0 || worker >= threads)
                Interlocked.Increment(ref strangers);
            if (task == ThrowAt)
                throw new InvalidOperationException($"task {task}");
        }

        internal void Clear() => Array.Clear(runs);

        internal bool Done(int tasks) =>
            strangers == 0 && runs.AsSpan(0, tasks).IndexOfAnyExcept(1) < 0 && runs.AsSpan(tasks).IndexOfAnyExcept(0) < 0;
    }
}
