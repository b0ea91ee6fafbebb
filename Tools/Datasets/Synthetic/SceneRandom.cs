namespace SiamIlgpu.Datasets.Synthetic;

/// <summary>Draws random numbers of several distributions from a seed. They are the same on every machine.</summary>
internal struct SceneRandom(ulong seed)
{
    private SplitMix64 numbers = new(seed);

    /// <summary>Makes one seed of several numbers.</summary>
    public static ulong Seed(ulong a, ulong b = 0, ulong c = 0, ulong d = 0)
        => Join(Join(Join(Join(a, 0), b), c), d);

    public ulong Next() => numbers.Next();

    /// <summary>A number in [0, 1).</summary>
    public float Unit() => (Next() >> 40) * (1f / (1 << 24));

    public float Between(float low, float high) => low + (high - low) * Unit();

    /// <summary>A number that is more often small: the density falls toward <paramref name="high"/>.</summary>
    public float Skewed(float low, float high)
    {
        float unit = Unit();
        return low + (high - low) * unit * unit;
    }

    /// <summary>A whole number in [0, count).</summary>
    public int Below(int count) => (int)(((Next() >> 32) * (ulong)count) >> 32);

    public bool Chance(float probability) => Unit() < probability;

    public float Sign() => (Next() & 1) == 0 ? -1 : 1;

    /// <summary>A roughly normal number with mean 0 and variance 1, within +-3.5: the scaled sum of four uniform numbers.</summary>
    public float Normal() => (Unit() + Unit() + Unit() + Unit() - 2) * 1.7320508f;

    /// <summary>
    /// A radius whose frequency falls with the cube of the radius, as it does for the objects in natural images (Ruderman 1997; Lee,
    /// Mumford and Huang 2001).
    /// </summary>
    public float NaturalRadius(float smallest, float largest)
    {
        float ratio = smallest / largest;
        return smallest / MathF.Sqrt(1 - Unit() * (1 - ratio * ratio));
    }

    private static ulong Join(ulong a, ulong b) => SplitMix64.Scramble(a + b + SplitMix64.Golden);
}

/// <summary>Sine and cosine that use only additions and multiplications, so that every machine gives the same bits.</summary>
internal static class Turn
{
    /// <summary>The sine of an angle in full turns, within 0.0011.</summary>
    public static float Sin(float turns)
    {
        // Two parabolas approximate the sine. Mixing in their squares makes the largest error smaller.
        float x = turns - MathF.Floor(turns + 0.5f);
        float y = 8 * x - 16 * x * MathF.Abs(x);
        return 0.225f * (y * MathF.Abs(y) - y) + y;
    }

    /// <summary>The cosine of an angle in full turns, within 0.0011.</summary>
    public static float Cos(float turns) => Sin(turns + 0.25f);
}

/// <summary>A smooth function of time: a mean, plus three sines of different periods.</summary>
internal readonly struct Wave
{
    private readonly float mean, amplitude1, amplitude2, amplitude3, rate1, rate2, rate3, phase1, phase2, phase3;

    /// <summary>Draws a function that stays within mean +- amplitude.</summary>
    /// <param name="random">The source of the periods and phases.</param>
    /// <param name="mean">The mean.</param>
    /// <param name="amplitude">The largest distance from the mean.</param>
    /// <param name="period">Period of the slowest sine in frames. The others are about two and four times as fast.</param>
    public Wave(ref SceneRandom random, float mean, float amplitude, float period)
    {
        this.mean = mean;
        (amplitude1, amplitude2, amplitude3) = (0.62f * amplitude, 0.27f * amplitude, 0.11f * amplitude);
        rate1 = random.Between(0.8f, 1.25f) / period;
        rate2 = random.Between(1.6f, 2.6f) / period;
        rate3 = random.Between(3.2f, 5.2f) / period;
        (phase1, phase2, phase3) = (random.Unit(), random.Unit(), random.Unit());
    }

    public float At(float time) => mean
        + amplitude1 * Turn.Sin(rate1 * time + phase1)
        + amplitude2 * Turn.Sin(rate2 * time + phase2)
        + amplitude3 * Turn.Sin(rate3 * time + phase3);
}

/// <summary>The map x' = XX x + XY y + X0, y' = YX x + YY y + Y0.</summary>
internal readonly record struct Affine(float XX, float XY, float YX, float YY, float X0, float Y0)
{
    public static Affine Identity => new(1, 0, 0, 1, 0, 0);

    /// <summary>A rotation about the origin, in full turns, with a scale.</summary>
    public static Affine Rotation(float turns, float scale = 1)
    {
        float c = scale * Turn.Cos(turns), s = scale * Turn.Sin(turns);
        return new Affine(c, -s, s, c, 0, 0);
    }

    /// <summary>The map that applies this one first, then <paramref name="next"/>.</summary>
    public Affine Then(in Affine next) => new(
        next.XX * XX + next.XY * YX, next.XX * XY + next.XY * YY,
        next.YX * XX + next.YY * YX, next.YX * XY + next.YY * YY,
        next.XX * X0 + next.XY * Y0 + next.X0, next.YX * X0 + next.YY * Y0 + next.Y0);

    public Affine Inverse()
    {
        float scale = 1 / (XX * YY - XY * YX);
        float xx = scale * YY, xy = -scale * XY, yx = -scale * YX, yy = scale * XX;
        return new Affine(xx, xy, yx, yy, -xx * X0 - xy * Y0, -yx * X0 - yy * Y0);
    }

    public (float X, float Y) Of(float x, float y) => (XX * x + XY * y + X0, YX * x + YY * y + Y0);
}
