using SiamIlgpu.Kernels;
using SiamIlgpu.Networks;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Bench;

/// <summary>The papers' networks with random weights: speed does not depend on what a network has learned.</summary>
internal static class SeededNetwork
{
    private const ulong Seed = 2016;

    /// <summary>A whole network as it is before training.</summary>
    internal static NetworkWeights Create(string name) => NetworkInitializer.Create(NetworkDefinition.Named[name], Seed);

    /// <summary>
    /// A network whose batch norms are folded already, so that two runners of its branch get the very same filters. Its
    /// biases are not zero: a runner that forgets them would show.
    /// </summary>
    internal static NetworkWeights CreateFolded(string name)
    {
        NetworkDefinition definition = NetworkDefinition.Named[name];
        NetworkWeights weights = NetworkInitializer.Create(
            definition with { Layers = [.. definition.Layers.Select(l => l is ConvolutionLayer c ? c with { BatchNorm = false } : l)] },
            Seed);
        var random = new Random((int)Seed);
        foreach (ConvolutionLayer layer in definition.Convolutions)
        {
            foreach (ref float bias in weights.Values($"{layer.Name}.bias", layer.OutChannels).AsSpan())
                bias = 20 * random.NextSingle() - 10;
        }
        return weights;
    }

    /// <summary>Images of noise, planar, 0..255.</summary>
    internal static float[] Images(TensorShape shape)
    {
        var random = new Random((int)Seed);
        var images = new float[shape.Count];
        foreach (ref float value in images.AsSpan())
            value = random.Next(256);
        return images;
    }
}
