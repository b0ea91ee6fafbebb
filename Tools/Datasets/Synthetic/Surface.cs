using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SiamIlgpu.Datasets.Synthetic;

/// <summary>
/// A square picture that repeats without end: packed texels (0x00BBGGRR), and copies of them that are smaller by powers of two.
/// </summary>
internal sealed class Texture
{
    // Coordinates are in sixteenths of a texel. The offset keeps them positive, and is a whole number of tiles for every size in use.
    private const float Sixteenths = 16, Offset = 1 << 20;

    private readonly uint[][] levels;

    /// <summary>Makes a texture from <paramref name="size"/> x <paramref name="size"/> texels; the size is a power of two.</summary>
    public Texture(uint[] texels, int size, int levelCount)
    {
        Size = size;
        levels = new uint[levelCount][];
        levels[0] = texels;
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
            for (int i = 0; i < levels[0].Length; i += 16)
                sum += Texel.Unpack(levels[0][i]);
            return sum * (16f / levels[0].Length);
        }
    }

    /// <summary>The copy to read when neighboring pixels are <paramref name="step"/> texels apart.</summary>
    public Level At(float step)
    {
        int level = 0;
        for (; step > 1.5f && level < levels.Length - 1; level++)
            step /= 2;
        return new Level(levels[level], Size >> level, 1f / (1 << level));
    }

    private static uint[] Halve(uint[] from, int side)
    {
        int half = side / 2;
        uint[] to = new uint[half * half];
        for (int y = 0; y < half; y++)
        {
            for (int x = 0; x < half; x++)
            {
                int i = 2 * (y * side + x);
                uint a = from[i], b = from[i + 1], c = from[i + side], d = from[i + side + 1];
                uint redBlue = ((a & 0xFF00FF) + (b & 0xFF00FF) + (c & 0xFF00FF) + (d & 0xFF00FF) + 0x020002) >> 2 & 0xFF00FF;
                uint green = ((a & 0xFF00) + (b & 0xFF00) + (c & 0xFF00) + (d & 0xFF00) + 0x0200) >> 2 & 0xFF00;
                to[y * half + x] = redBlue | green;
            }
        }
        return to;
    }

    /// <summary>One of a texture's copies.</summary>
    public readonly ref struct Level(ReadOnlySpan<uint> texels, int size, float scale)
    {
        private readonly ReadOnlySpan<uint> texels = texels;
        private readonly int size = size;
        private readonly float scale = Sixteenths * scale;

        /// <summary>
        /// The color at a point, bilinear in sixteenths: red, green, blue, 0. The point is given in texels of the largest copy.
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector128<float> Sample(float x, float y)
        {
            int fixedX = (int)(x * scale + Offset), fixedY = (int)(y * scale + Offset);
            int mask = size - 1;
            int left = (fixedX >> 4) & mask, right = (left + 1) & mask;
            int top = ((fixedY >> 4) & mask) * size, bottom = (top + size) & (size * size - 1);
            uint partX = (uint)fixedX & 15, partY = (uint)fixedY & 15;
            // The four weights sum to 256, so a lane of 16 bits can hold the sum of four weighted bytes.
            ulong sum = Spread(texels[top + left]) * ((16 - partX) * (16 - partY))
                + Spread(texels[top + right]) * (partX * (16 - partY))
                + Spread(texels[bottom + left]) * ((16 - partX) * partY)
                + Spread(texels[bottom + right]) * (partX * partY);
            Vector128<ushort> lanes = Vector128.CreateScalarUnsafe(sum).AsUInt16();
            // Spread's lanes are red, blue, green, 0.
            Vector128<float> mixed = Vector128.ConvertToSingle(Vector128.WidenLower(lanes).AsInt32());
            return Vector128.Shuffle(mixed, Vector128.Create(0, 2, 1, 3)) * (1f / 256);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static ulong Spread(uint texel) => (texel & 0xFF00FFu) | ((ulong)(texel & 0xFF00) << 24);
    }
}

/// <summary>Conversions between packed texels and red, green, blue.</summary>
internal static class Texel
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Pack(Vector128<float> color)
    {
        Vector128<int> whole = Vector128.ConvertToInt32(
            Vector128.Min(Vector128.Max(color, Vector128<float>.Zero), Vector128.Create(255f)) + Vector128.Create(0.5f));
        return (uint)(whole[0] | whole[1] << 8 | whole[2] << 16);
    }

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

    private readonly Vector128<float>[] ramp = new Vector128<float>[RampSize];
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

    /// <summary>The color at a point.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector128<float> At(float x, float y)
    {
        (float u, float v) = toPattern.Of(x, y);
        Vector128<float> color = ramp[PatternFields.Sample(pattern, u, v)];
        (u, v) = toShade.Of(x, y);
        return color * (1 + relief * (PatternFields.Nearest(shade, u, v) * (1f / 128) - 1));
    }

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
            ramp[i] = Vector128.Min(Vector128.Max(color, Vector128<float>.Zero), Vector128.Create(255f));
        }
    }
}
