namespace SiamIlgpu.Kernels.Cpu;

/// <summary>A range of consecutive items.</summary>
internal readonly record struct Part(int First, int End)
{
    internal int Count => End - First;

    /// <summary>The same number of items, shifted.</summary>
    internal Part After(int others) => new(First + others, End + others);

    /// <summary>One of <paramref name="parts"/> nearly equal ranges of <paramref name="count"/> items.</summary>
    internal static Part Of(int count, int part, int parts) =>
        new((int)((long)count * part / parts), (int)((long)count * (part + 1) / parts));
}
