using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Training;

/// <summary>What training makes small.</summary>
public enum LossKind
{
    /// <summary>The papers' logistic loss, positives and negatives of a map balanced.</summary>
    Logistic,

    /// <summary>The triplet loss of Dong and Shen (ECCV 2018).</summary>
    Triplet,
}

/// <summary>
/// How a network is trained. The named values are the papers'; an experiment is one of them and the few lines that differ:
/// <c>TrainingOptions.CfNet with { Epochs = 10 }</c>.
/// </summary>
public sealed record TrainingOptions
{
    /// <summary>SiamFC (Bertinetto et al. 2016).</summary>
    public static TrainingOptions SiamFc { get; } = new()
    {
        Name = "siamfc",
        SearchSize = 239,
        PositiveRadius = 16,
        Epochs = 50,
        LastRate = 1e-5f,
        AdjustGainRate = 0,
        AdjustBiasRate = 1,
    };

    /// <summary>The networks of Valmadre et al. (2017) with a correlation filter.</summary>
    public static TrainingOptions CfNet { get; } = new()
    {
        Name = "cfnet",
        SearchSize = 255,
        PositiveRadius = 8,
        Epochs = 100,
        LastRate = 1e-4f,
        AdjustGainRate = 1,
        AdjustBiasRate = 2,
    };

    /// <summary>Baseline-conv5, the improved SiamFC of Valmadre et al. (2017).</summary>
    public static TrainingOptions BaselineConv5 { get; } = CfNet with { Name = "siamfc-v2" };

    /// <summary>The values' name, for people.</summary>
    public required string Name { get; init; }

    /// <summary>Rows and columns of a search crop in training, in pixels; the exemplar's are the network's own.</summary>
    public required int SearchSize { get; init; }

    /// <summary>Places of a response at most so many pixels from the center are positive.</summary>
    public required double PositiveRadius { get; init; }

    /// <summary>Places of a response farther than so many pixels from the center are negative; those between are neutral.</summary>
    public double NegativeRadius { get; init; }

    /// <summary>What training makes small.</summary>
    public LossKind Loss { get; init; }

    /// <summary>Of the triplet loss: so many negatives of highest score in the batch meet each positive; 0: all of its own map.</summary>
    public int HardNegatives { get; init; }

    /// <summary>Pairs of a step.</summary>
    public int Batch { get; init; } = 8;

    /// <summary>Epochs.</summary>
    public required int Epochs { get; init; }

    /// <summary>Learning rate of the first epoch; it falls by the same factor from each epoch to the next.</summary>
    public float FirstRate { get; init; } = 1e-2f;

    /// <summary>Learning rate of the last epoch.</summary>
    public required float LastRate { get; init; }

    /// <summary>Share of the velocity that stays from step to step.</summary>
    public float Momentum { get; init; } = 0.9f;

    /// <summary>Weight decay, of filters.</summary>
    public float WeightDecay { get; init; } = 5e-4f;

    /// <summary>Multiplies the learning rate of the score's gain.</summary>
    public required float AdjustGainRate { get; init; }

    /// <summary>Multiplies the learning rate of the score's bias.</summary>
    public required float AdjustBiasRate { get; init; }

    /// <summary>Multiplies the learning rate of the correlation filter's window.</summary>
    public float WindowRate { get; init; }

    /// <summary>Multiplies the learning rate of the correlation filter's target.</summary>
    public float TargetRate { get; init; }

    /// <summary>The papers' values for a network.</summary>
    public static TrainingOptions For(NetworkDefinition definition) => definition.Join.Kind switch
    {
        JoinKind.CorrelationFilter => CfNet,
        _ => definition.Join.Adjust == AdjustKind.BatchNorm ? BaselineConv5 : SiamFc,
    };

    /// <summary>The learning rate of an epoch, counted from 0.</summary>
    public float RateOf(int epoch) =>
        Epochs == 1 ? FirstRate : (float)(FirstRate * Math.Pow(LastRate / FirstRate, epoch / (Epochs - 1.0)));

    /// <summary>Throws when a value makes no sense.</summary>
    /// <exception cref="ArgumentException">Names the value.</exception>
    internal void Validate()
    {
        Check(SearchSize > 0, "the search crop must have pixels", SearchSize);
        Check(PositiveRadius >= 0 && double.IsFinite(PositiveRadius), "the positive radius must not be negative", PositiveRadius);
        Check(NegativeRadius >= 0 && double.IsFinite(NegativeRadius), "the negative radius must not be negative", NegativeRadius);
        Check(HardNegatives >= 0, "the number of hard negatives must not be negative", HardNegatives);
        Check(Batch > 0, "a step needs pairs", Batch);
        Check(Epochs > 0, "there must be an epoch", Epochs);
        Check(FirstRate > 0 && float.IsFinite(FirstRate), "the first learning rate must be positive", FirstRate);
        Check(LastRate > 0 && float.IsFinite(LastRate), "the last learning rate must be positive", LastRate);
        Check(Momentum is >= 0 and < 1, "the momentum must lie in 0..1", Momentum);
        Check(WeightDecay >= 0 && float.IsFinite(WeightDecay), "the weight decay must not be negative", WeightDecay);
        foreach (float rate in (ReadOnlySpan<float>)[AdjustGainRate, AdjustBiasRate, WindowRate, TargetRate])
            Check(rate >= 0 && float.IsFinite(rate), "a multiplier must not be negative", rate);

        static void Check<T>(bool good, string rule, T value)
        {
            if (!good)
                throw new ArgumentException($"training options: {rule}, got {value}");
        }
    }
}
