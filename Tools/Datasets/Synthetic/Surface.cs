using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace SiamIlgpu.Datasets.Synthetic;

/// <summary>
/// A square picture that repeats without end: packed texels (0x00BBGGRR, the highest byte has no meaning), and copies of them that are
/// smaller by powers of two.
/// </summary>
internal sealed class Texture
{
    // Coordinates are in sixteenths of a texel. The offset keeps them positive, and is a whole number of tiles for every size in use.
    private const float Sixteenths = 16, Offset = 1 << 20;

    private readonly uint[][] levels;

    /// <summary>
    /// Makes a texture from <paramref name="size"/> rows of as many texels, <see cref="Stride"/> apart; the size is a power of two. It
    /// keeps the array.
    /// </summary>
    public Texture(uint[] texels, int size, int levelCount)
    {
        Size = size;
        levels = new uint[levelCount][];
        levels[0] = texels;
        Close(texels, size);
        for (int i = 1; i < levelCount; i++)
            levels[i] = Halve(levels[i - 1], size >> (i - 1));
    }

    /// <summary>Rows and columns of the largest copy.</summary>
    public int Size { get; }

    /// <summary>The mean color of every 16th texel.</summary>
    public Vector128<float> Mean
    {
        get
        {
            Vector128<float> sum = Vector128<float>.Zero;
            for (int y = 0; y < Size; y++)
            {
                for (int x = 0; x < Size; x += 16)
                    sum += Texel.Unpack(levels[0][y * Stride(Size) + x]);
            }
            return sum * (16f / (Size * Size));
        }
    }

    /// <summary>Texels from one row to the next. After a row there is room for a vector, and the first of these texels repeats the row's first.</summary>
    public static int Stride(int size) => size + Lanes.Count;

    /// <summary>The copy to read when neighboring pixels are <paramref name="step"/> texels apart.</summary>
    public Level At(float step)
    {
        int level = 0;
        for (; step > 1.5f && level < levels.Length - 1; level++)
            step /= 2;
        return new Level(levels[level], Size >> level, 1f / (1 << level));
    }

    // Repeats the first texel of each row after its last, so that two neighbors can be read together.
    private static void Close(uint[] texels, int size)
    {
        for (int y = 0; y < size; y++)
            texels[y * Stride(size) + size] = texels[y * Stride(size)];
    }

    private static uint[] Halve(uint[] from, int side)
    {
        int half = side / 2, stride = Stride(side);
        uint[] to = new uint[half * Stride(half)];
        for (int y = 0; y < half; y++)
        {
            ReadOnlySpan<uint> upper = from.AsSpan(2 * y * stride, side), lower = from.AsSpan((2 * y + 1) * stride, side);
            Span<uint> row = to.AsSpan(y * Stride(half), half);
            for (int x = 0; x < row.Length; x++)
            {
                uint a = upper[2 * x], b = upper[2 * x + 1], c = lower[2 * x], d = lower[2 * x + 1];
                uint redBlue = ((a & 0xFF00FF) + (b & 0xFF00FF) + (c & 0xFF00FF) + (d & 0xFF00FF) + 0x020002) >> 2 & 0xFF00FF;
                uint green = ((a & 0xFF00) + (b & 0xFF00) + (c & 0xFF00) + (d & 0xFF00) + 0x0200) >> 2 & 0xFF00;
                row[x] = redBlue | green;
            }
        }
        Close(to, half);
        return to;
    }

    /// <summary>One of a texture's copies.</summary>
    public readonly ref struct Level(uint[] texels, int size, float scale)
    {
        private readonly ref uint texels = ref MemoryMarshal.GetArrayDataReference(texels);
        private readonly int mask = size - 1, stride = Stride(size);
        private readonly float scale = Sixteenths * scale;

        /// <summary>The colors at eight points, bilinear in sixteenths. The points are given in texels of the largest copy.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Sample(
            Vector256<float> x, Vector256<float> y, out Vector256<float> red, out Vector256<float> green, out Vector256<float> blue)
        {
            Vector256<int> fixedX = Vector256.ConvertToInt32Native(x * scale + Vector256.Create(Offset));
            Vector256<int> fixedY = Vector256.ConvertToInt32Native(y * scale + Vector256.Create(Offset));
            Vector256<int> last = Vector256.Create(mask);
            Vector256<int> left = (fixedX >> 4) & last, top = (fixedY >> 4) & last, bottom = (top + Vector256<int>.One) & last;
            Vector256<int> upper = top * stride + left, lower = bottom * stride + left;

            // The four weights of a point sum to 256, so 16 bits can hold the sum of four weighted bytes. The weights of the left and of
            // the right texel are the two halves of a number of 32 bits.
            Vector256<int> partX = fixedX & Vector256.Create(15), partY = fixedY & Vector256.Create(15);
            Vector256<ushort> across = (Vector256.Create(16) - partX | partX << 16).AsUInt16();
            Vector256<ushort> forLower = across * (partY | partY << 16).AsUInt16(), forUpper = (across << 4) - forLower;
            Four(
                upper.GetLower(), lower.GetLower(), Vector256.WidenLower(forUpper.AsUInt32()), Vector256.WidenLower(forLower.AsUInt32()),
                out Vector256<ulong> redBlue0, out Vector256<ulong> green0);
            Four(
                upper.GetUpper(), lower.GetUpper(), Vector256.WidenUpper(forUpper.AsUInt32()), Vector256.WidenUpper(forLower.AsUInt32()),
                out Vector256<ulong> redBlue1, out Vector256<ulong> green1);
            Vector256<uint> redBlue = Vector256.Narrow(redBlue0, redBlue1), low = Vector256.Create(0xFFFFu);
            red = Lanes.ToSingle(redBlue & low) * (1f / 256);
            green = Lanes.ToSingle(Vector256.Narrow(green0, green1) & low) * (1f / 256);
            blue = Lanes.ToSingle(redBlue >> 16) * (1f / 256);
        }

        // The sums of four points: red in the lowest 16 bits of redBlue and blue above them, green in the lowest 16 bits of green.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Four(
            Vector128<int> upper, Vector128<int> lower, Vector256<ulong> forUpper, Vector256<ulong> forLower,
            out Vector256<ulong> redBlue, out Vector256<ulong> green)
        {
            Vector256<ushort> above = Lanes.GatherPairs(ref texels, upper).AsUInt16(), below = Lanes.GatherPairs(ref texels, lower).AsUInt16();
            Vector256<ushort> aboveWeights = Spread(forUpper), belowWeights = Spread(forLower), bytes = Vector256.Create((ushort)255);
            redBlue = ((above & bytes) * aboveWeights + (below & bytes) * belowWeights).AsUInt64();
            green = ((above >> 8) * aboveWeights + (below >> 8) * belowWeights).AsUInt64();
            // The left texel's part and the right one's.
            redBlue = (redBlue.AsUInt16() + (redBlue >> 32).AsUInt16()).AsUInt64();
            green = (green.AsUInt16() + (green >> 32).AsUInt16()).AsUInt64();
        }

        // Two weights of 16 bits in the low half of 64 bits: each is written twice, for red and blue.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<ushort> Spread(Vector256<ulong> weights) => Vector256.Shuffle(
            weights.AsUInt16(), Vector256.Create((ushort)0, 0, 1, 1, 4, 4, 5, 5, 8, 8, 9, 9, 12, 12, 13, 13));
    }
}

/// <summary>Takes packed texels apart.</summary>
internal static class Texel
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Unpack(uint texel)
        => Vector128.Create((float)(texel & 255), (texel >> 8) & 255, (texel >> 16) & 255, 0);
}

/// <summary>
/// Draws natural colors: the three channels are correlated, most colors are dull, and warm and cool colors are more frequent than green and
/// violet ones.
/// </summary>
internal sealed class Palette
{
    private readonly float saturation;
    private readonly float red, green, blue;
    private readonly float darkest, brightest;

    /// <summary>Chooses the light and the range of brightness of a scene.</summary>
    public Palette(ref SceneRandom random)
    {
        saturation = random.Below(10) switch
        {
            0 => 0,
            <= 3 => random.Between(0.2f, 0.6f),
            <= 7 => random.Between(0.6f, 1.1f),
            _ => random.Between(1.1f, 1.7f),
        };
        float warm = saturation == 0 ? 0 : 0.10f * random.Normal();
        float tint = saturation == 0 ? 0 : 0.03f * random.Normal();
        (red, green, blue) = (1 + warm, 1 + tint, 1 - warm);
        darkest = random.Skewed(8, 60);
        brightest = 250 - random.Skewed(0, 90);
    }

    /// <summary>Draws any color of the scene.</summary>
    public Vector128<float> Draw(ref SceneRandom random)
    {
        float level = random.Chance(0.5f) ? random.Unit() : 0.5f + 0.2f * random.Normal();
        return Make(ref random, level, random.Skewed(0, 1));
    }

    /// <summary>Draws a color of about this brightness (0..1) and chroma (0..1).</summary>
    public Vector128<float> Make(ref SceneRandom random, float level, float chroma)
    {
        float brightness = darkest + (brightest - darkest) * Math.Clamp(level, 0, 1);
        // Hues vary along the axis from blue to orange, and less from green to magenta.
        float turn = random.Unit();
        float warm = Turn.Cos(turn) * chroma, tint = 0.6f * Turn.Sin(turn) * chroma;
        return Light(brightness, 1 + 0.75f * warm - 0.25f * tint, 1 + 0.1f * warm + 0.55f * tint, 1 - 0.85f * warm - 0.3f * tint);
    }

    /// <summary>Turns a color (0..255) into what it looks like in the scene's light.</summary>
    public Vector128<float> Light(Vector128<float> color)
    {
        float brightness = 0.3f * color[0] + 0.59f * color[1] + 0.11f * color[2];
        return Light(brightness, color[0] / (brightness + 1), color[1] / (brightness + 1), color[2] / (brightness + 1));
    }

    /// <summary>Draws a color close to another one.</summary>
    public static Vector128<float> Near(ref SceneRandom random, Vector128<float> color, float contrast)
    {
        float all = contrast * random.Normal();
        Vector128<float> change = Vector128.Create(
            all + 0.25f * contrast * random.Normal(), all + 0.15f * contrast * random.Normal(), all + 0.3f * contrast * random.Normal(), 0);
        // A gray color stays gray.
        float spread = Math.Max(color[0], Math.Max(color[1], color[2])) - Math.Min(color[0], Math.Min(color[1], color[2]));
        return color + (spread < 2 ? Vector128.Create(change[0], change[0], change[0], 0) : change);
    }

    private Vector128<float> Light(float brightness, float redShare, float greenShare, float blueShare) => Vector128.Create(
        brightness * (1 + saturation * (redShare - 1)) * red,
        brightness * (1 + saturation * (greenShare - 1)) * green,
        brightness * (1 + saturation * (blueShare - 1)) * blue,
        0);
}

/// <summary>
/// A colored pattern without end: one gray field selects colors from a ramp, and a second field shades them.
/// </summary>
internal sealed class Surface
{
    private const int RampSize = 256;

    // The colors in quarters of a level: red in the lowest 10 bits, then green, then blue.
    private readonly uint[] ramp = new uint[RampSize];
    private readonly byte[] pattern, shade;
    private readonly Affine toPattern, toShade;
    private readonly float relief;

    private Surface(byte[] pattern, in Affine toPattern, byte[] shade, in Affine toShade, float relief)
        => (this.pattern, this.toPattern, this.shade, this.toShade, this.relief) = (pattern, toPattern, shade, toShade, relief);

    /// <summary>Draws a pattern.</summary>
    /// <param name="random">The source of random numbers.</param>
    /// <param name="palette">The scene's colors.</param>
    /// <param name="main">The main color of the pattern.</param>
    /// <param name="scale">Field pixels per texel: 1 is coarse, 4 is fine.</param>
    /// <param name="tiled">Whether the pattern must repeat every 512 texels.</param>
    public static Surface Draw(ref SceneRandom random, Palette palette, Vector128<float> main, float scale, bool tiled)
    {
        bool busy = random.Chance(0.45f);
        var surface = new Surface(
            busy ? PatternFields.Any(ref random) : PatternFields.Soft(ref random), Placement(ref random, scale, tiled),
            PatternFields.Soft(ref random), Placement(ref random, 1.7f * scale, tiled), random.Skewed(0.02f, 0.7f));
        surface.FillRamp(ref random, palette, main, busy);
        return surface;
    }

    /// <summary>Prepares to compute colors of a row.</summary>
    public Line At(float y) => new(this, y);

    private static Affine Placement(ref SceneRandom random, float scale, bool tiled)
    {
        float x = random.Between(0, PatternFields.Size), y = random.Between(0, PatternFields.Size);
        if (!tiled)
            return Affine.Rotation(random.Chance(0.4f) ? 0.25f * random.Below(4) + 0.01f * random.Normal() : random.Unit(), scale) with { X0 = x, Y0 = y };
        // Multiples of 1/2 map 512 texels to whole tiles of the field.
        (float a, float b) = random.Below(4) switch
        {
            0 => (0.5f, 0f),
            1 => (1f, 0f),
            2 => (1f, 0.5f),
            _ => (0.5f, 0.5f),
        };
        return random.Chance(0.5f) ? new Affine(a, -b, b, a, x, y) : new Affine(-b, a, a, b, x, y);
    }

    private void FillRamp(ref SceneRandom random, Palette palette, Vector128<float> main, bool busy)
    {
        int stops = 2 + random.Below(3);
        float contrast = busy ? random.Skewed(6, 80) : random.Skewed(3, 45);
        bool hard = busy && random.Chance(0.4f);
        Span<Vector128<float>> colors = stackalloc Vector128<float>[5];
        for (int i = 0; i < stops; i++)
            colors[i] = i > 0 && random.Chance(busy ? 0.25f : 0.08f) ? palette.Draw(ref random) : Palette.Near(ref random, main, i == 0 ? 2 : contrast);
        for (int i = 0; i < RampSize; i++)
        {
            // Most values of a field are near the middle, so the ramp changes there.
            float place = Math.Clamp((i - 128) / 150f + 0.5f, 0, 0.9999f) * (stops - 1);
            int stop = (int)place;
            float part = place - stop;
            part = hard ? Math.Clamp((part - 0.5f) * 8 + 0.5f, 0, 1) : part;
            Vector128<float> color = colors[stop] + (colors[stop + 1 < stops ? stop + 1 : stop] - colors[stop]) * part;
            Vector128<int> quarters = Vector128.ConvertToInt32(
                4 * Vector128.Min(Vector128.Max(color, Vector128<float>.Zero), Vector128.Create(255f)) + Vector128.Create(0.5f));
            ramp[i] = (uint)(quarters[0] | quarters[1] << 10 | quarters[2] << 20);
        }
    }

    /// <summary>A row of a surface.</summary>
    public readonly ref struct Line
    {
        private readonly ref uint ramp;
        private readonly ref byte pattern, shade;
        private readonly Affine toPattern, toShade;
        private readonly float y, relief;

        public Line(Surface surface, float y)
        {
            ramp = ref MemoryMarshal.GetArrayDataReference(surface.ramp);
            pattern = ref MemoryMarshal.GetArrayDataReference(surface.pattern);
            shade = ref MemoryMarshal.GetArrayDataReference(surface.shade);
            (toPattern, toShade, this.y, relief) = (surface.toPattern, surface.toShade, y, surface.relief);
        }

        /// <summary>The colors at eight points, times a factor for each.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Colors(
            Vector256<float> x, Vector256<float> light, out Vector256<float> red, out Vector256<float> green, out Vector256<float> blue)
        {
            Vector256<int> place = PatternFields.Sample(
                ref pattern, toPattern.XX * x + Vector256.Create(toPattern.XY * y) + Vector256.Create(toPattern.X0),
                toPattern.YX * x + Vector256.Create(toPattern.YY * y) + Vector256.Create(toPattern.Y0));
            Vector256<float> bright = PatternFields.Nearest(
                ref shade, toShade.XX * x + Vector256.Create(toShade.XY * y) + Vector256.Create(toShade.X0),
                toShade.YX * x + Vector256.Create(toShade.YY * y) + Vector256.Create(toShade.Y0));
            light *= Vector256<float>.One + relief * (bright * (1f / 128) - Vector256<float>.One);
            light *= 0.25f;
            Vector256<uint> color = Lanes.Gather(ref ramp, place), low = Vector256.Create(1023u);
            Vector256<float> most = Vector256.Create(255f);
            red = Vector256.Min(Lanes.ToSingle(color & low) * light, most);
            green = Vector256.Min(Lanes.ToSingle((color >> 10) & low) * light, most);
            blue = Vector256.Min(Lanes.ToSingle(color >> 20) * light, most);
        }
    }
}
