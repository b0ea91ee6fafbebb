namespace SiamIlgpu.Training;

/// <summary>
/// The labels of a response map and their weights (SiamFC, "Training with large search images"). The labels of a positive pair are +1 near
/// the center, -1 far from it and 0 in between. The weights of all +1 add up to 1/2, and so do those of all -1. The labels of a negative
/// pair are -1 everywhere, and their weights add up to 1.
/// </summary>
internal sealed class LabelMaps
{
    private readonly float[] positive, positiveWeights, negative, negativeWeights;

    /// <summary>Makes the maps.</summary>
    /// <param name="size">Rows and columns of a response.</param>
    /// <param name="stride">Pixels of the search crop from one place of the response to the next.</param>
    /// <param name="options">The radii where the labels change.</param>
    internal LabelMaps(int size, int stride, TrainingOptions options)
    {
        positive = new float[size * size];
        double center = (size - 1) / 2.0;
        for (int i = 0; i < positive.Length; i++)
        {
            double pixels = stride * double.Hypot(i / size - center, i % size - center);
            positive[i] = pixels <= options.PositiveRadius ? 1 : pixels > options.NegativeRadius ? -1 : 0;
        }
        int positives = positive.Count(y => y > 0), negatives = positive.Count(y => y < 0);
        if (positives == 0 || negatives == 0)
        {
            throw new ArgumentException(
                $"training options: radii of {options.PositiveRadius} and {options.NegativeRadius} pixels leave {positives} positive "
                + $"and {negatives} negative places of {size}x{size}");
        }
        positiveWeights = [.. positive.Select(y => y > 0 ? 0.5f / positives : y < 0 ? 0.5f / negatives : 0)];
        negative = new float[size * size];
        negativeWeights = new float[size * size];
        negative.AsSpan().Fill(-1);
        negativeWeights.AsSpan().Fill(1f / (size * size));
    }

    internal ReadOnlySpan<float> Labels(PairKind kind) => kind == PairKind.Positive ? positive : negative;

    internal ReadOnlySpan<float> Weights(PairKind kind) => kind == PairKind.Positive ? positiveWeights : negativeWeights;
}
