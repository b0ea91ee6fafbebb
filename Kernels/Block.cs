namespace SiamIlgpu.Kernels;

/// <summary>A block of <see cref="TensorLayout.Blocked16"/>: channels whose values for one pixel lie side by side.</summary>
internal static class Block
{
    /// <summary>Channels of a block.</summary>
    internal const int Lanes = 16;
}

/// <summary>Whole numbers that are rounded up instead of down. No number may be negative.</summary>
internal static class Rounding
{
    /// <summary>The number of parts of at most <paramref name="divisor"/> that make up the value.</summary>
    internal static int DivideUp(this int value, int divisor) => (value + divisor - 1) / divisor;

    /// <inheritdoc cref="DivideUp(int, int)"/>
    internal static long DivideUp(this long value, long divisor) => (value + divisor - 1) / divisor;

    /// <summary>The smallest multiple that is not below the value.</summary>
    internal static int RoundUp(this int value, int multiple) => value.DivideUp(multiple) * multiple;

    /// <inheritdoc cref="RoundUp(int, int)"/>
    internal static long RoundUp(this long value, long multiple) => value.DivideUp(multiple) * multiple;
}
