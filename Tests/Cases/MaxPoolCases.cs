using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Cases;

/// <summary>A max pooling with its data.</summary>
internal sealed record MaxPoolCase(string Name, MaxPoolSpec Spec)
{
    internal float[] Input() => TestValues.Uniform(Spec.Input.Count, seed: 1);

    public override string ToString() => Name;
}

/// <summary>The poolings that every device must get right.</summary>
internal static class MaxPoolCases
{
    internal static IEnumerable<MaxPoolCase> All => [.. Odd, .. Paper];

    /// <summary>Small sizes chosen to break vector code.</summary>
    internal static IEnumerable<MaxPoolCase> Odd
    {
        get
        {
            foreach (int width in (int[])[3, 7, 8, 9, 15, 17, 57, 127])
            {
                yield return Of(2, 16, 5, width, size: 3, stride: 1);
                yield return Of(2, 16, 5, width, size: 3, stride: 2);
            }
            foreach (int channels in (int[])[1, 3, 4, 5, 16, 17, 24, 48])
                yield return Of(1, channels, 7, 9, size: 3, stride: 2);
            yield return Of(1, 16, 1, 1, size: 1, stride: 1);
            yield return Of(1, 17, 9, 7, size: 2, stride: 2);
            yield return Of(1, 17, 9, 7, size: 2, stride: 3);
            yield return Of(1, 17, 9, 7, size: 3, stride: 3);
            yield return Of(1, 17, 9, 7, size: 5, stride: 1);
        }
    }

    /// <summary>The papers' poolings, for one search crop.</summary>
    internal static IEnumerable<MaxPoolCase> Paper =>
        PaperNetworks.Names.SelectMany(network => PaperNetworks.MaxPools(network, batch: 1, crop: 255)).DistinctBy(c => c.Spec);

    private static MaxPoolCase Of(int batch, int channels, int height, int width, int size, int stride) =>
        new($"{batch}x{channels}x{height}x{width} by {size}x{size} stride {stride}", new(batch, channels, height, width, size, stride));
}
