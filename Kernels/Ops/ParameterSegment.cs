namespace SiamIlgpu.Kernels.Ops;

/// <summary>Neighboring parameters of the arena with the same learning rate and weight decay.</summary>
/// <param name="Offset">Index of the first parameter.</param>
/// <param name="Length">Number of parameters.</param>
/// <param name="Rate">Multiplies the learning rate. For an average it is the rate itself.</param>
/// <param name="Decay">Multiplies the weight decay.</param>
/// <param name="AverageOf">
/// 0 for parameters that follow their gradient. n for the stored moments of a batch norm: they are a running average of the batches'
/// moments, and the gradient holds the sum of n such moments.
/// </param>
public readonly record struct ParameterSegment(long Offset, long Length, float Rate, float Decay, int AverageOf = 0)
{
    /// <summary>Cuts segments into pieces of at most so many parameters, for workers to share.</summary>
    internal static ParameterSegment[] Cut(IReadOnlyList<ParameterSegment> segments, int longest)
    {
        var pieces = new List<ParameterSegment>();
        foreach (ParameterSegment segment in segments)
        {
            for (long from = 0; from < segment.Length; from += longest)
                pieces.Add(segment with { Offset = segment.Offset + from, Length = Math.Min(longest, segment.Length - from) });
        }
        return [.. pieces];
    }

    /// <summary>Throws when segments do not lie in an arena, one after the other.</summary>
    internal static void Validate(string optimizer, IReadOnlyList<ParameterSegment> segments, long length)
    {
        long end = 0;
        foreach (ParameterSegment segment in segments)
        {
            if (segment.Offset < end || segment.Length <= 0 || segment.Offset + segment.Length > length || segment.AverageOf < 0)
                throw new KernelShapeException($"{optimizer}: {segment} does not fit into {length} floats after {end}");
            end = segment.Offset + segment.Length;
        }
    }
}
