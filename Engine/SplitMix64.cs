namespace SiamIlgpu;

/// <summary>SplitMix64 (Steele, Lea and Flood 2014): random numbers from a seed. They are the same on every machine.</summary>
/// <param name="seed">Any number; different seeds give unrelated sequences.</param>
public struct SplitMix64(ulong seed)
{
    /// <summary>The state grows by this constant with every number.</summary>
    public const ulong Golden = 0x9E3779B97F4A7C15;

    private ulong state = seed;

    /// <summary>The next number; all 64 bits are random.</summary>
    public ulong Next()
    {
        state += Golden;
        return Scramble(state);
    }

    /// <summary>Makes a random number from the state. It maps 64-bit numbers to 64-bit numbers, one to one.</summary>
    public static ulong Scramble(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
