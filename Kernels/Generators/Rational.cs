namespace SiamIlgpu.Kernels.Generators;

/// <summary>An exact fraction in lowest terms, denominator positive. The transforms' numbers are small; nothing guards against overflow.</summary>
public readonly record struct Rational
{
    // One less than the denominator, so that a default Rational is zero.
    private readonly long excess;

    /// <summary>numerator / denominator.</summary>
    public Rational(long numerator, long denominator)
    {
        long divisor = Divisor(Math.Abs(numerator), Math.Abs(denominator)) * Math.Sign(denominator);
        Numerator = numerator / divisor;
        excess = denominator / divisor - 1;
    }

    /// <summary>The signed numerator.</summary>
    public long Numerator { get; }

    /// <summary>The denominator, at least 1.</summary>
    public long Denominator => excess + 1;

    /// <summary>A whole number.</summary>
    public static implicit operator Rational(int value) => new(value, 1);

    /// <summary>The nearest double.</summary>
    public static explicit operator double(Rational value) => (double)value.Numerator / value.Denominator;

    /// <summary>a + b.</summary>
    public static Rational operator +(Rational a, Rational b) =>
        new(a.Numerator * b.Denominator + b.Numerator * a.Denominator, a.Denominator * b.Denominator);

    /// <summary>-a.</summary>
    public static Rational operator -(Rational a) => new(-a.Numerator, a.Denominator);

    /// <summary>a - b.</summary>
    public static Rational operator -(Rational a, Rational b) => a + -b;

    /// <summary>a * b.</summary>
    public static Rational operator *(Rational a, Rational b) => new(a.Numerator * b.Numerator, a.Denominator * b.Denominator);

    /// <summary>a / b.</summary>
    public static Rational operator /(Rational a, Rational b) => new(a.Numerator * b.Denominator, a.Denominator * b.Numerator);

    /// <summary>a to the power of a number that is not negative.</summary>
    public static Rational Power(Rational a, int exponent) => exponent == 0 ? 1 : a * Power(a, exponent - 1);

    private static long Divisor(long a, long b) => b == 0 ? a : Divisor(b, a % b);
}
