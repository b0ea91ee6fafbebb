using System.Buffers.Binary;
using System.Diagnostics;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tests.Weights;

/// <summary>
/// Damages good files at random, always in the same way for the same seed, and loads them: whatever comes out is weights or a
/// <see cref="WeightFormatException"/>, soon, and without more memory than the good file needs a few times over.
/// </summary>
public sealed class WeightMutationTests
{
    private const int MostTimesTheNeed = 4;
    private const int Allowance = 1 << 18; // buffers and exceptions, which small files would not pay for
    private const double MostSeconds = 5;  // for one file; the usual is under a millisecond

    [Test]
    public void Load_MutatedMat_NeverDoesWorseThanRefuse([Values] bool bigEndian, [Values] bool compressed) =>
        Mutate(DagFile.CorrelationFilter().ToBytes(bigEndian, compressed), rounds: 3000, seed: 1);

    [Test]
    [Category("Slow")]
    public void Load_MutatedMatInside_NeverDoesWorseThanRefuse()
    {
        // Damage below the compression, with a checksum that fits.
        var writer = new MatWriter(bigEndian: false);
        byte[] plain = DagFile.CrossCorrelation().ToBytes(compressed: false);
        int header = writer.Header().Length;
        int stats = 8 + BinaryPrimitives.ReadInt32LittleEndian(plain.AsSpan(header + 4));
        byte[] net = plain[(header + stats)..];
        Mutate(net, rounds: 2000, seed: 2, inner => [.. plain[..header], .. writer.Deflated(inner)]);
    }

    [Test]
    public void Load_MutatedSafetensors_NeverDoesWorseThanRefuse()
    {
        NetworkWeights weights = MatConvNet.Read(DagFile.CorrelationFilter().ToStream(), "test.mat");
        string path = Path.GetTempFileName();
        try
        {
            weights.Save(path);
            byte[] file = File.ReadAllBytes(path);
            Mutate(file, rounds: 3000, seed: 3);
            // The header is where the lies are: the same again with only its bytes in reach.
            int header = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(file);
            Mutate(file[..header], rounds: 5000, seed: 4, start => [.. start, .. file[header..]]);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestCase("weights/cfnet/cfnet-conv1_e75.mat", 300)]
    [TestCase("weights/loader-cases/dcfnet-simplenn.mat", 1000)]
    [TestCase("weights/siamfc/siamfc-color-3s-from-int8.safetensors", 20)]
    [Needs(Need.SharedData)]
    public void Load_MutatedRealFile_NeverDoesWorseThanRefuse(string file, int rounds) =>
        Mutate(File.ReadAllBytes(SharedData.Require(file)), rounds, seed: 5);

    private static void Mutate(byte[] good, int rounds, int seed, Func<byte[], byte[]>? wrap = null)
    {
        wrap ??= bytes => bytes;
        byte[] whole = wrap(good);
        NetworkWeights.Load(new MemoryStream(whole), "good"); // once, for what the runtime makes on first use
        long need = Measure(() => NetworkWeights.Load(new MemoryStream(whole), "good"));
        int refused = 0;
        for (int round = 0; round < rounds; round++)
        {
            var random = new Random(HashCode(seed, round));
            byte[] bad = wrap(Damage(good, random));
            var clock = Stopwatch.StartNew();
            long taken = Measure(() =>
            {
                try
                {
                    NetworkWeights.Load(new MemoryStream(bad), "bad").Definition?.ToJson();
                }
                catch (WeightFormatException)
                {
                    refused++;
                }
                catch (Exception e)
                {
                    Assert.Fail($"seed {seed}, round {round}: {e}");
                }
            });
            if (taken > MostTimesTheNeed * need + Allowance)
                Assert.Fail($"seed {seed}, round {round}: took {taken} bytes, the good file takes {need}");
            if (clock.Elapsed.TotalSeconds > MostSeconds)
                Assert.Fail($"seed {seed}, round {round}: took {clock.Elapsed}");
        }
        Assert.That(refused, Is.GreaterThan(rounds / 20), "most damage should show");
        TestContext.Out.WriteLine($"{refused} of {rounds} refused; a good load allocates {need} bytes for {whole.Length}");
    }

    private static byte[] Damage(byte[] good, Random random)
    {
        byte[] bad = [.. good];
        for (int times = random.Next(1, 4); times > 0; times--)
        {
            int at = random.Next(bad.Length);
            switch (random.Next(6))
            {
                case 0: // flip a bit
                    bad[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1: // another byte
                    bad[at] = (byte)random.Next(256);
                    break;
                case 2: // cut the end off
                    bad = bad[..Math.Max(1, at)];
                    break;
                case 3: // a length, where lengths are: extreme, huge or slightly off
                    at &= ~3;
                    if (at + 4 <= bad.Length)
                    {
                        uint word = BinaryPrimitives.ReadUInt32LittleEndian(bad.AsSpan(at));
                        uint[] lies = [0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0x00FFFFFF, word + 1, word - 1, word * 2, word + 8];
                        BinaryPrimitives.WriteUInt32LittleEndian(bad.AsSpan(at), lies[random.Next(lies.Length)]);
                    }
                    break;
                case 4: // a piece copied over another
                    int length = random.Next(1, Math.Min(64, bad.Length + 1));
                    int from = random.Next(bad.Length - length + 1), to = random.Next(bad.Length - length + 1);
                    bad.AsSpan(from, length).CopyTo(bad.AsSpan(to));
                    break;
                default: // a piece taken out or put in twice
                    int piece = Math.Min(random.Next(1, 32), bad.Length - at);
                    bad = random.Next(2) == 0
                        ? [.. bad[..at], .. bad[Math.Min(bad.Length, at + piece)..], 0]
                        : [.. bad[..at], .. bad[at..(at + piece)], .. bad[at..]];
                    break;
            }
        }
        return bad;
    }

    // System.HashCode differs from run to run.
    private static int HashCode(int seed, int round) => unchecked(seed * 1_000_003 + round);

    private static long Measure(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
