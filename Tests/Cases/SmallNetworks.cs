using SiamIlgpu.Networks;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tests.Cases;

/// <summary>Networks with every kind of layer and join, small enough for finite differences.</summary>
internal static class SmallNetworks
{
    private static readonly LayerDefinition[] Branch =
    [
        new ConvolutionLayer("conv1", 5, 2, 3, 6, Groups: 1, BatchNorm: true, Relu: true),
        new MaxPoolLayer(3, 1),
        new ConvolutionLayer("conv2", 3, 1, 6, 4, Groups: 2, BatchNorm: true, Relu: true),
    ];

    /// <summary>37 -> 17 -> 15 -> 13, filter 9, response 5.</summary>
    internal static NetworkDefinition CfNet { get; } = new()
    {
        Name = "small CFNet",
        ExemplarSize = 37,
        SearchSize = 37,
        Layers = Branch,
        Join = new JoinDefinition(JoinKind.CorrelationFilter, AdjustKind.Affine, Lambda: 0.1f, Margin: 2),
    };

    /// <summary>21 -> 9 -> 4 -> 2 and 33 -> 15 -> 7 -> 5: overlapping pools of stride 2, a last layer without batch norm.</summary>
    internal static NetworkDefinition SiamFc { get; } = new()
    {
        Name = "small SiamFC",
        ExemplarSize = 21,
        SearchSize = 33,
        Layers = [Branch[0], new MaxPoolLayer(3, 2), new ConvolutionLayer("conv2", 3, 1, 6, 4, Groups: 1, BatchNorm: false, Relu: false)],
        Join = new JoinDefinition(JoinKind.CrossCorrelation, AdjustKind.Affine),
    };

    /// <summary>The same with a score that is normalized, and a ReLU without batch norm, as files with folded batch norms have it.</summary>
    internal static NetworkDefinition Baseline { get; } = SiamFc with
    {
        Name = "small baseline",
        Layers = [new ConvolutionLayer("conv1", 5, 2, 3, 6, Groups: 1, BatchNorm: false, Relu: true), .. SiamFc.Layers.Skip(1)],
        Join = new JoinDefinition(JoinKind.CrossCorrelation, AdjustKind.BatchNorm),
    };

    /// <summary>
    /// A network before training, whose correlation filter has a target as wide as in large crops. In a crop this small, the target that
    /// <see cref="NetworkInitializer"/> makes covers less than a cell, so there is little to learn from.
    /// </summary>
    internal static NetworkWeights Start(NetworkDefinition network, ulong seed)
    {
        NetworkWeights start = NetworkInitializer.Create(network, seed);
        if (network.Join.Kind != JoinKind.CorrelationFilter)
            return start;
        int m = network.FeatureSize(network.ExemplarSize);
        var tensors = new Dictionary<string, WeightTensor>(start.Tensors)
        {
            ["join.target"] = new WeightTensor([m, m], NetworkInitializer.GaussianTarget(m, sigma: 8.0 / network.Stride)),
        };
        return new NetworkWeights(start.Source, network, tensors, start.Metadata);
    }
}
