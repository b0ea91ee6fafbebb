using SiamIlgpu.Weights;

namespace SiamIlgpu.Networks;

/// <summary>
/// Makes the weights that a network has before training. Filters are normal random numbers of mean 0 and variance 2/(h*w*out), the improved
/// Xavier method that SiamFC uses ("Implementation details"). Biases of convolutions are 0, and batch norms change nothing. A correlation
/// filter gets a Hann window and a circular Gaussian target. The same seed gives the same weights on every machine.
/// </summary>
/// <example>
/// <code>
/// NetworkWeights untrained = NetworkInitializer.Create(NetworkDefinition.CfNetConv1, seed: 1);
/// untrained.Save("untrained.safetensors");
/// </code>
/// </example>
public static class NetworkInitializer
{
    // Standard deviation of the correlation filter's target, in pixels of a crop of 255 pixels. It is the same share of other crops.
    private const double TargetSigmaPixels = 8, PaperCrop = 255;

    // The authors' trained networks have about this ratio of the score's bias to its gain.
    private const float BiasOfGain = -0.175f;

    /// <summary>Makes the weights of a network.</summary>
    /// <param name="definition">The network.</param>
    /// <param name="seed">Determines the random filters.</param>
    /// <param name="scoreGain">
    /// The gain of a correlation filter's score; null takes the papers' 1. The authors' trained networks have gains of 19 to 24. A training
    /// that starts there learns from its first pairs where the target is, while a gain of 1 must first grow.
    /// </param>
    /// <exception cref="ArgumentException">There is a gain, but the network has no score with a gain and a bias on a correlation filter.</exception>
    public static NetworkWeights Create(NetworkDefinition definition, ulong seed, float? scoreGain = null)
    {
        bool adjusted = definition.Join is { Kind: JoinKind.CorrelationFilter, Adjust: AdjustKind.Affine };
        if (scoreGain is not null && !adjusted)
            throw new ArgumentException($"{definition.Name} has no correlation filter whose score has a gain", nameof(scoreGain));
        var tensors = new Dictionary<string, WeightTensor>();
        var random = new NormalRandom(seed);
        foreach (ConvolutionLayer layer in definition.Convolutions)
        {
            int channels = layer.OutChannels;
            int[] shape = [channels, layer.InChannels / layer.Groups, layer.Size, layer.Size];
            double deviation = Math.Sqrt(2.0 / (layer.Size * layer.Size * channels));
            var filters = new float[shape[0] * shape[1] * shape[2] * shape[3]];
            foreach (ref float value in filters.AsSpan())
                value = (float)(deviation * random.Next());
            tensors[$"{layer.Name}.weight"] = new WeightTensor(shape, filters);
            Add($"{layer.Name}.bias", 0, channels);
            if (layer.BatchNorm)
            {
                Add($"{layer.BatchNormName}.gain", 1, channels);
                Add($"{layer.BatchNormName}.offset", 0, channels);
                Add($"{layer.BatchNormName}.mean", 0, channels);
                Add($"{layer.BatchNormName}.sigma", 1, channels);
            }
        }
        if (definition.Join.Kind == JoinKind.CorrelationFilter)
        {
            int m = definition.FeatureSize(definition.ExemplarSize);
            tensors["join.window"] = new WeightTensor([m, m], HannWindow(m));
            tensors["join.target"] = new WeightTensor([m, m], GaussianTarget(m, TargetSigmaPixels * definition.ExemplarSize / PaperCrop / definition.Stride));
        }
        bool crossCorrelation = definition.Join.Kind == JoinKind.CrossCorrelation;
        switch (definition.Join.Adjust)
        {
            case AdjustKind.Affine:
                tensors["adjust.weight"] = new WeightTensor([1, 1, 1, 1], [crossCorrelation ? 1e-3f : scoreGain ?? 1]);
                Add("adjust.bias", crossCorrelation ? 0 : scoreGain * BiasOfGain ?? -0.5f, 1);
                break;
            case AdjustKind.BatchNorm:
                Add("adjust.gain", 1, 1);
                Add("adjust.offset", 0, 1);
                Add("adjust.mean", 0, 1);
                Add("adjust.sigma", 1, 1);
                break;
        }
        return new NetworkWeights($"{definition.Name}, seed {seed}", definition, tensors);

        void Add(string name, float value, int count)
        {
            var values = new float[count];
            values.AsSpan().Fill(value);
            tensors[name] = new WeightTensor([count], values);
        }
    }

    /// <summary>The outer product of two symmetric Hann windows of m points, which are 0 at both ends; row by row.</summary>
    internal static float[] HannWindow(int m)
    {
        var window = new float[m * m];
        for (int i = 0; i < window.Length; i++)
            window[i] = (float)(Hann(i / m) * Hann(i % m));
        return window;

        double Hann(int i) => m == 1 ? 1 : 0.5 - 0.5 * Math.Cos(2 * Math.PI * i / (m - 1));
    }

    /// <summary>A Gaussian on m x m cells that wraps around the edges, with its peak of 1 at cell (0, 0); row by row.</summary>
    internal static float[] GaussianTarget(int m, double sigma)
    {
        var target = new float[m * m];
        for (int i = 0; i < target.Length; i++)
        {
            double y = Distance(i / m);
            double x = Distance(i % m);
            target[i] = (float)Math.Exp(-(x * x + y * y) / (2 * sigma * sigma));
        }
        return target;

        double Distance(int i) => Math.Min(i, m - i);
    }

    /// <summary>Standard normal random numbers by SplitMix64 and Box-Muller, the same on every machine and runtime.</summary>
    private sealed class NormalRandom(ulong seed)
    {
        private SplitMix64 numbers = new(seed);
        private double? spare;

        internal double Next()
        {
            if (spare is { } ready)
            {
                spare = null;
                return ready;
            }
            double radius = Math.Sqrt(-2 * Math.Log(1 - Uniform()));
            (double sin, double cos) = Math.SinCos(2 * Math.PI * Uniform());
            spare = radius * sin;
            return radius * cos;
        }

        private double Uniform() => (numbers.Next() >> 11) * (1.0 / (1UL << 53));
    }
}
