using SiamIlgpu.Plans;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tests.Cases;

/// <summary>The papers' networks by the names they have on a command line, and the operations of their branches.</summary>
internal static class PaperNetworks
{
    internal static IReadOnlyCollection<string> Names => [.. NetworkDefinition.Named.Keys];

    internal static NetworkDefinition Definition(string network) => NetworkDefinition.Named[network];

    /// <summary>The convolutions alone.</summary>
    internal static IEnumerable<ConvolutionCase> Convolutions(string network, int batch, int crop) =>
        from shape in Layers(network, batch, crop)
        let layer = shape.Layer as ConvolutionLayer
        where layer is not null
        select new ConvolutionCase($"{network} {layer.Name}", BranchShapes.Spec(layer, shape.Input));

    /// <summary>The convolutions that a pooling follows, with it.</summary>
    internal static IEnumerable<ConvolutionCase> PooledConvolutions(string network, int batch, int crop) =>
        MaxPools(network, batch, crop).Zip(Convolutions(network, batch, crop), (pool, convolution) => new ConvolutionCase(
            $"{convolution.Name} pooled",
            convolution.Spec with { Pool = new PoolWindow(pool.Spec.Size, pool.Spec.Stride) }));

    /// <summary>The poolings alone, as many as come after the first convolutions.</summary>
    internal static IEnumerable<MaxPoolCase> MaxPools(string network, int batch, int crop) =>
        Layers(network, batch, crop).Where(l => l.Layer is MaxPoolLayer)
            .Select((l, i) => new MaxPoolCase(BranchShapes.Spec((MaxPoolLayer)l.Layer, l.Input), $"{network} pool{i + 1}"));

    private static IReadOnlyList<LayerShape> Layers(string network, int batch, int crop) =>
        BranchShapes.Of(Definition(network), batch, crop, crop);
}
