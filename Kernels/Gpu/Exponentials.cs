using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Algorithms;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>
/// exp and the functions of it that losses need, by arithmetic alone. ILGPU has exp for CUDA only in its library of algorithms, and only as
/// ex2.approx. With arithmetic every device gets the same result, with an error below 3e-7 of it, and nothing overflows. NaN stays NaN.
/// </summary>
internal static class Exponentials
{
    private const float Log2OfE = 1.44269504f;

    // ln 2 in two parts; the first has nine bits, so that its multiples are exact.
    private const float Ln2High = 0.693359375f, Ln2Low = -2.12194440e-4f;

    // exp(-87) is close to the least normal float. Smaller results are replaced by it, which is as good as 0.
    private const float Most = 87;

    /// <summary>log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Softplus(float x) => (x > 0 ? x : 0) + LogOfOneAnd(ExpOfMinus(XMath.Abs(x)));

    /// <summary>1 / (1 + exp(-x)).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Sigmoid(float x)
    {
        float e = ExpOfMinus(XMath.Abs(x));
        return (x > 0 ? 1 : e) / (1 + e);
    }

    /// <summary>
    /// exp(-x) of x not negative: with x = n ln 2 - r it is 2^-n exp(r), |r| at most ln 2 / 2, where eight terms suffice.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float ExpOfMinus(float x)
    {
        float clipped = x > Most ? Most : x;
        int n = (int)(clipped * Log2OfE + 0.5f);
        float r = n * Ln2High - clipped + n * Ln2Low;
        float series = 1 + r * (1 + r * (1f / 2 + r * (1f / 6 + r * (1f / 24 + r * (1f / 120 + r * (1f / 720 + r * (1f / 5040)))))));
        return series * Interop.IntAsFloat((uint)((127 - n) << 23));
    }

    /// <summary>
    /// log(1 + e) of 0 .. 1: with s = e / (2 + e) it is 2 (s + s^3/3 + s^5/5 ...), s at most a third, where eight terms suffice.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float LogOfOneAnd(float e)
    {
        float s = e / (2 + e);
        float q = s * s;
        float series = 1 + q * (1f / 3 + q * (1f / 5 + q * (1f / 7 + q * (1f / 9 + q * (1f / 11 + q * (1f / 13 + q * (1f / 15)))))));
        return 2 * s * series;
    }
}
