namespace SiamIlgpu.Datasets.Synthetic;

/// <summary>
/// One part of a figure: an outline that may ripple and swing about a joint, with its own texture and shading. In the figure's coordinates
/// its height is about 1, its center is (0, 0), and y points down.
/// </summary>
internal sealed class FigurePart
{
    /// <summary>The largest number of points in an outline.</summary>
    public const int MaxPoints = 48;

    /// <summary>The points of the outline: x, y, x, y, ...</summary>
    public required float[] Outline { get; init; }

    /// <summary>The picture on the part.</summary>
    public required Texture Texture { get; init; }

    /// <summary>The map from the figure's coordinates to texels.</summary>
    public required Affine ToTexels { get; init; }

    /// <summary>Whether the part counts for the figure's box.</summary>
    public bool InBox { get; init; } = true;

    /// <summary>0 is invisible, and 1 hides everything behind the part.</summary>
    public float Opacity { get; init; } = 1;

    /// <summary>The point that the part turns about.</summary>
    public (float X, float Y) Joint { get; init; }

    /// <summary>The rotation of the part over time, in full turns.</summary>
    public Wave Swing { get; init; }

    /// <summary>
    /// How far the part slides sideways with the figure's yaw, in heights of the figure, as the features of a turning face do.
    /// </summary>
    public float Slide { get; init; }

    /// <summary>
    /// The ripple of the outline: its amplitude as a share of the radius, the number of waves around it, and their phase in turns.
    /// </summary>
    public (float Amount, int Lobes, Wave Phase) Ripple { get; init; }

    /// <summary>
    /// How the brightness changes from the center to the right edge and to the lower edge, and how much it falls toward all edges.
    /// </summary>
    public (float Right, float Down, float Round) Shading { get; init; }
}

/// <summary>Where a figure is in a frame, in pixels, and how it is bent.</summary>
/// <param name="Place">The map from the figure's coordinates to the frame's.</param>
/// <param name="Bend">Sideways shift that grows with the square of y.</param>
/// <param name="Yaw">Rotation about the vertical axis, -1..1.</param>
internal readonly record struct Pose(Affine Place, float Bend, float Yaw);

/// <summary>Parts that move together.</summary>
internal sealed class Figure(FigurePart[] parts)
{
    /// <summary>The parts, from back to front.</summary>
    public ReadOnlySpan<FigurePart> Parts => parts;

    /// <summary>Computes the outline of a part in the frame at a time. Returns how many numbers were written.</summary>
    public static int Outline(FigurePart part, in Pose pose, float time, Span<float> points, out Affine toFrame)
    {
        float turn = part.Swing.At(time);
        (float jointX, float jointY) = part.Joint;
        Affine swing = Affine.Identity with { X0 = -jointX, Y0 = -jointY };
        swing = swing.Then(Affine.Rotation(turn)).Then(Affine.Identity with { X0 = jointX + part.Slide * pose.Yaw, Y0 = jointY });
        toFrame = swing.Then(pose.Place);

        float[] outline = part.Outline;
        (float amount, int lobes, Wave ripple) = part.Ripple;
        float phase = amount == 0 ? 0 : ripple.At(time);
        (float middleX, float middleY) = Middle(outline);
        for (int i = 0; i < outline.Length; i += 2)
        {
            float grow = amount == 0 ? 1 : 1 + amount * Turn.Sin((float)(lobes * i) / outline.Length + phase);
            (float x, float y) = swing.Of(middleX + (outline[i] - middleX) * grow, middleY + (outline[i + 1] - middleY) * grow);
            x += pose.Bend * (y * y - 0.1f);
            (points[i], points[i + 1]) = pose.Place.Of(x, y);
        }
        return outline.Length;
    }

    /// <summary>The box around the parts that count for it, in the frame's pixels: left, top, right, bottom.</summary>
    public (float Left, float Top, float Right, float Bottom) Bounds(in Pose pose, float time)
    {
        Span<float> points = stackalloc float[2 * FigurePart.MaxPoints];
        (float left, float top, float right, float bottom) = (float.MaxValue, float.MaxValue, float.MinValue, float.MinValue);
        foreach (FigurePart part in parts)
        {
            if (!part.InBox)
                continue;
            int length = Outline(part, pose, time, points, out _);
            (float minX, float minY, float maxX, float maxY) = PolygonFill.Bounds(points[..length]);
            (left, top, right, bottom) = (Math.Min(left, minX), Math.Min(top, minY), Math.Max(right, maxX), Math.Max(bottom, maxY));
        }
        return (left, top, right, bottom);
    }

    private static (float X, float Y) Middle(float[] outline)
    {
        (float minX, float minY, float maxX, float maxY) = PolygonFill.Bounds(outline);
        return ((minX + maxX) / 2, (minY + maxY) / 2);
    }
}

/// <summary>Makes outlines.</summary>
internal static class Outlines
{
    /// <summary>An ellipse, or with a power of 4, 8 or 16 a rounded rectangle.</summary>
    public static float[] Oval(float x, float y, float radiusX, float radiusY, int power = 2)
    {
        const int Points = 28;
        float[] points = new float[2 * Points];
        for (int i = 0; i < Points; i++)
        {
            float turn = (i + 0.5f) / Points;
            points[2 * i] = x + radiusX * Root(Turn.Cos(turn), power);
            points[2 * i + 1] = y + radiusY * Root(Turn.Sin(turn), power);
        }
        return points;
    }

    /// <summary>A limb between two round ends of different radius.</summary>
    public static float[] Limb(float x0, float y0, float radius0, float x1, float y1, float radius1)
    {
        const int Points = 16;
        float length = MathF.Sqrt((x1 - x0) * (x1 - x0) + (y1 - y0) * (y1 - y0)) + 1e-6f;
        float dx = (x1 - x0) / length, dy = (y1 - y0) / length;
        float[] points = new float[2 * Points];
        for (int i = 0; i < Points; i++)
        {
            bool end = i >= Points / 2;
            float turn = 0.25f + i % (Points / 2) * 0.5f / (Points / 2 - 1) + (end ? 0.5f : 0);
            (float x, float y, float radius) = end ? (x1, y1, radius1) : (x0, y0, radius0);
            float along = Turn.Cos(turn) * radius, across = Turn.Sin(turn) * radius;
            points[2 * i] = x + along * dx - across * dy;
            points[2 * i + 1] = y + along * dy + across * dx;
        }
        return points;
    }

    /// <summary>A smooth lump whose radius is a sum of a few random harmonics.</summary>
    public static float[] Lump(ref SceneRandom random, float x, float y, float radiusX, float radiusY, float roughness)
    {
        const int Points = 44;
        Span<float> amounts = stackalloc float[5], phases = stackalloc float[5];
        for (int i = 0; i < 5; i++)
            (amounts[i], phases[i]) = (roughness * random.Normal() / (i + 2), random.Unit());
        float[] points = new float[2 * Points];
        for (int i = 0; i < Points; i++)
        {
            float turn = (float)i / Points, radius = 1;
            for (int k = 0; k < 5; k++)
                radius += amounts[k] * Turn.Sin((k + 2) * turn + phases[k]);
            radius = Math.Max(radius, 0.25f);
            points[2 * i] = x + radiusX * radius * Turn.Cos(turn);
            points[2 * i + 1] = y + radiusY * radius * Turn.Sin(turn);
        }
        return points;
    }

    /// <summary>A convex polygon of 3 to 7 corners on an ellipse.</summary>
    public static float[] Corners(ref SceneRandom random, float x, float y, float radiusX, float radiusY)
    {
        int count = 3 + random.Below(5);
        float start = random.Unit();
        float[] points = new float[2 * count];
        for (int i = 0; i < count; i++)
        {
            float turn = start + (i + 0.6f * random.Unit()) / count;
            (points[2 * i], points[2 * i + 1]) = (x + radiusX * Turn.Cos(turn), y + radiusY * Turn.Sin(turn));
        }
        return points;
    }

    // |value|^(2/power) with the sign of value. Only square roots are used.
    private static float Root(float value, int power)
    {
        float root = MathF.Abs(value);
        for (; power > 2; power /= 2)
            root = MathF.Sqrt(root);
        return value < 0 ? -root : root;
    }
}
