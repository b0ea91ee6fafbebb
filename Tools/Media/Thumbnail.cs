namespace SiamIlgpu.Media;

/// <summary>
/// Makes small pictures of frames. A pixel has four bytes, as a browser's canvas expects: red, green, blue and opaque alpha.
/// </summary>
public static class Thumbnail
{
    // At most this many samples of the frame along each axis make one pixel. Three look smooth enough, and an 8K frame then takes no longer
    // than a 4K frame.
    private const int MostSamples = 3;

    /// <summary>
    /// Makes a picture smaller: every new pixel is a mean over the area that it covers. If the size is the same, pixels are copied.
    /// </summary>
    /// <param name="pixels">height x width pixels of 3 bytes (red, green, blue) or 1 byte (gray).</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="rgba">toHeight x toWidth x 4 bytes.</param>
    /// <param name="toWidth">Pixels in a row of the small picture, at most <paramref name="width"/>.</param>
    /// <param name="toHeight">Rows of the small picture, at most <paramref name="height"/>.</param>
    public static void Shrink(ReadOnlySpan<byte> pixels, int width, int height, Span<byte> rgba, int toWidth, int toHeight)
    {
        int step = pixels.Length / (width * height);
        int green = step == 3 ? 1 : 0, blue = step == 3 ? 2 : 0;
        if ((toWidth, toHeight) == (width, height))
        {
            for (int from = 0, to = 0; to < rgba.Length; from += step, to += 4)
                Put(rgba, to, pixels[from], pixels[from + green], pixels[from + blue]);
            return;
        }
        int strideX = Stride(width, toWidth), strideY = Stride(height, toHeight);
        for (int y = 0, to = 0; y < toHeight; y++)
        {
            int top = (int)((long)y * height / toHeight), bottom = (int)((y + 1L) * height / toHeight);
            for (int x = 0; x < toWidth; x++, to += 4)
            {
                int left = (int)((long)x * width / toWidth), right = (int)((x + 1L) * width / toWidth);
                int r = 0, g = 0, b = 0, samples = 0;
                for (int row = top; row < bottom; row += strideY)
                {
                    for (int column = left; column < right; column += strideX, samples++)
                    {
                        int at = (row * width + column) * step;
                        r += pixels[at];
                        g += pixels[at + green];
                        b += pixels[at + blue];
                    }
                }
                Put(rgba, to, (byte)(r / samples), (byte)(g / samples), (byte)(b / samples));
            }
        }
    }

    private static int Stride(int from, int to) => Math.Max(1, (from / to + MostSamples - 1) / MostSamples);

    private static void Put(Span<byte> rgba, int at, byte red, byte green, byte blue)
    {
        rgba[at] = red;
        rgba[at + 1] = green;
        rgba[at + 2] = blue;
        rgba[at + 3] = 255;
    }
}
