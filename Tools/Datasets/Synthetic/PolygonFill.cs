namespace SiamIlgpu.Datasets.Synthetic;

/// <summary>Colors the pixels of a row that a polygon covers.</summary>
internal interface IPolygonShader
{
    /// <summary>Blends neighboring pixels of a row.</summary>
    /// <param name="y">The row.</param>
    /// <param name="x">The column of the first pixel.</param>
    /// <param name="cover">How much of each pixel is covered, 0..1.</param>
    void Row(int y, int x, ReadOnlySpan<float> cover);
}

/// <summary>
/// Fills polygons with anti-aliased edges. Each row of pixels is sampled along four lines, and along each line the coverage is exact. Pixel
/// (x, y) is the square from (x, y) to (x+1, y+1). Where a polygon crosses itself, the even-odd rule applies. Not thread-safe.
/// </summary>
internal sealed class PolygonFill
{
    private const int Lines = 4;
    private const int StepsPerPixel = 256;

    private readonly float[] crossings = new float[256];
    private int[] steps = [];
    private float[] cover = [];

    /// <summary>Fills the part of a polygon that lies in [left, right) x [top, bottom).</summary>
    /// <param name="points">x, y, x, y, ...; the last point is joined to the first. At most 256 points.</param>
    /// <param name="left">The first column.</param>
    /// <param name="top">The first row.</param>
    /// <param name="right">The column after the last.</param>
    /// <param name="bottom">The row after the last.</param>
    /// <param name="shader">Colors the pixels.</param>
    public void Fill<TShader>(ReadOnlySpan<float> points, int left, int top, int right, int bottom, ref TShader shader)
        where TShader : struct, IPolygonShader, allows ref struct
    {
        (float minX, float minY, float maxX, float maxY) = Bounds(points);
        int x0 = Math.Max(left, (int)MathF.Floor(Math.Max(minX, -1e6f))), x1 = Math.Min(right, (int)MathF.Floor(Math.Min(maxX, 1e6f)) + 1);
        int y0 = Math.Max(top, (int)MathF.Floor(Math.Max(minY, -1e6f))), y1 = Math.Min(bottom, (int)MathF.Floor(Math.Min(maxY, 1e6f)) + 1);
        int width = x1 - x0;
        if (width <= 0)
            return;
        if (cover.Length < width)
            (steps, cover) = (new int[width + 66], new float[width + 64]);
        for (int y = y0; y < y1; y++)
        {
            // First the changes of coverage from pixel to pixel are collected, then they are summed up. They are whole numbers, so that a
            // pixel does not depend on which part of the polygon is drawn.
            Span<int> row = steps.AsSpan(0, width + 2);
            row.Clear();
            int first = width, last = 0;
            for (int line = 0; line < Lines; line++)
            {
                int count = Cross(points, y + (line + 0.5f) / Lines);
                for (int i = 0; i + 1 < count; i += 2)
                {
                    float from = Math.Clamp(crossings[i], x0, x1), to = Math.Clamp(crossings[i + 1], x0, x1);
                    if (to <= from)
                        continue;
                    first = Math.Min(first, Step(row, from, x0, 1));
                    last = Math.Max(last, Step(row, to, x0, -1) + 1);
                }
            }
            last = Math.Min(last, width);
            if (first >= last)
                continue;
            int sum = 0;
            for (int x = first; x < last; x++)
            {
                sum += row[x];
                cover[x] = sum * (1f / (Lines * StepsPerPixel));
            }
            shader.Row(y, x0 + first, cover.AsSpan(first, last - first));
        }
    }

    /// <summary>The smallest axis-aligned rectangle around the points.</summary>
    public static (float MinX, float MinY, float MaxX, float MaxY) Bounds(ReadOnlySpan<float> points)
    {
        (float minX, float minY, float maxX, float maxY) = (float.MaxValue, float.MaxValue, float.MinValue, float.MinValue);
        for (int i = 0; i < points.Length; i += 2)
        {
            (minX, maxX) = (Math.Min(minX, points[i]), Math.Max(maxX, points[i]));
            (minY, maxY) = (Math.Min(minY, points[i + 1]), Math.Max(maxY, points[i + 1]));
        }
        return (minX, minY, maxX, maxY);
    }

    // A span that begins at x covers the part of pixel floor(x) that is right of x, and all pixels after it. Returns floor(x) - left.
    private static int Step(Span<int> row, float x, int left, int sign)
    {
        float pixel = MathF.Floor(x);
        int part = (int)((x - pixel) * StepsPerPixel), place = (int)pixel - left;
        row[place] += sign * (StepsPerPixel - part);
        row[place + 1] += sign * part;
        return place;
    }

    private int Cross(ReadOnlySpan<float> points, float y)
    {
        int count = 0;
        float beforeX = points[^2], beforeY = points[^1];
        for (int i = 0; i < points.Length; i += 2)
        {
            float x = points[i], nowY = points[i + 1];
            if (beforeY <= y != nowY <= y && count < crossings.Length)
            {
                float at = beforeX + (x - beforeX) * ((y - beforeY) / (nowY - beforeY));
                int place = count++;
                for (; place > 0 && crossings[place - 1] > at; place--)
                    crossings[place] = crossings[place - 1];
                crossings[place] = at;
            }
            (beforeX, beforeY) = (x, nowY);
        }
        return count;
    }
}
