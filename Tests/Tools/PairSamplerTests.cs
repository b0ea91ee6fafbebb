using System.Collections.Concurrent;
using SiamIlgpu.Datasets;
using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;
using SiamIlgpu.Training;

namespace SiamIlgpu.Tests.Tools;

public sealed class PairSamplerTests
{
    private static readonly PairOptions Small = new() { ExemplarSize = 63, SearchSize = 127, Count = 64, Augment = false };

    [Test]
    public void Read_GivesTheSamePairInAnyOrderOnAnyThread()
    {
        using PairSampler forwards = new(Blocks(6), Small with { Augment = true, Gray = 0.3f, HardNegatives = 0.2f, EasyNegatives = 0.2f });
        using PairSampler scattered = new(Blocks(6), forwards.Options);
        (float[] Exemplar, float[] Search, PairLabel Label)[] expected = [.. Enumerable.Range(0, 40).Select(i => ReadOne(forwards, 1, i))];
        Parallel.ForEach(Enumerable.Range(0, 40).Reverse(), i =>
        {
            (float[] exemplar, float[] search, PairLabel label) = ReadOne(scattered, 1, i);
            Assert.That(label, Is.EqualTo(expected[i].Label));
            Assert.That(exemplar, Is.EqualTo(expected[i].Exemplar));
            Assert.That(search, Is.EqualTo(expected[i].Search));
        });
    }

    [Test]
    public void Read_GivesOtherPairsForAnotherEpochIndexOrSeed()
    {
        using PairSampler sampler = new(Blocks(6), Small with { Augment = true });
        using PairSampler other = new(Blocks(6), Small with { Augment = true, Seed = 2 });
        float[] search = ReadOne(sampler, 0, 0).Search;
        Assert.That(ReadOne(sampler, 0, 1).Search, Is.Not.EqualTo(search));
        Assert.That(ReadOne(sampler, 1, 0).Search, Is.Not.EqualTo(search));
        Assert.That(ReadOne(other, 0, 0).Search, Is.Not.EqualTo(search));
    }

    [Test]
    public void Positive_HasTheTargetInTheMiddleOfBothCrops([Values(127, 255)] int exemplarSize)
    {
        using PairSampler sampler = new(Blocks(6), Small with { ExemplarSize = exemplarSize, SearchSize = 255 });
        for (int i = 0; i < 20; i++)
        {
            (float[] exemplar, float[] search, PairLabel label) = ReadOne(sampler, 0, i);
            Assert.That(label.Kind, Is.EqualTo(PairKind.Positive));
            // Squares begin at whole pixels of the frame, and the originals' center is a pixel off.
            double tolerance = 1.1 * label.TargetWidth / 24;
            (double x, double y, double wide, double high) = Target(search, 255);
            Assert.That((x, y), Is.EqualTo((127.0, 127.0)).Using<(double X, double Y)>((a, b) => Math.Abs(a.X - b.X) < tolerance && Math.Abs(a.Y - b.Y) < tolerance));
            Assert.That(wide, Is.EqualTo(label.TargetWidth).Within(0.06 * label.TargetWidth));
            Assert.That(high, Is.EqualTo(label.TargetHeight).Within(0.06 * label.TargetHeight));
            (x, y, _, _) = Target(exemplar, exemplarSize);
            Assert.That((x + y) / 2, Is.EqualTo((exemplarSize - 1) / 2.0).Within(tolerance));
        }
    }

    [Test]
    public void Positive_WithoutAugmentation_IsTheTrackersCrop()
    {
        BlockVideo video = new(3);
        using PairSampler sampler = new([video], Small);
        (float[] exemplar, _, _) = ReadOne(sampler, 0, 7);
        int frame = video.Reads.ToArray()[1].Frame;
        BoundingBox box = video.Box(frame)!.Value;
        using CpuDevice device = new(1);
        using CropResize operation = device.Prepare(new CropResizeSpec(1, 63));
        using Tensor crops = device.Allocate(operation.Spec.Crops, TensorLayout.Interleaved);
        FrameWindow window = new();
        video.TryRead(frame, default, window);
        CropSquare[] level = new CropSquare[1];
        CropSquare square = CropGeometry.Single(box.Center, CropGeometry.ContextSide(box.Width, box.Height, 0.5), 63, out int size, level);
        operation.Forward(window.Pixels, new CropPyramid { Region = square, RegionSize = size, Levels = level, Padding = window.Padding }, crops);
        float[] planar = new float[3 * 63 * 63];
        device.Download(crops, planar);
        for (int i = 0; i < planar.Length; i++)
        {
            // The sampler adds up the same products in another order.
            Assert.That(exemplar[i % (63 * 63) * 3 + i / (63 * 63)], Is.EqualTo(planar[i]).Within(1e-3), $"{i}");
        }
    }

    [Test]
    public void Augmentation_MovesAndStretchesWithinItsLimits()
    {
        using PairSampler sampler = new(Blocks(6), Small with { SearchSize = 255, ExemplarSize = 127, Augment = true, ColorJitter = 0 });
        double furthest = 0, widest = 0, narrowest = 9;
        for (int i = 0; i < 60; i++)
        {
            (_, float[] search, PairLabel label) = ReadOne(sampler, 0, i);
            (double x, double y, double wide, double high) = Target(search, 255);
            furthest = Math.Max(furthest, Math.Max(Math.Abs(x - 127), Math.Abs(y - 127)));
            Assert.That(wide, Is.EqualTo(label.TargetWidth).Within(0.07 * label.TargetWidth));
            double shape = high / wide / (label.TargetHeight / label.TargetWidth);
            Assert.That(shape, Is.EqualTo(1).Within(0.09), "the label says how it was stretched");
            double stretch = label.TargetWidth / label.TargetHeight / (24.0 / 30);
            (widest, narrowest) = (Math.Max(widest, stretch), Math.Min(narrowest, stretch));
        }
        Assert.That(furthest, Is.InRange(2.5, 4 + 4), "4 pixels, and what the frame's whole pixels add");
        Assert.That(widest, Is.InRange(1.03, 1.06 / 0.94));
        Assert.That(narrowest, Is.InRange(0.94 / 1.06, 0.97));
    }

    [Test]
    public void ColorJitter_ShiftsWholeCrops()
    {
        using PairSampler plain = new(Blocks(6), Small with { Augment = true, ColorJitter = 0 });
        using PairSampler jittered = new(Blocks(6), Small with { Augment = true, ColorJitter = 1 });
        float[] shifts = new float[8];
        for (int i = 0; i < shifts.Length; i++)
        {
            // The first numbers drawn agree: the first alteration, the exemplar's, is of the same crop.
            float[] before = ReadOne(plain, 0, i).Exemplar, after = ReadOne(jittered, 0, i).Exemplar;
            shifts[i] = after[0] - before[0];
            for (int k = 0; k < before.Length; k += 3)
                Assert.That(after[k] - before[k], Is.EqualTo(shifts[i]).Within(0.01));
        }
        Assert.That(shifts.Max() - shifts.Min(), Is.GreaterThan(5));
    }

    [Test]
    public void Kinds_ComeInTheirShares()
    {
        TrainingVideo[] videos = Blocks(6);
        using PairSampler sampler = new(videos, Small with { Count = 400, EasyNegatives = 0.25f, HardNegatives = 0.35f });
        int[] counts = new int[3];
        for (int i = 0; i < 200; i++)
        {
            (float[] exemplar, float[] search, PairLabel label) = ReadOne(sampler, 0, i);
            counts[(int)label.Kind]++;
            float center = exemplar[3 * (31 * 63 + 31)], sought = search[3 * (63 * 127 + 63)];
            if (label.Kind == PairKind.HardNegative)
                Assert.That(center, Is.LessThan(100), "background");
            else if (label.Kind == PairKind.EasyNegative)
                Assert.That(Math.Abs(center - sought), Is.GreaterThan(3), "targets of two videos have two colors");
            else
                Assert.That(center, Is.EqualTo(sought).Within(1));
        }
        Assert.That(counts, Is.EqualTo(new[] { 80, 50, 70 }).Using<int>((a, b) => Math.Abs(a - b) < 25));
    }

    [Test]
    public void Pairs_AreWithinTheWindow([Values(7, 60)] int window, [Values(0f, 1f)] float hard)
    {
        BlockVideo video = new(1);
        using PairSampler sampler = new([video], Small with { Window = window, HardNegatives = hard });
        HashSet<int> distances = [];
        for (int i = 0; i < 30; i++)
        {
            if (window == 7 && hard == 1)
            {
                Assert.That(() => ReadOne(sampler, 0, i), Throws.InstanceOf<FrameException>(), "there is none 26 frames away within 7");
                continue;
            }
            video.Reads.Clear();
            ReadOne(sampler, 0, i);
            int[] frames = [.. video.Reads.Select(read => read.Frame)];
            int distance = Math.Abs(frames[^1] - frames[0]);
            Assert.That(distance, Is.InRange(hard == 1 ? 26 : 1, window));
            distances.Add(distance);
        }
        if (window == 60)
            Assert.That(distances, Has.Count.GreaterThan(8));
    }

    [Test]
    public void Gray_IsOfTheWholePair()
    {
        using PairSampler sampler = new(Blocks(6), Small with { Gray = 0.5f, Augment = true });
        int gray = 0;
        for (int i = 0; i < 40; i++)
        {
            (float[] exemplar, float[] search, _) = ReadOne(sampler, 0, i);
            bool[] flat = [IsGray(exemplar), IsGray(search)];
            Assert.That(flat[0], Is.EqualTo(flat[1]));
            gray += flat[0] ? 1 : 0;
        }
        Assert.That(gray, Is.InRange(10, 30));

        static bool IsGray(float[] crop) => Enumerable.Range(0, crop.Length / 3).All(i => crop[3 * i] == crop[3 * i + 1] && crop[3 * i] == crop[3 * i + 2]);
    }

    [Test]
    public void UnreadableFrames_AreReplacedTheSameWayEveryTime()
    {
        TrainingVideo[] videos = [new BlockVideo(1) { Unreadable = frame => frame % 3 == 0 }, new BlockVideo(2) { Unreadable = _ => true }];
        using PairSampler sampler = new(videos, Small), again = new(videos, Small);
        for (int i = 0; i < 20; i++)
            Assert.That(ReadOne(again, 0, i).Search, Is.EqualTo(ReadOne(sampler, 0, i).Search));
        using PairSampler none = new([videos[1]], Small);
        Assert.That(() => ReadOne(none, 0, 0), Throws.InstanceOf<FrameException>().With.Message.Contains("block 2").And.Message.Contains("readable pair"));
    }

    [Test]
    public void Visits_TakeTurnsAmongVideos()
    {
        TrainingVideo[] videos = Blocks(50);
        using PairSampler sampler = new(videos, Small with { Count = 48, PairsPerVisit = 4, VideosAtOnce = 6 });
        int[] sequence = new int[48];
        for (int i = 0; i < 48; i++)
        {
            foreach (BlockVideo video in videos.Cast<BlockVideo>())
                video.Reads.Clear();
            ReadOne(sampler, 0, i);
            sequence[i] = Array.FindIndex(videos, video => !((BlockVideo)video).Reads.IsEmpty);
        }
        for (int i = 6; i < 24; i++)
            Assert.That(sequence[i], Is.EqualTo(sequence[i - 6]), $"pair {i}");
        Assert.That(sequence.Take(6).Distinct().Count(), Is.GreaterThan(3));
        Assert.That(sequence[24..30], Is.Not.EqualTo(sequence[..6]));
    }

    [Test]
    [Category("Slow")]
    public void SyntheticScenes_MakePairs()
    {
        using PairSampler sampler = new(new SyntheticScenes(1, 50), new PairOptions { Count = 8, PairsPerVisit = 2, VideosAtOnce = 2 });
        for (int i = 0; i < 4; i++)
        {
            (float[] exemplar, float[] search, PairLabel label) = ReadOne(sampler, 0, i);
            Assert.That(exemplar.Concat(search), Is.All.InRange(-120, 380));
            Assert.That(label.TargetWidth * label.TargetHeight, Is.InRange(500, 127 * 127));
        }
    }

    [Test]
    public void Options_ThatMakeNoSense_AreNamed()
    {
        TrainingVideo[] videos = Blocks(1);
        Assert.That(() => new PairSampler(videos, Small with { Count = 0 }), Throws.ArgumentException.With.Message.EqualTo("Count: at least 1, got 0"));
        Assert.That(() => new PairSampler(videos, Small with { Gray = 1.5f }), Throws.ArgumentException.With.Message.EqualTo("Gray: from 0 to 1, got 1.5"));
        Assert.That(() => new PairSampler(videos, Small with { SearchSize = 20 }), Throws.ArgumentException.With.Message.EqualTo("SearchSize: at least ExemplarSize 63, got 20"));
        Assert.That(
            () => new PairSampler(videos, Small with { EasyNegatives = 0.6f, HardNegatives = 0.6f }),
            Throws.ArgumentException.With.Message.Contains("EasyNegatives + HardNegatives"));
        Assert.That(() => new PairSampler(videos, Small with { EasyNegatives = 0.1f }), Throws.ArgumentException.With.Message.Contains("at least 2"));
        using PairSampler sampler = new(videos, Small);
        Assert.That(() => sampler.Read(0, 0, new float[5], new float[3 * 127 * 127]), Throws.ArgumentException.With.Message.Contains("exemplar: expected 63 x 63 x 3"));
    }

    private static TrainingVideo[] Blocks(int count) => [.. Enumerable.Range(0, count).Select(i => new BlockVideo(i))];

    private static (float[] Exemplar, float[] Search, PairLabel Label) ReadOne(PairSampler sampler, int epoch, int index)
    {
        float[] exemplar = new float[3 * sampler.ExemplarSize * sampler.ExemplarSize], search = new float[3 * sampler.SearchSize * sampler.SearchSize];
        return (exemplar, search, sampler.Read(epoch, index, exemplar, search));
    }

    // Mean place and size of what is bright in red: each pixel counts by how bright.
    private static (double X, double Y, double Wide, double High) Target(float[] crop, int size)
    {
        (double sum, double x, double y, double xx, double yy) = (0, 0, 0, 0, 0);
        for (int i = 0; i < size * size; i++)
        {
            double weight = Math.Clamp((crop[3 * i] - 60) / 100, 0, 1);
            (int row, int column) = Math.DivRem(i, size);
            (sum, x, y, xx, yy) = (sum + weight, x + weight * column, y + weight * row, xx + weight * column * column, yy + weight * row * row);
        }
        (x, y) = (x / sum, y / sum);
        return (x, y, Math.Sqrt(12 * (xx / sum - x * x)), Math.Sqrt(12 * (yy / sum - y * y)));
    }

    /// <summary>A block of 24 x 30 pixels, of a red of the video's own, moves over a dark ground with a gradient.</summary>
    private sealed class BlockVideo(int number) : TrainingVideo
    {
        private const int Width = 200, Height = 160, Frames = 90;

        public Func<int, bool> Unreadable { get; init; } = _ => false;

        public ConcurrentQueue<(int Frame, CropSquare Wanted)> Reads { get; } = new();

        public override string Name => $"block {number}";

        public override int Count => Frames;

        public override IReadOnlyList<int> Annotated { get; } = [.. Enumerable.Range(0, Frames)];

        public override BoundingBox? Box(int frame) => new BoundingBox(41 + frame % 70, 31 + (2 * frame + 5 * number) % 50, 24, 30);

        public override bool TryRead(int frame, CropSquare wanted, FrameWindow window)
        {
            Reads.Enqueue((frame, wanted));
            if (Unreadable(frame))
                return false;
            window.Pixels.Resize(Width, Height, PixelFormat.Rgb24);
            BoundingBox box = Box(frame)!.Value;
            for (int y = 0; y < Height; y++)
            {
                for (int x = 0; x < Width; x++)
                {
                    bool inside = x + 1 >= box.X && x + 1 < box.X + box.Width && y + 1 >= box.Y && y + 1 < box.Y + box.Height;
                    Span<byte> pixel = window.Pixels.Row(y).Slice(3 * x, 3);
                    (pixel[0], pixel[1], pixel[2]) = inside ? ((byte)(165 + 5 * (number % 18)), (byte)200, (byte)20) : ((byte)(x / 8), (byte)(y / 4), (byte)frame);
                }
            }
            (window.Left, window.Top, window.FrameWidth, window.FrameHeight, window.Padding) = (0, 0, Width, Height, RgbColor.MeanOf(window.Pixels));
            return true;
        }
    }
}
