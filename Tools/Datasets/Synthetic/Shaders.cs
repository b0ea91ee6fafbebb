using System.Runtime.Intrinsics;

namespace SiamIlgpu.Datasets.Synthetic;

/// <summary>Paints a surface into a square of packed texels. What crosses an edge continues at the opposite edge.</summary>
internal readonly struct SurfaceShader(uint[] texels, int size, Surface surface, float shade, float shadeX, float shadeY) : IPolygonShader
{
    public void Row(int y, int x, ReadOnlySpan<float> cover)
    {
        int mask = size - 1, row = (y & mask) * size;
        for (int i = 0; i < cover.Length; i++)
        {
            float part = cover[i];
            if (part == 0)
                continue;
            Vector128<float> color = surface.At(x + i, y) * Math.Max(0.2f, 1 + shade + shadeX * (x + i) + shadeY * y);
            ref uint texel = ref texels[row + ((x + i) & mask)];
            if (part < 1)
            {
                Vector128<float> behind = Texel.Unpack(texel);
                color = behind + (color - behind) * part;
            }
            texel = Texel.Pack(color);
        }
    }
}

/// <summary>The rectangle of a frame that is painted. A pixel is red, green and blue, 0..255, and an unused number.</summary>
internal readonly ref struct Canvas(Span<Vector128<float>> pixels, int left, int top, int width, int height)
{
    public Span<Vector128<float>> Pixels { get; } = pixels;

    public int Left { get; } = left;

    public int Top { get; } = top;

    public int Width { get; } = width;

    public int Height { get; } = height;

    public Span<Vector128<float>> Row(int y) => Pixels.Slice((y - Top) * Width, Width);
}

/// <summary>Paints a part of a figure.</summary>
internal readonly ref struct PartShader : IPolygonShader
{
    private readonly Span<Vector128<float>> pixels;
    private readonly int left, top, width;
    private readonly Texture.Level texture;
    private readonly Affine toTexels, toUnit;
    private readonly float right, down, round, opacity;

    /// <param name="canvas">The canvas to paint on.</param>
    /// <param name="part">The part to paint.</param>
    /// <param name="toFrame">The map from the figure's coordinates to the frame's, for this part.</param>
    public PartShader(in Canvas canvas, FigurePart part, in Affine toFrame)
    {
        pixels = canvas.Pixels;
        (left, top, width) = (canvas.Left, canvas.Top, canvas.Width);
        Affine toFigure = toFrame.Inverse();
        toTexels = toFigure.Then(part.ToTexels);
        texture = part.Texture.At(MathF.Sqrt(MathF.Abs(toTexels.XX * toTexels.YY - toTexels.XY * toTexels.YX)));
        (float minX, float minY, float maxX, float maxY) = PolygonFill.Bounds(part.Outline);
        float scaleX = 2 / (maxX - minX), scaleY = 2 / (maxY - minY);
        toUnit = toFigure.Then(new Affine(scaleX, 0, 0, scaleY, -scaleX * (minX + maxX) / 2, -scaleY * (minY + maxY) / 2));
        (right, down, round) = part.Shading;
        opacity = part.Opacity;
    }

    public void Row(int y, int x, ReadOnlySpan<float> cover)
    {
        Span<Vector128<float>> row = pixels.Slice((y - top) * width + x - left, cover.Length);
        float centerY = y + 0.5f;
        float u0 = toTexels.XY * centerY + toTexels.X0, v0 = toTexels.YY * centerY + toTexels.Y0;
        float p0 = toUnit.XY * centerY + toUnit.X0, q0 = toUnit.YY * centerY + toUnit.Y0;
        for (int i = 0; i < row.Length; i++)
        {
            float part = cover[i] * opacity;
            if (part == 0)
                continue;
            float centerX = x + i + 0.5f;
            float p = toUnit.XX * centerX + p0, q = toUnit.YX * centerX + q0;
            float light = Math.Clamp(1 + right * p + down * q - 0.5f * round * (p * p + q * q), 0.15f, 1.8f);
            Vector128<float> color = texture.Sample(toTexels.XX * centerX + u0, toTexels.YX * centerX + v0) * light;
            row[i] += (color - row[i]) * part;
        }
    }
}

/// <summary>Paints figures.</summary>
internal sealed class FigurePainter
{
    private readonly PolygonFill fill = new();
    private readonly float[] points = new float[2 * FigurePart.MaxPoints];

    /// <summary>Paints a figure; what lies outside the canvas is left out.</summary>
    public void Paint(Figure figure, in Pose pose, float time, in Canvas canvas)
    {
        foreach (FigurePart part in figure.Parts)
        {
            int length = Figure.Outline(part, pose, time, points, out Affine toFrame);
            var shader = new PartShader(canvas, part, toFrame);
            fill.Fill(points.AsSpan(0, length), canvas.Left, canvas.Top, canvas.Left + canvas.Width, canvas.Top + canvas.Height, ref shader);
        }
    }

    /// <summary>Marks the pixels that are covered by the parts that count for the box.</summary>
    public void Mark(Figure figure, in Pose pose, float time, Span<bool> mask, int width, int height)
    {
        var shader = new MaskShader(mask, width);
        foreach (FigurePart part in figure.Parts)
        {
            if (!part.InBox)
                continue;
            int length = Figure.Outline(part, pose, time, points, out _);
            fill.Fill(points.AsSpan(0, length), 0, 0, width, height, ref shader);
        }
    }

    private readonly ref struct MaskShader(Span<bool> mask, int width) : IPolygonShader
    {
        private readonly Span<bool> mask = mask;

        public void Row(int y, int x, ReadOnlySpan<float> cover)
        {
            for (int i = 0; i < cover.Length; i++)
                mask[y * width + x + i] |= cover[i] > 0;
        }
    }
}
