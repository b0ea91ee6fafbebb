namespace SiamIlgpu.Datasets.Synthetic;

/// <summary>Colors the pixels of a row that a polygon covers.</summary>
internal interface IPolygonShader
{
    /// <summary>Blends neighboring pixels of a row.</summary>
    /// <param name="y">The row.</param>
    /// <param name="x">The column of the first pixel.</param>
    /// <param name="cover">
    /// How much of each pixel is covered, 0..1. Eight numbers after the last may be read; the first of them are 0 up to a count that is a
    /// multiple of eight.
    /// </param>
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

    // So many rows are filled before the edges are gone through again. The crossings of so many rows stay in the fastest cache.
    private const int RowsAtATime = 32;

    // The places where edges cross each of the lines of some rows, in ascending order, and their number.
    private readonly int[] counts = new int[Lines * RowsAtATime];
    private float[] crossings = [];
    private int[] steps = [];
    private float[] cover = [];

    /// <summary>Fills the part of a polygon that lies in [left, right) x [top, bottom).</summary>
    /// <param name="points">x, y, x, y, ...; the last point is joined to the first.</param>
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
        if (x1 <= x0)
            return;
        Reserve(x1 - x0, points.Length / 2);
        for (int first = y0; first < y1; first += RowsAtATime)
        {
            int end = Math.Min(y1, first + RowsAtATime);
            Cross(points, first, end - first);
            for (int y = first; y < end; y++)
                FillRow(y, Lines * (y - first), points.Length / 2, x0, x1, ref shader);
        }
    }

    private void Reserve(int width, int edges)
    {
        if (crossings.Length < counts.Length * edges)
            crossings = new float[counts.Length * edges];
        if (cover.Length < width + 2 * Lanes.Count)
            (steps, cover) = (new int[width + 66], new float[width + 64]);
    }

    // First the changes of coverage from pixel to pixel are collected, then they are summed up. They are whole numbers, so that a pixel does
    // not depend on which part of the polygon is drawn. All changes are 0 again at the end.
    private void FillRow<TShader>(int y, int firstLine, int edges, int x0, int x1, ref TShader shader)
        where TShader : struct, IPolygonShader, allows ref struct
    {
        int first = x1 - x0, last = 0, fullFrom = 0, fullTo = x1 - x0;
        for (int line = firstLine; line < firstLine + Lines; line++)
        {
            ReadOnlySpan<float> places = crossings.AsSpan(line * edges, counts[line]);
            // Where each line crosses the polygon once, the pixels between the ends of all lines are covered fully.
            if (places.Length != 2)
                fullTo = 0;
            for (int i = 0; i + 1 < places.Length; i += 2)
            {
                float from = Math.Clamp(places[i], x0, x1), to = Math.Clamp(places[i + 1], x0, x1);
                if (to <= from)
                {
                    fullTo = 0;
                    continue;
                }
                int begin = Step(from, x0, 1), end = Step(to, x0, -1);
                (first, last) = (Math.Min(first, begin), Math.Max(last, end + 1));
                (fullFrom, fullTo) = (Math.Max(fullFrom, begin + 2), Math.Min(fullTo, end));
            }
        }
        if (last == 0)
            return;
        if (fullTo > fullFrom)
        {
            Sum(first, fullFrom, 0);
            cover.AsSpan(fullFrom, fullTo - fullFrom).Fill(1);
            Sum(fullTo, last, Lines * StepsPerPixel);
        }
        else
        {
            Sum(first, last, 0);
        }
        (steps[last], steps[last + 1]) = (0, 0);
        last = Math.Min(last, x1 - x0);
        if (first >= last)
            return;
        cover.AsSpan(last, Lanes.Count).Clear();
        shader.Row(y, x0 + first, cover.AsSpan(first, last - first));
    }

    private void Sum(int first, int end, int sum)
    {
        for (int x = first; x < end; x++)
        {
            sum += steps[x];
            steps[x] = 0;
            cover[x] = sum * (1f / (Lines * StepsPerPixel));
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
    private int Step(float x, int left, int sign)
    {
        float pixel = MathF.Floor(x);
        int part = (int)((x - pixel) * StepsPerPixel), place = (int)pixel - left;
        steps[place] += sign * (StepsPerPixel - part);
        steps[place + 1] += sign * part;
        return place;
    }

    private void Cross(ReadOnlySpan<float> points, int firstRow, int rows)
    {
        counts.AsSpan(0, Lines * rows).Clear();
        float beforeX = points[^2], beforeY = points[^1];
        for (int i = 0; i < points.Length; i += 2)
        {
            float x = points[i], y = points[i + 1], upper = Math.Min(beforeY, y) - firstRow, lower = Math.Max(beforeY, y) - firstRow;
            int from = (int)(Math.Clamp(upper, 0, rows) * Lines), to = (int)(Math.Clamp(lower, 0, rows) * Lines);
            if (lower > 0 && upper < rows)
                CrossLines(firstRow, Math.Max(0, from - 1), Math.Min(Lines * rows, to + 2), points.Length / 2, (beforeX, beforeY), (x, y));
            (beforeX, beforeY) = (x, y);
        }
    }

    private void CrossLines(int firstRow, int first, int end, int edges, (float X, float Y) before, (float X, float Y) now)
    {
        for (int line = first; line < end; line++)
        {
            float y = firstRow + (line + 0.5f) / Lines;
            if (before.Y <= y == now.Y <= y)
                continue;
            float at = before.X + (now.X - before.X) * ((y - before.Y) / (now.Y - before.Y));
            Span<float> places = crossings.AsSpan(line * edges, edges);
            int place = counts[line]++;
            for (; place > 0 && places[place - 1] > at; place--)
                places[place] = places[place - 1];
            places[place] = at;
        }
    }
}
