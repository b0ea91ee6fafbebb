using SiamIlgpu.Kernels;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Tests.Tools;

public sealed class DrawingTests
{
    private static readonly RgbColor White = new(255, 255, 255);

    [Test]
    public void Box_IsAnOutlineInsideItsEdges()
    {
        Frame frame = new(8, 6);
        Drawing.Box(frame, new BoundingBox(2, 2, 6, 4), White, thickness: 1);
        Assert.That(Picture(frame), Is.EqualTo("........\n.######.\n.#....#.\n.#....#.\n.######.\n........\n"));
    }

    [Test]
    public void Box_BeyondTheFrame_IsClipped()
    {
        Frame frame = new(4, 3);
        Drawing.Box(frame, new BoundingBox(-5, 2, 8, 1e12), White, thickness: 1);
        Assert.That(Picture(frame), Is.EqualTo("....\n##..\n.#..\n"));
        Drawing.Box(frame, new BoundingBox(double.NaN, 0, 1, 1), White);
        Drawing.Box(frame, new BoundingBox(1e300, 1e300, 1, 1), White);
        Drawing.Text(frame, -100, 2, "clipped too", White, scale: 3);
    }

    [Test]
    public void Text_IsLegible()
    {
        Frame frame = new(14, 9);
        frame.Pixels.Fill(255);
        Drawing.Text(frame, 0, 0, "k7", White);
        Assert.That(
            Picture(frame),
            Is.EqualTo(".............#\n.#...#.#####.#\n.#..#......#.#\n.#.#......#..#\n.##......#...#\n.#.#....#....#\n.#..#...#....#\n.#...#..#....#\n.............#\n"));
    }

    [Test]
    public void Strip_SetsFramesSideBySide()
    {
        Frame strip = Drawing.Strip([new Frame(2, 1), new Frame(1, 2, PixelFormat.Gray8)], gap: 1);
        Assert.That(Picture(strip), Is.EqualTo("..#.\n###.\n"));
        Assert.Throws<ArgumentException>(() => Drawing.Strip([]));
    }

    [Test]
    public void Drawing_OnGrey_IsRefused()
        => Assert.Throws<ArgumentException>(() => Drawing.Box(new Frame(4, 4, PixelFormat.Gray8), new BoundingBox(1, 1, 2, 2), White));

    private static string Picture(Frame frame)
    {
        System.Text.StringBuilder picture = new();
        for (int y = 0; y < frame.Height; y++)
        {
            for (int x = 0; x < frame.Width; x++)
                picture.Append(frame.Row(y)[3 * x] > 127 ? '#' : '.');
            picture.Append('\n');
        }
        return picture.ToString();
    }
}
