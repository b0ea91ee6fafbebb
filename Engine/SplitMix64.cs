namespace SiamIlgpu;

/// <summary>SplitMix64 (Steele, Lea and Flood 2014): a sequence of random numbers from a seed, the same on every machine.</summary>
internal struct SplitMix64(ulong seed)
{
    /// <summary>What the state grows by from one number to the next.</summary>
    internal const ulong Golden = 0x9E3779B97F4A7C15;

    private ulong state = seed;

    internal ulong Next()
    {
        state += Golden;
        return Scramble(state);
    }

    internal static ulong Scramble(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
