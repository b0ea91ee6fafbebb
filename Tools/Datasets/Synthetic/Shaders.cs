using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace SiamIlgpu.Datasets.Synthetic;

/// <summary>Paints a part of a figure.</summary>
internal readonly ref struct PartShader : IPolygonShader
{
    private readonly Canvas canvas;
    private readonly Texture.Level texture;
    private readonly Affine toTexels, toUnit;
    private readonly float right, down, round, opacity;

    /// <param name="canvas">The canvas to paint on.</param>
    /// <param name="part">The part to paint.</param>
    /// <param name="toFrame">The map from the figure's coordinates to the frame's, for this part.</param>
    public PartShader(Canvas canvas, FigurePart part, in Affine toFrame)
    {
        this.canvas = canvas;
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
        ref float row = ref Unsafe.Add(ref canvas.Row(y), x - canvas.Left);
        ref float covers = ref MemoryMarshal.GetReference(cover);
        nuint green = (nuint)canvas.Plane, blue = 2 * green;
        float centerY = y + 0.5f;
        Vector256<float> u0 = Vector256.Create(toTexels.XY * centerY + toTexels.X0), v0 = Vector256.Create(toTexels.YY * centerY + toTexels.Y0);
        Vector256<float> p0 = Vector256.Create(toUnit.XY * centerY + toUnit.X0), q0 = Vector256.Create(toUnit.YY * centerY + toUnit.Y0);
        Vector256<float> centerX = Vector256.Create(x + 0.5f) + Lanes.Indices;
        for (nuint i = 0; i < (nuint)cover.Length; i += Lanes.Count, centerX += Vector256.Create((float)Lanes.Count))
        {
            Vector256<float> part = Vector256.LoadUnsafe(ref covers, i) * opacity;
            if (part == Vector256<float>.Zero)
                continue;
            Vector256<float> p = toUnit.XX * centerX + p0, q = toUnit.YX * centerX + q0;
            Vector256<float> light = Vector256<float>.One + right * p + down * q - 0.5f * round * (p * p + q * q);
            light = Vector256.Min(Vector256.Max(light, Vector256.Create(0.15f)), Vector256.Create(1.8f));
            texture.Sample(
                toTexels.XX * centerX + u0, toTexels.YX * centerX + v0,
                out Vector256<float> redOfPart, out Vector256<float> greenOfPart, out Vector256<float> blueOfPart);
            Blend(ref row, i, redOfPart * light, part);
            Blend(ref row, i + green, greenOfPart * light, part);
            Blend(ref row, i + blue, blueOfPart * light, part);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Blend(ref float row, nuint place, Vector256<float> color, Vector256<float> part)
    {
        Vector256<float> behind = Vector256.LoadUnsafe(ref row, place);
        (behind + (color - behind) * part).StoreUnsafe(ref row, place);
    }
}

/// <summary>Paints figures.</summary>
internal sealed class FigurePainter
{
    private readonly PolygonFill fill = new();
    private readonly float[] points = new float[2 * FigurePart.MaxPoints];

    /// <summary>Paints a figure; what lies outside the canvas is left out.</summary>
    public void Paint(Figure figure, in Pose pose, float time, Canvas canvas)
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
