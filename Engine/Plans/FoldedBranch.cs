using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Plans;

/// <summary>The filters, OIHW, and biases of one convolution, its batch norm folded in.</summary>
internal readonly record struct FoldedConvolution(TensorShape Shape, float[] Filters, float[] Bias);

/// <summary>The weights of a branch as inference wants them: checked against the definition, batch norms folded.</summary>
internal static class FoldedBranch
{
    /// <summary>One entry per convolution of the definition, in its order.</summary>
    /// <exception cref="WeightFormatException">A tensor is missing or has another shape than the definition says.</exception>
    internal static FoldedConvolution[] Fold(NetworkWeights weights, NetworkDefinition definition) =>
        [.. definition.Convolutions.Select(layer => Fold(weights, layer))];

    private static FoldedConvolution Fold(NetworkWeights weights, ConvolutionLayer layer)
    {
        var shape = new TensorShape(layer.OutChannels, layer.InChannels / layer.Groups, layer.Size, layer.Size);
        float[] filters = weights.Values($"{layer.Name}.weight", shape.Batch, shape.Channels, shape.Height, shape.Width);
        float[] bias = weights.Values($"{layer.Name}.bias", shape.Batch);
        if (!layer.BatchNorm)
            return new FoldedConvolution(shape, filters, bias);

        // The file's own arrays stay as they are: one set of weights may serve several trackers.
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
