using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Plans;

/// <summary>The filters (OIHW) and biases of one convolution, with its batch norm folded in.</summary>
internal readonly record struct FoldedConvolution(TensorShape Shape, float[] Filters, float[] Bias);

/// <summary>The weights of a branch as inference needs them: checked against the definition, with batch norms folded in.</summary>
internal static class FoldedBranch
{
    /// <summary>Folds the batch norms. The result has one entry per convolution, in the order of the definition.</summary>
    /// <exception cref="WeightFormatException">A tensor is missing or has another shape than in the definition.</exception>
    internal static FoldedConvolution[] Fold(NetworkWeights weights, NetworkDefinition definition) =>
        [.. definition.Convolutions.Select(layer => Fold(weights, layer))];

    private static FoldedConvolution Fold(NetworkWeights weights, ConvolutionLayer layer)
    {
        var shape = new TensorShape(layer.OutChannels, layer.InChannels / layer.Groups, layer.Size, layer.Size);
        float[] filters = weights.Values($"{layer.Name}.weight", shape.Batch, shape.Channels, shape.Height, shape.Width);
        float[] bias = weights.Values($"{layer.Name}.bias", shape.Batch);
        if (!layer.BatchNorm)
            return new FoldedConvolution(shape, filters, bias);

        // Copies, because several trackers may use the same weights.
        var folded = new FoldedConvolution(shape, [.. filters], [.. bias]);
        FoldNorm(weights, layer.BatchNormName, folded.Filters, folded.Bias);
        return folded;
    }

    /// <summary>Folds the batch norm {name}.gain, .offset, .mean, .sigma into filters and biases, in place.</summary>
    internal static void FoldNorm(NetworkWeights weights, string name, Span<float> filters, Span<float> bias)
    {
        int channels = bias.Length;
        float[] sigma = weights.Values($"{name}.sigma", channels);
        if (sigma.AsSpan().ContainsAnyExceptInRange(float.Epsilon, float.MaxValue))
            throw new WeightFormatException(weights.Source, $"{name}.sigma: every deviation must be positive; was the network trained?");
        BatchNorm.Fold(
            filters,
            bias,
            weights.Values($"{name}.gain", channels),
            weights.Values($"{name}.offset", channels),
            weights.Values($"{name}.mean", channels),
            sigma);
    }
}
