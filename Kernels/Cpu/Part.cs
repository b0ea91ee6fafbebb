namespace SiamIlgpu.Kernels.Cpu;

/// <summary>Consecutive things out of many.</summary>
internal readonly record struct Part(int First, int End)
{
    internal int Count => End - First;

    /// <summary>As many things, behind the first so many.</summary>
    internal Part After(int others) => new(First + others, End + others);

    /// <summary>One of <paramref name="parts"/> nearly equal shares of <paramref name="count"/> things.</summary>
    internal static Part Of(int count, int part, int parts) =>
        new((int)((long)count * part / parts), (int)((long)count * (part + 1) / parts));
}
