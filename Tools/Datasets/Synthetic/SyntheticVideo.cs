using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Datasets.Synthetic;

/// <summary>
/// A made-up video with exact ground truth. A spotted disc in warm colors drifts over a landscape in cool colors and changes its size. In
/// the middle of the video a post passes in front of the disc. The same arguments give the same bytes on every machine, because the code
/// uses only additions, multiplications, divisions and square roots. Frames are Rgb24.
/// </summary>
/// <example>
/// <code>
/// using var video = new SyntheticVideo(seed: 1, frameCount: 60);
/// tracker.Initialize(video.Read(), video.GroundTruth[0]);
/// foreach (Frame frame in video)
///     Console.WriteLine(tracker.Update(frame).Box.IntersectionOverUnion(video.GroundTruth[frame.Index]));
/// </code>
/// </example>
public sealed class SyntheticVideo : FrameSource
{
    private const int FramesPerLeg = 20;

    // The path is a cubic B-spline, which is never faster than its longest leg: 110 pixels in 20 frames are 5.5 pixels per frame.
    private const float ShortestLeg = 60, LongestLeg = 110;
    private const float SmallestScale = 0.8f, LargestScale = 1.3f;
    private const float PostSpeed = 4;
    private const int Skin = 96;

    private readonly int width, height;
    private readonly Noise noise;
    private readonly byte[] landscape;
    private readonly Color[] skin;
    private readonly BoundingBox[] boxes;
    private readonly Frame frame;
    private readonly float postWidth, postSpeed, postCenter;
    private int next;

    /// <summary>Plans the whole video. Each frame is drawn when it is read.</summary>
    /// <param name="seed">The seed. Another seed gives another video.</param>
    /// <param name="frameCount">Number of frames, at least 1.</param>
    /// <param name="width">Pixels in a row, at least 160.</param>
    /// <param name="height">Rows, at least 120.</param>
    public SyntheticVideo(int seed = 1, int frameCount = 120, int width = 320, int height = 240)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(frameCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 160);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 120);
        (this.width, this.height) = (width, height);
        noise = new Noise(seed);
        frame = new Frame(width, height);
        landscape = PaintLandscape();
        skin = PaintSkin();
        boxes = PlanPath(frameCount);

        // The post moves against the disc, so that it passes quickly, and meets it in the middle frame.
        int middle = frameCount / 2;
        bool discGoesRight = boxes[Math.Min(middle + 1, frameCount - 1)].Center.X >= boxes[middle].Center.X;
        postWidth = 0.4f * (float)boxes[middle].Width;
        postSpeed = discGoesRight ? -PostSpeed : PostSpeed;
        postCenter = (float)boxes[middle].Center.X - 1 - postSpeed * middle;
    }

    /// <inheritdoc/>
    public override int? Count => boxes.Length;

    /// <summary>The disc's box in every frame, hidden or not, in OTB's coordinates: the center of the first pixel is (1, 1).</summary>
    public IReadOnlyList<BoundingBox> GroundTruth => boxes;

    /// <inheritdoc/>
    public override Frame? Read()
    {
        if (next == boxes.Length)
            return null;
        frame.Index = next++;
        frame.Name = $"synthetic {frame.Index:D4}";
        landscape.CopyTo(frame.Pixels);
        DrawDisc(boxes[frame.Index]);
        DrawPost(postCenter + postSpeed * frame.Index);
        return frame;
    }

    private BoundingBox[] PlanPath(int frameCount)
    {
        float size = 0.2f * Math.Min(width, height);
        float margin = 0.6f * size * LargestScale;
        int points = frameCount / FramesPerLeg + 4;
        (float X, float Y, float Scale)[] path = new (float, float, float)[points];
        for (int i = 0, trial = 0; i < points; trial++)
        {
            path[i] = (
                margin + (width - 2 * margin) * noise.At(trial, 0, salt: 10),
                margin + (height - 2 * margin) * noise.At(trial, 0, salt: 11),
                SmallestScale + (LargestScale - SmallestScale) * noise.At(trial, 0, salt: 12));
            if (i == 0 || Distance(path[i], path[i - 1]) is >= ShortestLeg and <= LongestLeg)
                i++;
        }
        BoundingBox[] planned = new BoundingBox[frameCount];
        for (int i = 0; i < frameCount; i++)
        {
            ReadOnlySpan<(float X, float Y, float Scale)> p = path.AsSpan(i / FramesPerLeg, 4);
            float t = (float)(i % FramesPerLeg) / FramesPerLeg, u = 1 - t;
            (float a, float b, float c, float d) =
                (u * u * u / 6, (3 * t * t * t - 6 * t * t + 4) / 6, (3 * u * u * u - 6 * u * u + 4) / 6, t * t * t / 6);
            double x = a * p[0].X + b * p[1].X + c * p[2].X + d * p[3].X;
            double y = a * p[0].Y + b * p[1].Y + c * p[2].Y + d * p[3].Y;
            double scale = a * p[0].Scale + b * p[1].Scale + c * p[2].Scale + d * p[3].Scale;
            double wide = size * scale, high = 1.2 * wide;
            planned[i] = new BoundingBox(x + 1 - wide / 2, y + 1 - high / 2, wide, high);
        }
        return planned;
    }

    private static float Distance((float X, float Y, float Scale) a, (float X, float Y, float Scale) b)
        => MathF.Sqrt((a.X - b.X) * (a.X - b.X) + (a.Y - b.Y) * (a.Y - b.Y));

    private byte[] PaintLandscape()
    {
        byte[] pixels = new byte[3 * width * height];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                float hills = noise.Fractal(x / 90f, y / 60f, salt: 1);
                float grass = noise.Fractal(x / 14f, y / 11f, salt: 2);
                Color color = Color.Mix(new Color(52, 78, 66), new Color(128, 150, 158), Smooth(1.6f * hills - 0.3f));
                color = Color.Mix(color, new Color(30, 44, 58), 0.55f * Smooth(1.8f * grass - 0.4f));
                color.Write(pixels.AsSpan(3 * (y * width + x)));
            }
        }
        return pixels;
    }

    private Color[] PaintSkin()
    {
        Color[] texture = new Color[Skin * Skin];
        for (int y = 0; y < Skin; y++)
        {
            for (int x = 0; x < Skin; x++)
            {
                float grain = noise.Fractal(x / 18f, y / 18f, salt: 3);
                float spots = noise.Fractal(x / 26f, y / 26f, salt: 4);
                Color color = Color.Mix(new Color(206, 52, 30), new Color(250, 186, 60), Smooth(2 * grain - 0.5f));
                // A bright spot at the upper left makes the disc look round.
                float dx = (x - 0.35f * Skin) / Skin, dy = (y - 0.3f * Skin) / Skin;
                color = Color.Mix(color, new Color(255, 236, 190), 0.55f * Math.Max(0, 1 - 6 * (dx * dx + dy * dy)));
                texture[y * Skin + x] = Color.Mix(color, new Color(58, 16, 40), Smooth(9 * (spots - 0.58f)));
            }
        }
        return texture;
    }

    private void DrawDisc(BoundingBox box)
    {
        float radiusX = (float)box.Width / 2, radiusY = (float)box.Height / 2;
        float centerX = (float)box.Center.X - 1, centerY = (float)box.Center.Y - 1;
        for (int y = Math.Max(0, (int)(centerY - radiusY)); y <= Math.Min(height - 1, (int)(centerY + radiusY + 1)); y++)
        {
            for (int x = Math.Max(0, (int)(centerX - radiusX)); x <= Math.Min(width - 1, (int)(centerX + radiusX + 1)); x++)
            {
                float u = (x - centerX) / radiusX, v = (y - centerY) / radiusY;
                // The distance to the edge is about this many pixels; the outermost pixel is blended.
                float cover = Math.Clamp((1 - MathF.Sqrt(u * u + v * v)) * radiusX + 0.5f, 0, 1);
                if (cover > 0)
                    Blend(x, y, SampleSkin((0.5f + 0.5f * u) * (Skin - 1), (0.5f + 0.5f * v) * (Skin - 1)), cover);
            }
        }
    }

    private Color SampleSkin(float x, float y)
    {
        int column = Math.Clamp((int)x, 0, Skin - 2), row = Math.Clamp((int)y, 0, Skin - 2);
        float right = Math.Clamp(x - column, 0, 1), down = Math.Clamp(y - row, 0, 1);
        ReadOnlySpan<Color> texels = skin.AsSpan(row * Skin + column);
        return Color.Mix(Color.Mix(texels[0], texels[1], right), Color.Mix(texels[Skin], texels[Skin + 1], right), down);
    }

    private void DrawPost(float center)
    {
        float half = postWidth / 2;
        for (int x = Math.Max(0, (int)(center - half)); x <= Math.Min(width - 1, (int)(center + half + 1)); x++)
        {
            float offset = x - center;
            float cover = Math.Clamp(half - Math.Abs(offset) + 0.5f, 0, 1);
            float shade = 1 - 0.35f * (offset / half) * (offset / half);
            for (int y = 0; cover > 0 && y < height; y++)
            {
                float grain = noise.Fractal(offset / 3f, y / 30f, salt: 5);
                Blend(x, y, Color.Mix(new Color(40, 36, 34), new Color(112, 104, 96), shade * (0.35f + 0.6f * grain)), cover);
            }
        }
    }

    private void Blend(int x, int y, Color color, float cover)
    {
        Span<byte> pixel = frame.Row(y).Slice(3 * x, 3);
        Color.Mix(new Color(pixel[0], pixel[1], pixel[2]), color, cover).Write(pixel);
    }

    /// <summary>0 below 0, 1 above 1, and a smooth step in between.</summary>
    private static float Smooth(float t)
    {
        t = Math.Clamp(t, 0, 1);
        return t * t * (3 - 2 * t);
    }

    private readonly record struct Color(float Red, float Green, float Blue)
    {
        public static Color Mix(Color from, Color to, float share) => new(
            from.Red + (to.Red - from.Red) * share,
            from.Green + (to.Green - from.Green) * share,
            from.Blue + (to.Blue - from.Blue) * share);

        public void Write(Span<byte> rgb)
        {
            rgb[0] = (byte)(Red + 0.5f);
            rgb[1] = (byte)(Green + 0.5f);
            rgb[2] = (byte)(Blue + 0.5f);
        }
    }

    /// <summary>Value noise: random numbers at whole coordinates, interpolated smoothly and summed over octaves.</summary>
    private sealed class Noise(int seed)
    {
        private const int Octaves = 4;

        /// <summary>The noise at a point: about 0.5 on average, within 0..1.</summary>
        public float Fractal(float x, float y, int salt)
        {
            float sum = 0, weight = 0.5f, total = 0;
            for (int octave = 0; octave < Octaves; octave++)
            {
                sum += weight * Interpolated(x, y, salt + 100 * octave);
                total += weight;
                (x, y, weight) = (2 * x, 2 * y, weight / 2);
            }
            return sum / total;
        }

        /// <summary>A random number in 0..1 for whole coordinates.</summary>
        public float At(int x, int y, int salt)
        {
            unchecked
            {
                uint hash = (uint)seed * 0x9E3779B1 ^ (uint)x * 0x85EBCA77 ^ (uint)y * 0xC2B2AE3D ^ (uint)salt * 0x27D4EB2F;
                hash = (hash ^ (hash >> 15)) * 0x2C1B3C6D;
                hash = (hash ^ (hash >> 12)) * 0x297A2D39;
                hash ^= hash >> 15;
                return (hash >> 8) * (1f / (1 << 24));
            }
        }

        private float Interpolated(float x, float y, int salt)
        {
            int column = (int)MathF.Floor(x), row = (int)MathF.Floor(y);
            float right = Smooth(x - column), down = Smooth(y - row);
            float top = At(column, row, salt), bottom = At(column, row + 1, salt);
            top += (At(column + 1, row, salt) - top) * right;
            bottom += (At(column + 1, row + 1, salt) - bottom) * right;
            return top + (bottom - top) * down;
        }
    }
}
