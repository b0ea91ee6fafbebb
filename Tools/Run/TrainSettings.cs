using System.Text.Json;
using SiamIlgpu.Networks;
using SiamIlgpu.Training;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Run;

/// <summary>
/// What decides the outcome of a training: the same settings give the same weights. <see cref="TrainOptions"/> reads them. Null stands for
/// the papers' value.
/// </summary>
internal sealed class TrainSettings
{
    internal static readonly string NetworkNames = string.Join(", ", NetworkDefinition.Named.Keys);

    internal string? Network { get; set; }

    internal string? From { get; set; }

    internal string[] Data { get; set; } = [];

    internal bool Synthetic { get; set; }

    internal string? Sources { get; set; }

    internal int Pairs { get; set; } = 53_200;

    internal int ValidationPairs { get; set; } = 500;

    internal int TrackingScenes { get; set; }

    internal float EasyNegatives { get; set; }

    internal float HardNegativePairs { get; set; }

    internal float Gray { get; set; }

    internal LossKind? Loss { get; set; }

    internal int? HardNegatives { get; set; }

    internal int? Epochs { get; set; }

    internal int? Batch { get; set; }

    internal float? ScoreGain { get; set; }

    internal float? FirstRate { get; set; }

    internal float? LastRate { get; set; }

    internal OptimizerKind? Optimizer { get; set; }

    internal float? AverageDecay { get; set; }

    internal LearningRateSchedule? Schedule { get; set; }

    internal int? WarmupSteps { get; set; }

    internal float? WeightDecay { get; set; }

    internal float? Momentum { get; set; }

    internal double? PositiveRadius { get; set; }

    internal double? NegativeRadius { get; set; }

    internal int Seed { get; set; } = 1;

    /// <summary>Refuses settings that are missing, impossible or exclude each other.</summary>
    /// <exception cref="InputException">A setting cannot be used.</exception>
    internal void Check()
    {
        if (Network is null && From is null)
            throw new InputException("train needs a network: give --network NAME for a new one or --from FILE to fine-tune one");
        if (Network is not null)
            Find(Network);
        if (ScoreGain is not null)
            CheckScoreGain(ScoreGain.Value);
        if (Synthetic == Data.Length > 0)
            throw new InputException("train needs data: give either --data FOLDER or --synthetic");
        if (Sources is not null && !Synthetic)
            throw new InputException("--sources: only --synthetic makes use of pictures");
        if (Pairs < 1)
            throw new InputException($"--pairs: expected at least 1, got {Pairs}");
        if (ValidationPairs < 0)
            throw new InputException($"--validation-pairs: expected 0 or more, got {ValidationPairs}");
        if (TrackingScenes < 0)
            throw new InputException($"--tracking-scenes: expected 0 or more, got {TrackingScenes}");
        CheckShare("--easy-negatives", EasyNegatives);
        CheckShare("--hard-negative-pairs", HardNegativePairs);
        CheckShare("--easy-negatives and --hard-negative-pairs together", EasyNegatives + HardNegativePairs);
        CheckShare("--gray", Gray);
        if (HardNegatives > 0 && Loss != LossKind.Triplet)
            throw new InputException("--hard-negatives: only --loss triplet has them");
    }

    /// <summary>The weights that training starts from.</summary>
    internal NetworkWeights Start()
    {
        if (From is null)
            return NetworkInitializer.Create(Find(Network!), (ulong)Seed, ScoreGain);
        NetworkWeights loaded = NetworkWeights.Load(From);
        NetworkDefinition definition = loaded.RequireDefinition();
        if (Network is not null && !SameTensors(definition, Find(Network)))
            throw new InputException($"{From}: is {definition.Name}, not {Network}; leave --network off to train it");
        return loaded;
    }

    /// <summary>The papers' values for the network, replaced by the settings that were given.</summary>
    internal TrainingOptions OptionsFor(NetworkDefinition definition)
    {
        TrainingOptions preset = TrainingOptions.For(definition);
        return preset with
        {
            Loss = Loss ?? preset.Loss,
            HardNegatives = HardNegatives ?? preset.HardNegatives,
            Epochs = Epochs ?? preset.Epochs,
            Batch = Batch ?? preset.Batch,
            FirstRate = FirstRate ?? preset.FirstRate,
            LastRate = LastRate ?? preset.LastRate,
            Optimizer = Optimizer ?? preset.Optimizer,
            AverageDecay = AverageDecay ?? preset.AverageDecay,
            Schedule = Schedule ?? preset.Schedule,
            WarmupSteps = WarmupSteps ?? preset.WarmupSteps,
            WeightDecay = WeightDecay ?? preset.WeightDecay,
            Momentum = Momentum ?? preset.Momentum,
            PositiveRadius = PositiveRadius ?? preset.PositiveRadius,
            NegativeRadius = NegativeRadius ?? preset.NegativeRadius,
        };
    }

    private static NetworkDefinition Find(string name)
    {
        if (!name.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            return NetworkDefinition.Named.GetValueOrDefault(name)
                ?? throw new InputException($"--network: no '{name}'; there are {NetworkNames}, or a file NAME.json");
        }
        try
        {
            return NetworkDefinition.FromJson(File.ReadAllText(name));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new InputException($"--network: {name}: {e.Message}");
        }
    }

    private void CheckScoreGain(float gain)
    {
        if (From is not null)
            throw new InputException("--score-gain: a network from a file has its gain already");
        if (!(gain > 0) || !float.IsFinite(gain))
            throw new InputException($"--score-gain: expected a positive number, got {gain}");
        if (Find(Network!).Join is not { Kind: JoinKind.CorrelationFilter, Adjust: AdjustKind.Affine })
            throw new InputException($"--score-gain: {Network} has no correlation filter whose score has a gain");
    }

    private static void CheckShare(string option, float share)
    {
        if (share is not (>= 0 and <= 1))
            throw new InputException($"{option}: expected a share in 0..1, got {share}");
    }

    private static bool SameTensors(NetworkDefinition a, NetworkDefinition b) =>
        a.TensorShapes().Select(t => $"{t.Name} {string.Join(',', t.Shape)}").SequenceEqual(
            b.TensorShapes().Select(t => $"{t.Name} {string.Join(',', t.Shape)}"));
}
