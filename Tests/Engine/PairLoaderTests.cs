using SiamIlgpu.Training;

namespace SiamIlgpu.Tests.Engine;

public sealed class PairLoaderTests
{
    [Test]
    public void Next_GivesThePairsInOrderEpochAfterEpoch([Values(1, 2, 5)] int threads)
    {
        // 17 pairs are 4 batches of 4; the last pair is left out.
        var source = new NumberedPairs(17);
        using PairLoader loader = new(source, 4, threads);
        Assert.That(loader.BatchesPerEpoch, Is.EqualTo(4));
        for (int number = 0; number < 13; number++)
        {
            PairBatch batch = loader.Next();
            Assert.That((batch.Epoch, batch.Index), Is.EqualTo((number / 4, number % 4)), $"batch {number}");
            AssertPairs(batch, number / 4, number % 4 * 4);
        }
    }

    [Test]
    public void Next_BeginsWhereItIsTold()
    {
        using PairLoader loader = new(new NumberedPairs(12), 4, threads: 2, firstEpoch: 3, firstBatch: 2);
        (int, int)[] seen = new (int, int)[3];
        for (int i = 0; i < seen.Length; i++)
        {
            PairBatch batch = loader.Next();
            seen[i] = (batch.Epoch, batch.Index);
            AssertPairs(batch, batch.Epoch, batch.Index * 4);
        }
        Assert.That(seen, Is.EqualTo(new[] { (3, 2), (4, 0), (4, 1) }));
    }

    [Test]
    public void Next_KeepsTheBatchUntilTheNextCallAndReadsTwoAhead()
    {
        var source = new NumberedPairs(1000);
        using PairLoader loader = new(source, 2, threads: 3);
        PairBatch batch = loader.Next();
        Assert.That(() => source.Reads, Is.EqualTo(6).After(2000, 5), "the batch given out and two more");
        Thread.Sleep(30);
        Assert.That(source.Reads, Is.EqualTo(6), "no further");
        AssertPairs(batch, 0, 0);
    }

    [Test]
    public void Next_ThrowsWhatReadingThrew()
    {
        using PairLoader loader = new(new NumberedPairs(100) { FailsAt = 9 }, 4, threads: 2);
        InvalidOperationException thrown = Assert.Throws<InvalidOperationException>(() =>
        {
            for (int i = 0; i < 3; i++)
                loader.Next();
        })!;
        Assert.That(thrown.Message, Is.EqualTo("pair 9 is bad"));
        Assert.Throws<InvalidOperationException>(() => loader.Next(), "and again");
    }

    [Test]
    public void Next_AllocatesNothing()
    {
        using PairLoader loader = new(new NumberedPairs(1000), 4, threads: 2);
        for (int i = 0; i < 10; i++)
            loader.Next();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20; i++)
            loader.Next();
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void Dispose_StopsTheThreads()
    {
        var source = new NumberedPairs(1000);
        PairLoader loader = new(source, 2, threads: 3);
        loader.Next();
        loader.Dispose();
        int reads = source.Reads;
        Thread.Sleep(30);
        Assert.That(source.Reads, Is.EqualTo(reads));
        Assert.Throws<ObjectDisposedException>(() => loader.Next());
        loader.Dispose();
    }

    [Test]
    public void Constructor_SaysWhatMakesNoSense()
    {
        Assert.That(() => new PairLoader(new NumberedPairs(3), 4), Throws.ArgumentException.With.Message.EqualTo("an epoch of 3 pairs is too short for a batch of 4"));
        Assert.That(
            () => new PairLoader(new NumberedPairs(8), 4, firstBatch: 2), Throws.ArgumentException.With.Message.EqualTo("an epoch has 2 batches, there is no batch 2"));
        Assert.That(() => new PairLoader(new NumberedPairs(8), 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    private static void AssertPairs(PairBatch batch, int epoch, int first)
    {
        for (int i = 0; i < batch.Labels.Length; i++)
        {
            float number = 1000 * epoch + first + i;
            Assert.That(batch.Labels[i].TargetWidth, Is.EqualTo(number));
            Assert.That(batch.Exemplars.AsSpan(i * 12, 12).ToArray(), Is.All.EqualTo(number));
            Assert.That(batch.Searches.AsSpan(i * 27, 27).ToArray(), Is.All.EqualTo(-number));
        }
    }

    private sealed class NumberedPairs(int count) : IPairSource
    {
        private int reads;

        public int ExemplarSize => 2;

        public int SearchSize => 3;

        public int Count => count;

        public int FailsAt { get; init; } = -1;

        public int Reads => Volatile.Read(ref reads);

        public PairLabel Read(int epoch, int index, Span<float> exemplar, Span<float> search)
        {
            Interlocked.Increment(ref reads);
            if (index == FailsAt)
                throw new InvalidOperationException($"pair {index} is bad");
            // Unequal times, so that threads overtake each other.
            Thread.SpinWait(index % 3 * 20_000);
            float number = 1000 * epoch + index;
            exemplar.Fill(number);
            search.Fill(-number);
            return new PairLabel(PairKind.Positive, number, number);
        }
    }
}
