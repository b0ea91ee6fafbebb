using SiamIlgpu.Datasets;
using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Tests.Tools;

public sealed class SyntheticSceneTests
{
    [Test]
    [Category("Slow")]
    public void Box_IsTheSilhouettes([Range(1, 9)] int seed)
    {
        SyntheticScene scene = new(seed);
        int compared = 0;
        for (int frame = 0; frame < scene.Count; frame += 33)
        {
            BoundingBox box = scene.Box(frame)!.Value;
            Assert.That(box.IsValid, $"{box}");
            if (box.X < 1 || box.Y < 1 || box.X + box.Width > scene.Width + 1 || box.Y + box.Height > scene.Height + 1)
                continue;
            (int left, int top, int right, int bottom) = BoundsOf(scene.Silhouette(frame), scene.Width);
            // Edges are cut by four lines a pixel: a point may end between two of them.
            Assert.That(left, Is.EqualTo(box.X - 1).Within(1.5), $"left, frame {frame}");
            Assert.That(top, Is.EqualTo(box.Y - 1).Within(1.5), $"top, frame {frame}");
            Assert.That(right + 1, Is.EqualTo(box.X - 1 + box.Width).Within(1.5), $"right, frame {frame}");
            Assert.That(bottom + 1, Is.EqualTo(box.Y - 1 + box.Height).Within(1.5), $"bottom, frame {frame}");
            compared++;
        }
        if (compared == 0)
            Assert.That(scene.Box(0)!.Value.Center.X, Is.InRange(0, scene.Width), "a target larger than the frame is still in it");
    }

    [Test]
    public void Boxes_AreOfUsefulSizesMoveSmoothlyAndStayInTheFrame()
    {
        for (int seed = 1; seed <= 10; seed++)
        {
            SyntheticScene scene = new(seed);
            for (int frame = 0; frame < scene.Count; frame++)
            {
                BoundingBox box = scene.Box(frame)!.Value;
                Assert.That(Math.Sqrt(box.Area), Is.InRange(10, 200), $"seed {seed}, frame {frame}");
                Assert.That(box.Center.X, Is.InRange(-0.3 * box.Width, scene.Width + 0.3 * box.Width), $"seed {seed}, frame {frame}");
                if (frame > 0)
                    Assert.That(box.IntersectionOverUnion(scene.Box(frame - 1)!.Value), Is.GreaterThan(0.3), $"seed {seed}, frame {frame}");
            }
        }
    }

    [Test]
    public void TryRead_OfAWindow_GivesTheFramesPixels([Range(1, 8)] int seed)
    {
        SyntheticScene scene = new(seed);
        FrameWindow whole = new(), window = new();
        scene.Read(71, whole);
        foreach (CropSquare wanted in (ReadOnlySpan<CropSquare>)[new(0, 0, 40), new(33, 51, 87), new(-30, -20, 90), new(scene.Width - 41, scene.Height - 30, 100), new(scene.Width + 5, -90, 20)])
        {
            Assert.That(scene.TryRead(71, wanted, window));
            Assert.That((window.FrameWidth, window.FrameHeight), Is.EqualTo((scene.Width, scene.Height)));
            for (int y = 0; y < window.Pixels.Height; y++)
            {
                ReadOnlySpan<byte> expected = whole.Pixels.Row(window.Top + y).Slice(3 * window.Left, 3 * window.Pixels.Width);
                Assert.That(window.Pixels.Row(y).SequenceEqual(expected), $"{wanted}, row {y}");
            }
            Assert.That(window.Left, Is.LessThanOrEqualTo(Math.Max(wanted.X, 0)));
            Assert.That(window.Left + window.Pixels.Width, Is.GreaterThanOrEqualTo(Math.Min(wanted.X + wanted.Side, scene.Width)));
        }
    }

    [Test]
    public void Frames_AreTheSameForASeedWhateverWasReadBefore()
    {
        FrameWindow first = new(), second = new();
        SyntheticScene one = new(5), other = new(5);
        one.Read(150, first);
        other.Read(3, second);
        other.Read(150, second);
        Assert.That(second.Pixels.Pixels.SequenceEqual(first.Pixels.Pixels));
        Assert.That(second.Padding, Is.EqualTo(first.Padding));
        Assert.That(other.Box(150), Is.EqualTo(one.Box(150)));
    }

    [Test]
    public void Frames_HaveDetailAndDifferFromSceneToScene()
    {
        FrameWindow window = new();
        HashSet<long> sums = [];
        int flat = 0;
        for (int seed = 1; seed <= 12; seed++)
        {
            SyntheticScene scene = new(seed);
            scene.Read(10, window);
            double mean = 0, square = 0;
            ReadOnlySpan<byte> pixels = window.Pixels.Pixels;
            foreach (byte value in pixels)
                (mean, square) = (mean + value, square + value * value);
            sums.Add((long)square);
            mean /= pixels.Length;
            if (Math.Sqrt(square / pixels.Length - mean * mean) < 8)
                flat++;
        }
        Assert.That(sums, Has.Count.EqualTo(12));
        Assert.That(flat, Is.LessThanOrEqualTo(1), "scenes of almost one color");
    }

    [Test]
    public void Target_IsPaintedWhereItsSilhouetteIs()
    {
        // Two frames of still cameras differ at the target more than elsewhere; on the average of scenes, not in each.
        double inside = 0, outside = 0;
        FrameWindow before = new(), after = new();
        for (int seed = 1; seed <= 12; seed++)
        {
            SyntheticScene scene = new(seed);
            scene.Read(20, before);
            bool[] mask = scene.Silhouette(20);
            scene.Read(21, after);
            (double at, double count, double off) = (0, 0, 0);
            for (int i = 0; i < mask.Length; i++)
            {
                int change = Math.Abs(after.Pixels.Pixels[3 * i + 1] - before.Pixels.Pixels[3 * i + 1]);
                (at, off, count) = mask[i] ? (at + change, off, count + 1) : (at, off + change, count);
            }
            inside += at / count;
            outside += off / (mask.Length - count);
        }
        Assert.That(inside, Is.GreaterThan(1.3 * outside));
    }

    [Test]
    public void Pictures_AppearInScenes()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            Assert.That(() => ScenePictures.Open(folder), Throws.InstanceOf<FrameException>());
            Frame red = new(64, 48);
            for (int i = 0; i < red.Pixels.Length; i += 3)
                red.Pixels[i] = 230;
            PngEncoder.Write(red, Path.Combine(folder, "red.png"));
            ScenePictures pictures = ScenePictures.Open(folder);
            FrameWindow window = new();
            double share = 0;
            for (int seed = 1; seed <= 8; seed++)
            {
                new SyntheticScene(seed, pictures).Read(0, window);
                int reddish = 0;
                for (int i = 0; i < window.Pixels.Pixels.Length; i += 3)
                    reddish += window.Pixels.Pixels[i] > 3 * window.Pixels.Pixels[i + 1] + 20 ? 1 : 0;
                share = Math.Max(share, 3.0 * reddish / window.Pixels.Pixels.Length);
            }
            Assert.That(share, Is.GreaterThan(0.5), "some scene has the picture for its backdrop");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public void Scenes_AreKeptForAWhileAndAreThoseOfTheirSeeds()
    {
        SyntheticScenes scenes = new(firstSeed: 40, count: 5, kept: 2);
        TrainingVideo first = scenes[0];
        Assert.That(scenes[0], Is.SameAs(first));
        Assert.That(scenes[0].Box(9), Is.EqualTo(new SyntheticScene(40).Box(9)));
        _ = scenes[1];
        _ = scenes[2];
        Assert.That(scenes[0], Is.Not.SameAs(first));
        Assert.That(scenes[0].Box(9), Is.EqualTo(first.Box(9)));
        Assert.That(() => scenes[5], Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Sine_IsASine()
    {
        for (int i = -300; i <= 300; i++)
        {
            Assert.That(Turn.Sin(i / 100f), Is.EqualTo(Math.Sin(2 * Math.PI * i / 100)).Within(0.0012));
            Assert.That(Turn.Cos(i / 100f), Is.EqualTo(Math.Cos(2 * Math.PI * i / 100)).Within(0.0012));
        }
    }

    [Test]
    public void Fill_CoversAPolygonsArea()
    {
        // A triangle of area 0.5 * 10.5 * 8 = 42 whose rows are whole quarters, as the lines that cut it.
        float[] triangle = [2.3f, 1.75f, 12.8f, 1.75f, 5.1f, 9.75f];
        float sum = Covered(triangle, 0, 20);
        Assert.That(sum, Is.EqualTo(42).Within(0.1));
        Assert.That(Covered(triangle, 0, 6) + Covered(triangle, 6, 20), Is.EqualTo(sum).Within(1e-3), "in two parts");
    }

    private static float Covered(ReadOnlySpan<float> triangle, int left, int right)
    {
        float[] sum = new float[1];
        var shader = new SumShader(sum);
        new PolygonFill().Fill(triangle, left, 0, right, 20, ref shader);
        return sum[0];
    }

    private static (int Left, int Top, int Right, int Bottom) BoundsOf(bool[] mask, int width)
    {
        (int left, int top, int right, int bottom) = (int.MaxValue, int.MaxValue, -1, -1);
        for (int i = 0; i < mask.Length; i++)
        {
            if (mask[i])
                (left, top, right, bottom) = (Math.Min(left, i % width), Math.Min(top, i / width), Math.Max(right, i % width), Math.Max(bottom, i / width));
        }
        return (left, top, right, bottom);
    }

    private readonly struct SumShader(float[] sum) : IPolygonShader
    {
        public void Row(int y, int x, ReadOnlySpan<float> cover)
        {
            foreach (float part in cover)
                sum[0] += part;
        }
    }
}
