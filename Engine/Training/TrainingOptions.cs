using SiamIlgpu.Weights;

namespace SiamIlgpu.Training;

/// <summary>The loss that training minimizes.</summary>
public enum LossKind
{
    /// <summary>The papers' logistic loss. Positives and negatives of a map have the same total weight.</summary>
    Logistic,

    /// <summary>The triplet loss of Dong and Shen (ECCV 2018).</summary>
    Triplet,
}

/// <summary>How parameters are moved by their gradients.</summary>
public enum OptimizerKind
{
    /// <summary>Stochastic gradient descent with momentum, as in the papers.</summary>
    Sgd,

    /// <summary>
    /// AdamW (Loshchilov and Hutter, ICLR 2019). Its steps do not shrink with the gradients, so it needs a smaller learning rate, about 1e-3.
    /// </summary>
    AdamW,
}

/// <summary>How the learning rate falls from the first to the last.</summary>
public enum LearningRateSchedule
{
    /// <summary>By the same factor from each epoch to the next, as in the papers. It stays the same within an epoch.</summary>
    Exponential,

    /// <summary>Along half a cosine, in every step (Loshchilov and Hutter, ICLR 2017).</summary>
    Cosine,
}

/// <summary>
/// How a network is trained. The presets hold the papers' values. An experiment takes a preset and changes a few of them.
/// </summary>
/// <example>
/// <code>
/// TrainingOptions options = TrainingOptions.For(NetworkDefinition.CfNetConv1) with { Epochs = 3, LastRate = 1e-3f };
/// using var trainer = new Trainer(NetworkInitializer.Create(NetworkDefinition.CfNetConv1, seed: 1), options, device, pairs);
/// </code>
/// </example>
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

    /// <summary>The preset's name, for display.</summary>
    public required string Name { get; init; }

    /// <summary>Rows and columns of a search crop in training, in pixels. The size of the exemplar crop is the network's.</summary>
    public required int SearchSize { get; init; }

    /// <summary>Places of a response are positive if they are at most this far from the center, in pixels of the search crop.</summary>
    public required double PositiveRadius { get; init; }

    /// <summary>
    /// Places of a response that are not positive are negative if they are farther than this from the center, in pixels of the search crop.
    /// Places in between are neutral.
    /// </summary>
    public double NegativeRadius { get; init; }

    /// <summary>The loss that training minimizes.</summary>
    public LossKind Loss { get; init; }

    /// <summary>
    /// For the triplet loss: the number of negatives that each positive is compared with. They are those with the highest scores in the
    /// batch. If it is 0, each positive is compared with all negatives of its own map.
    /// </summary>
    public int HardNegatives { get; init; }

    /// <summary>How parameters are moved by their gradients.</summary>
    public OptimizerKind Optimizer { get; init; }

    /// <summary>
    /// The share of the running average of the weights that each step keeps; 0 for no average. The average is what is validated and saved.
    /// </summary>
    public float AverageDecay { get; init; }

    /// <summary>Number of pairs in a step.</summary>
    public int Batch { get; init; } = 8;

    /// <summary>Number of epochs.</summary>
    public required int Epochs { get; init; }

    /// <summary>Learning rate at the start, after the warm-up.</summary>
    public float FirstRate { get; init; } = 1e-2f;

    /// <summary>Learning rate at the end.</summary>
    public required float LastRate { get; init; }

    /// <summary>How the learning rate falls.</summary>
    public LearningRateSchedule Schedule { get; init; }

    /// <summary>Number of steps at the start in which the learning rate rises from almost 0.</summary>
    public int WarmupSteps { get; init; }

    /// <summary>Share of the velocity that each step keeps; for AdamW, of the average gradient.</summary>
    public float Momentum { get; init; } = 0.9f;

    /// <summary>Weight decay of the filters and of the score's gain.</summary>
    public float WeightDecay { get; init; } = 5e-4f;

    /// <summary>Multiplies the learning rate of the score's gain (<see cref="AdjustKind.Affine"/>).</summary>
    public required float AdjustGainRate { get; init; }

    /// <summary>Multiplies the learning rate of the score's bias (<see cref="AdjustKind.Affine"/>).</summary>
    public required float AdjustBiasRate { get; init; }

    /// <summary>Multiplies the learning rate of the correlation filter's window.</summary>
    public float WindowRate { get; init; }

    /// <summary>Multiplies the learning rate of the correlation filter's target.</summary>
    public float TargetRate { get; init; }

    /// <summary>The papers' values for a network.</summary>
    public static TrainingOptions For(NetworkDefinition definition) => definition.Join.Kind switch
    {
        JoinKind.CorrelationFilter when definition.SearchSize == CfNet.SearchSize => CfNet,
        JoinKind.CorrelationFilter => CfNet with
        {
            SearchSize = definition.SearchSize,
            // 8 pixels of CFNet's 255, and the same share of other crops.
            PositiveRadius = CfNet.PositiveRadius * (definition.SearchSize + 1) / (CfNet.SearchSize + 1),
        },
        _ => definition.Join.Adjust == AdjustKind.BatchNorm ? BaselineConv5 : SiamFc,
    };

    /// <summary>The learning rate of a step.</summary>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="step">The step in the epoch, from 0.</param>
    /// <param name="stepsOfEpoch">Number of steps in an epoch.</param>
    public float RateOf(int epoch, int step = 0, int stepsOfEpoch = 1)
    {
        double rate = Schedule == LearningRateSchedule.Exponential
            ? Epochs == 1 ? FirstRate : FirstRate * Math.Pow(LastRate / FirstRate, epoch / (Epochs - 1.0))
            : LastRate + (FirstRate - LastRate) * 0.5 * (1 + Math.Cos(Math.PI * (epoch + step / (double)stepsOfEpoch) / Epochs));
        long done = (long)epoch * stepsOfEpoch + step;
        return (float)(done < WarmupSteps ? rate * (done + 1) / (WarmupSteps + 1) : rate);
    }

    /// <summary>Throws when a value is out of range.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it.</exception>
    internal void Validate()
    {
        Check(SearchSize > 0, "the search size must be positive", SearchSize);
        Check(PositiveRadius >= 0 && double.IsFinite(PositiveRadius), "the positive radius must not be negative", PositiveRadius);
        Check(NegativeRadius >= 0 && double.IsFinite(NegativeRadius), "the negative radius must not be negative", NegativeRadius);
        Check(HardNegatives >= 0, "the number of hard negatives must not be negative", HardNegatives);
        Check(Batch > 0, "the batch must have at least one pair", Batch);
        Check(Epochs > 0, "there must be at least one epoch", Epochs);
        Check(FirstRate > 0 && float.IsFinite(FirstRate), "the first learning rate must be positive", FirstRate);
        Check(LastRate > 0 && float.IsFinite(LastRate), "the last learning rate must be positive", LastRate);
        Check(WarmupSteps >= 0, "the number of warm-up steps must not be negative", WarmupSteps);
        Check(Momentum is >= 0 and < 1, "the momentum must lie in 0..1", Momentum);
        Check(AverageDecay is >= 0 and < 1, "the decay of the average must lie in 0..1", AverageDecay);
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
