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
        Drawing.Text(frame, -100, 2, "clipped too", White);
    }

    [Test]
    public void Box_BetweenPixels_IsAntiAliased()
    {
        Frame frame = new(8, 9);
        Drawing.Box(frame, new BoundingBox(2.5, 2.25, 4, 6), White, thickness: 1);
        // The upper line covers the second row by three quarters, the left one the second column by half.
        Assert.That(frame.Row(1)[3 * 3], Is.EqualTo(191).Within(1));
        Assert.That(frame.Row(4)[3 * 1], Is.EqualTo(128).Within(1));
        Assert.That(frame.Row(4)[3 * 3], Is.Zero);
    }

    [TestCase(320, 180)]
    [TestCase(1280, 720)]
    [TestCase(3840, 2160)]
    public void LinesAndLetters_GrowWithTheFrame(int width, int height)
    {
        Frame frame = new(width, height);
        (int textWidth, int textHeight) = Drawing.TextSize(frame, "1  0.93");
        Assert.That(textHeight, Is.InRange(Math.Max(15, height / 30), Math.Max(24, height / 15)));
        Assert.That(textWidth, Is.InRange(2 * textHeight, 5 * textHeight));
        Assert.That(Drawing.LineWidth(frame), Is.EqualTo(Math.Max(2, height / 180.0)));

        Drawing.Text(frame, 10, 10, "1  0.93", White);
        Frame label = new(width, height);
        label.Pixels.Fill(200);
        Drawing.Text(label, 10, 10, "1  0.93", White);
        // The ground reaches just as far as the size says.
        Assert.That(label.Row(10 + textHeight - 1)[3 * 10], Is.Zero);
        Assert.That(label.Row(10 + textHeight)[3 * 10], Is.EqualTo(200));
        Assert.That(label.Row(10)[3 * (10 + textWidth - 1)], Is.Zero);
        Assert.That(label.Row(10)[3 * (10 + textWidth)], Is.EqualTo(200));
        Assert.That(frame.Pixels.Contains((byte)255));
    }

    [Test]
    public void Text_EveryPrintableCharacter_HasALetterOfItsOwn()
    {
        var pictures = new HashSet<string>();
        for (char letter = ' '; letter <= '~'; letter++)
            Assert.That(pictures.Add(Written($"{letter}")), $"'{letter}' looks like another one");
        Assert.That(Written("\u00e4"), Is.EqualTo(Written("?")));

        static string Written(string text)
        {
            Frame frame = new(40, 40);
            Drawing.Text(frame, 0, 0, text, White);
            return Convert.ToHexString(frame.Pixels);
        }
    }

    [Test]
    public void Strip_SetsFramesSideBySide()
    {
        Frame strip = Drawing.Strip([new Frame(2, 1), new Frame(1, 2, PixelFormat.Gray8)], gap: 1);
        Assert.That(Picture(strip), Is.EqualTo("..#.\n###.\n"));
        Assert.Throws<ArgumentException>(() => Drawing.Strip([]));
    }

    [Test]
    public void Drawing_OnGray_IsRefused()
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
