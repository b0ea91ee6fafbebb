using SiamIlgpu.Kernels;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Media;

/// <summary>Draws boxes and labels on Rgb24 frames, and sets frames side by side. What lies outside a frame is left out.</summary>
public static class Drawing
{
    private const int GlyphWidth = 5, GlyphHeight = 7;

    /// <summary>Rows that text takes at scale 1.</summary>
    public const int TextHeight = GlyphHeight + 2;

    /// <summary>Draws a box's outline, inwards from its edges.</summary>
    /// <param name="frame">An Rgb24 frame.</param>
    /// <param name="box">In OTB's coordinates: the first pixel is (1, 1). One that is not valid is not drawn.</param>
    /// <param name="color">The lines' colour.</param>
    /// <param name="thickness">The lines' width in pixels.</param>
    /// <exception cref="ArgumentException">The frame is not Rgb24.</exception>
    public static void Box(Frame frame, BoundingBox box, RgbColor color, int thickness = 2)
    {
        if (!box.IsValid)
            return;
        int left = Pixel(box.X), top = Pixel(box.Y), right = Pixel(box.X + box.Width), bottom = Pixel(box.Y + box.Height);
        Fill(frame, left, top, right, top + thickness, color);
        Fill(frame, left, bottom - thickness, right, bottom, color);
        Fill(frame, left, top, left + thickness, bottom, color);
        Fill(frame, right - thickness, top, right, bottom, color);
    }

    /// <summary>Columns that text takes at scale 1.</summary>
    public static int TextWidth(string text) => text.Length * (GlyphWidth + 1) + 1;

    /// <summary>Writes text in capitals, five pixels by seven a letter, on a dark ground that keeps it legible.</summary>
    /// <param name="frame">An Rgb24 frame.</param>
    /// <param name="x">The first column, from 0.</param>
    /// <param name="y">The first row, from 0.</param>
    /// <param name="text">One line; what the font lacks is shown as a question mark.</param>
    /// <param name="color">The letters' colour.</param>
    /// <param name="scale">Pixels to a dot.</param>
    /// <exception cref="ArgumentException">The frame is not Rgb24.</exception>
    public static void Text(Frame frame, int x, int y, string text, RgbColor color, int scale = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(scale, 1);
        int advance = (GlyphWidth + 1) * scale;
        Fill(frame, x, y, x + TextWidth(text) * scale, y + TextHeight * scale, default);
        for (int i = 0; i < text.Length; i++)
        {
            ReadOnlySpan<byte> glyph = Glyph(text[i]);
            for (int row = 0; row < GlyphHeight; row++)
            {
                for (int column = 0; column < GlyphWidth; column++)
                {
                    if ((glyph[row] >> (GlyphWidth - 1 - column) & 1) == 0)
                        continue;
                    int dotX = x + scale + i * advance + column * scale, dotY = y + scale + row * scale;
                    Fill(frame, dotX, dotY, dotX + scale, dotY + scale, color);
                }
            }
        }
    }

    /// <summary>Frames side by side, their tops aligned, on white.</summary>
    /// <param name="frames">At least one; Rgb24 or Gray8.</param>
    /// <param name="gap">White columns between two frames.</param>
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

    /// <summary>Fills columns left..right-1 of rows top..bottom-1.</summary>
    private static void Fill(Frame frame, int left, int top, int right, int bottom, RgbColor color)
    {
        if (frame.Format != PixelFormat.Rgb24)
            throw new ArgumentException($"drawing needs an Rgb24 frame, not {frame.Format}: see {nameof(Frame.ToRgb)}");
        left = Math.Max(left, 0);
        right = Math.Min(right, frame.Width);
        (byte red, byte green, byte blue) = (Level(color.Red), Level(color.Green), Level(color.Blue));
        for (int y = Math.Max(top, 0); y < Math.Min(bottom, frame.Height); y++)
        {
            Span<byte> row = frame.Row(y);
            for (int x = left; x < right; x++)
                (row[3 * x], row[3 * x + 1], row[3 * x + 2]) = (red, green, blue);
        }
    }

    // A box may lie anywhere; far outside, its edge is as good as a million pixels away.
    private static int Pixel(double coordinate) => (int)Math.Clamp(Math.Round(coordinate, MidpointRounding.AwayFromZero) - 1, -1e6, 1e6);

    private static byte Level(float value) => (byte)Math.Clamp(MathF.Round(value), 0, 255);

    private static ReadOnlySpan<byte> Glyph(char letter)
    {
        int index = char.ToUpperInvariant(letter) - ' ';
        if (index < 0 || index >= Font.Length / GlyphHeight)
            index = '?' - ' ';
        return Font.Slice(index * GlyphHeight, GlyphHeight);
    }

    // One line a letter, from blank to Z; a number a row, its five bits from left to right.
    private static ReadOnlySpan<byte> Font =>
    [
        0, 0, 0, 0, 0, 0, 0,
        4, 4, 4, 4, 4, 0, 4, // !
        10, 10, 0, 0, 0, 0, 0, // "
        10, 10, 31, 10, 31, 10, 10, // #
        4, 15, 20, 14, 5, 30, 4, // $
        24, 25, 2, 4, 8, 19, 3, // %
        8, 20, 20, 8, 21, 18, 13, // &
        4, 4, 0, 0, 0, 0, 0, // '
        2, 4, 8, 8, 8, 4, 2, // (
        8, 4, 2, 2, 2, 4, 8, // )
        0, 4, 21, 14, 21, 4, 0, // *
        0, 4, 4, 31, 4, 4, 0, // +
        0, 0, 0, 0, 4, 4, 8, // ,
        0, 0, 0, 31, 0, 0, 0, // -
        0, 0, 0, 0, 0, 12, 12, // .
        0, 1, 2, 4, 8, 16, 0, // /
        14, 17, 19, 21, 25, 17, 14, // 0
        4, 12, 4, 4, 4, 4, 14, // 1
        14, 17, 1, 6, 8, 16, 31, // 2
        31, 2, 4, 6, 1, 17, 14, // 3
        2, 6, 10, 18, 31, 2, 2, // 4
        31, 16, 30, 1, 1, 17, 14, // 5
        6, 8, 16, 30, 17, 17, 14, // 6
        31, 1, 2, 4, 8, 8, 8, // 7
        14, 17, 17, 14, 17, 17, 14, // 8
        14, 17, 17, 15, 1, 2, 12, // 9
        0, 12, 12, 0, 12, 12, 0, // :
        0, 12, 12, 0, 4, 4, 8, // ;
        2, 4, 8, 16, 8, 4, 2, // <
        0, 0, 31, 0, 31, 0, 0, // =
        8, 4, 2, 1, 2, 4, 8, // >
        14, 17, 1, 2, 4, 0, 4, // ?
        14, 17, 23, 21, 23, 16, 15, // @
        4, 10, 17, 17, 31, 17, 17, // A
        30, 17, 17, 30, 17, 17, 30, // B
        14, 17, 16, 16, 16, 17, 14, // C
        30, 17, 17, 17, 17, 17, 30, // D
        31, 16, 16, 30, 16, 16, 31, // E
        31, 16, 16, 30, 16, 16, 16, // F
        14, 17, 16, 23, 17, 17, 15, // G
        17, 17, 17, 31, 17, 17, 17, // H
        14, 4, 4, 4, 4, 4, 14, // I
        1, 1, 1, 1, 17, 17, 14, // J
        17, 18, 20, 24, 20, 18, 17, // K
        16, 16, 16, 16, 16, 16, 31, // L
        17, 27, 21, 21, 17, 17, 17, // M
        17, 25, 21, 19, 17, 17, 17, // N
        14, 17, 17, 17, 17, 17, 14, // O
        30, 17, 17, 30, 16, 16, 16, // P
        14, 17, 17, 17, 21, 18, 13, // Q
        30, 17, 17, 30, 20, 18, 17, // R
        15, 16, 16, 14, 1, 1, 30, // S
        31, 4, 4, 4, 4, 4, 4, // T
        17, 17, 17, 17, 17, 17, 14, // U
        17, 17, 17, 17, 17, 10, 4, // V
        17, 17, 17, 21, 21, 27, 17, // W
        17, 17, 10, 4, 10, 17, 17, // X
        17, 17, 10, 4, 4, 4, 4, // Y
        31, 1, 2, 4, 8, 16, 31, // Z
    ];
}
