using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Tests.Tools;

public sealed class SyntheticVideoTests
{
    [Test]
    public void Path_StaysInTheFrameAndIsSlow([Values(1, 2, 3, 99)] int seed, [Values(320, 640)] int width)
    {
        using SyntheticVideo video = new(seed, frameCount: 200, width, width * 3 / 4);
        IReadOnlyList<BoundingBox> boxes = video.GroundTruth;
        Assert.That((video.Count, boxes.Count), Is.EqualTo((200, 200)));
        for (int i = 0; i < boxes.Count; i++)
        {
            Assert.That(boxes[i].X >= 1 && boxes[i].Y >= 1 && boxes[i].X + boxes[i].Width <= width && boxes[i].Y + boxes[i].Height <= width * 3 / 4, $"frame {i}: {boxes[i]}");
            if (i == 0)
                continue;
            (double x, double y) = (boxes[i].Center.X - boxes[i - 1].Center.X, boxes[i].Center.Y - boxes[i - 1].Center.Y);
            Assert.That(double.Hypot(x, y), Is.LessThanOrEqualTo(6), $"frame {i}");
            Assert.That(boxes[i].Width / boxes[i - 1].Width, Is.InRange(0.95, 1.05), $"frame {i}");
        }
        Assert.That(boxes.Max(box => box.Width) / boxes.Min(box => box.Width), Is.GreaterThan(1.1), "the size changes");
    }

    [Test]
    public void GroundTruth_IsWhereTheWarmPixelsAre()
    {
        using SyntheticVideo video = new(frameCount: 40);
        Frame frame = video.Read()!;
        (int left, int top, int right, int bottom) = (int.MaxValue, int.MaxValue, -1, -1);
        for (int y = 0; y < frame.Height; y++)
        {
            for (int x = 0; x < frame.Width; x++)
            {
                // Nothing but the disc is redder than blue by much.
                if (frame.Row(y)[3 * x] < frame.Row(y)[3 * x + 2] + 30)
                    continue;
                (left, top, right, bottom) = (Math.Min(left, x), Math.Min(top, y), Math.Max(right, x), Math.Max(bottom, y));
            }
        }
        BoundingBox seen = new(left + 1, top + 1, right - left + 1, bottom - top + 1);
        Assert.That(seen.IntersectionOverUnion(video.GroundTruth[0]), Is.GreaterThan(0.88), $"seen {seen}, said {video.GroundTruth[0]}");
    }

    [Test]
    public void Frames_AreTheSameForASeedAndDifferForAnother()
    {
        long[] sums = [Sum(1), Sum(1), Sum(2)];
        Assert.That(sums[1], Is.EqualTo(sums[0]));
        Assert.That(sums[2], Is.Not.EqualTo(sums[0]));
    }

    [Test]
    public void Post_CoversTheDiscPartlyInTheMiddle()
    {
        using SyntheticVideo video = new();
        int[] warm = [.. video.Select(frame => WarmPixels(frame))];
        double[] share = [.. warm.Select((count, i) => count / video.GroundTruth[i].Area)];
        Assert.That(share[60], Is.InRange(0.2 * share[0], 0.8 * share[0]), "covered in part");
        Assert.That(share[119], Is.GreaterThan(0.85 * share[0]), "free again");
    }

    private static int WarmPixels(Frame frame)
    {
        int count = 0;
        ReadOnlySpan<byte> pixels = frame.Pixels;
        for (int i = 0; i < pixels.Length; i += 3)
            count += pixels[i] >= pixels[i + 2] + 30 ? 1 : 0;
        return count;
    }

    private static long Sum(int seed)
    {
        using SyntheticVideo video = new(seed, frameCount: 31);
        long sum = 0;
        foreach (Frame frame in video)
        {
            foreach (byte value in frame.Pixels)
                sum = unchecked(31 * sum + value);
        }
        return sum;
    }
}
