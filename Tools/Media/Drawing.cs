using System.Reflection;
using SiamIlgpu.Kernels;
using SiamIlgpu.Tracking;
using SkiaSharp;

namespace SiamIlgpu.Media;

/// <summary>
/// Draws boxes and labels on Rgb24 frames, and joins frames side by side. Lines and letters are anti-aliased, and are larger on taller
/// frames. What lies outside a frame is not drawn.
/// </summary>
/// <example>
/// <code>
/// Frame drawn = frame.ToRgb();
/// Drawing.Box(drawn, result.Box, new RgbColor(255, 64, 64));
/// Drawing.Text(drawn, 4, 4, $"{result.Confidence:F2}", new RgbColor(255, 255, 255));
/// PngEncoder.Write(drawn, "drawn.png");
/// </code>
/// </example>
public static class Drawing
{
    // Sizes as shares of the frame's height, and the smallest sizes in pixels, so that a small frame stays legible.
    private const double LineShare = 1 / 180.0, LeastLine = 2;
    private const double LetterShare = 1 / 30.0, LeastLetter = 12;

    private static readonly SKTypeface Letters = LoadLetters();

    /// <summary>The default width of a box's lines on this frame, in pixels.</summary>
    public static double LineWidth(Frame frame) => Math.Max(LeastLine, frame.Height * LineShare);

    /// <summary>Draws the outline of a box. The lines lie inside the box.</summary>
    /// <param name="frame">An Rgb24 frame.</param>
    /// <param name="box">The box in OTB's coordinates, where the first pixel is (1, 1). An invalid box is not drawn.</param>
    /// <param name="color">The color of the lines.</param>
    /// <param name="thickness">The width of the lines in pixels; null for <see cref="LineWidth"/>.</param>
    /// <exception cref="ArgumentException">The frame is not Rgb24.</exception>
    public static void Box(Frame frame, BoundingBox box, RgbColor color, double? thickness = null)
    {
        RequireRgb(frame);
        if (!box.IsValid)
            return;
        double left = box.X - 1, top = box.Y - 1, right = left + box.Width, bottom = top + box.Height;
        double line = Math.Min(thickness ?? LineWidth(frame), Math.Min(box.Width, box.Height) / 2);
        Fill(frame, left, top, right, top + line, color);
        Fill(frame, left, bottom - line, right, bottom, color);
        Fill(frame, left, top + line, left + line, bottom - line, color);
        Fill(frame, right - line, top + line, right, bottom - line, color);
    }

    /// <summary>The size of a line of text on this frame, including its background, in pixels.</summary>
    /// <param name="frame">The frame that the text will be written on.</param>
    /// <param name="text">One line of text.</param>
    public static (int Width, int Height) TextSize(Frame frame, string text)
    {
        using SKFont font = FontFor(frame);
        return SizeOf(font, Printable(text));
    }

    /// <summary>Writes a line of text on a black background, which keeps it legible.</summary>
    /// <param name="frame">An Rgb24 frame.</param>
    /// <param name="x">The first column of the background, from 0.</param>
    /// <param name="y">The first row of the background, from 0.</param>
    /// <param name="text">One line of text. Characters other than printable ASCII are shown as question marks.</param>
    /// <param name="color">The color of the letters.</param>
    /// <exception cref="ArgumentException">The frame is not Rgb24.</exception>
    public static void Text(Frame frame, int x, int y, string text, RgbColor color)
    {
        RequireRgb(frame);
        string printable = Printable(text);
        using SKFont font = FontFor(frame);
        (int width, int height) = SizeOf(font, printable);
        using var label = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using (var canvas = new SKCanvas(label))
        {
            using var paint = new SKPaint { Color = new SKColor(Level(color.Red), Level(color.Green), Level(color.Blue)), IsAntialias = true };
            canvas.Clear(SKColors.Black);
            canvas.DrawText(printable, Margin(font), Margin(font) - font.Metrics.Ascent, SKTextAlign.Left, font, paint);
        }
        ReadOnlySpan<byte> pixels = label.GetPixelSpan();
        for (int row = Math.Max(0, -y); row < Math.Min(height, frame.Height - y); row++)
        {
            ReadOnlySpan<byte> from = pixels.Slice(row * label.RowBytes, width * 4);
            Span<byte> to = frame.Row(y + row);
            for (int column = Math.Max(0, -x); column < Math.Min(width, frame.Width - x); column++)
                from.Slice(4 * column, 3).CopyTo(to[(3 * (x + column))..]);
        }
    }

    /// <summary>Joins frames side by side into one Rgb24 frame, aligned at the top, on a white background.</summary>
    /// <param name="frames">At least one frame; Rgb24 or Gray8.</param>
    /// <param name="gap">Number of white columns between two frames.</param>
    /// <exception cref="ArgumentException">There is no frame.</exception>
    public static Frame Strip(IReadOnlyList<Frame> frames, int gap = 4)
    {
        if (frames.Count == 0)
            throw new ArgumentException("a strip needs at least one frame");
        ArgumentOutOfRangeException.ThrowIfNegative(gap);
        Frame strip = new(frames.Sum(frame => frame.Width) + gap * (frames.Count - 1), frames.Max(frame => frame.Height));
        strip.Pixels.Fill(255);
        int left = 0;
        foreach (Frame frame in frames)
        {
            Frame rgb = frame.ToRgb();
            for (int y = 0; y < rgb.Height; y++)
                rgb.Row(y).CopyTo(strip.Row(y)[(3 * left)..]);
            left += rgb.Width + gap;
        }
        return strip;
    }

    /// <summary>Fills a rectangle. A pixel that is covered only in part gets that share of the color.</summary>
    private static void Fill(Frame frame, double left, double top, double right, double bottom, RgbColor color)
    {
        // A box may lie so far outside the frame that its coordinates do not fit into an int.
        left = Math.Max(left, 0);
        top = Math.Max(top, 0);
        right = Math.Min(right, frame.Width);
        bottom = Math.Min(bottom, frame.Height);
        for (int y = (int)top; y < bottom; y++)
        {
            Span<byte> row = frame.Row(y);
            double rowShare = Math.Min(y + 1, bottom) - Math.Max(y, top);
            for (int x = (int)left; x < right; x++)
            {
                double share = rowShare * (Math.Min(x + 1, right) - Math.Max(x, left));
                Span<byte> pixel = row.Slice(3 * x, 3);
                pixel[0] = Level(pixel[0] + share * (color.Red - pixel[0]));
                pixel[1] = Level(pixel[1] + share * (color.Green - pixel[1]));
                pixel[2] = Level(pixel[2] + share * (color.Blue - pixel[2]));
            }
        }
    }

    private static void RequireRgb(Frame frame)
    {
        if (frame.Format != PixelFormat.Rgb24)
            throw new ArgumentException($"drawing needs an Rgb24 frame, not {frame.Format}: see {nameof(Frame.ToRgb)}");
    }

    private static SKFont FontFor(Frame frame) => new(Letters, (float)Math.Max(LeastLetter, frame.Height * LetterShare))
    {
        Edging = SKFontEdging.Antialias,
        Subpixel = true,
    };

    private static (int Width, int Height) SizeOf(SKFont font, string text) => (
        (int)Math.Ceiling(font.MeasureText(text) + 2 * Margin(font)),
        (int)Math.Ceiling(font.Metrics.Descent - font.Metrics.Ascent + 2 * Margin(font)));

    private static float Margin(SKFont font) => font.Size / 6;

    private static string Printable(string text) => string.Concat(text.Select(c => c is >= ' ' and <= '~' ? c : '?'));

    private static byte Level(double value) => (byte)Math.Clamp(Math.Round(value), 0, 255);

    private static SKTypeface LoadLetters()
    {
        using Stream font = Assembly.GetExecutingAssembly().GetManifestResourceStream("label.ttf")!;
        return SKTypeface.FromStream(font);
    }
}
