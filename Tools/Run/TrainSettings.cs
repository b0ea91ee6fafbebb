using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using SiamIlgpu.Networks;
using SiamIlgpu.Training;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Run;

/// <summary>The options of the verb train that decide what comes out: the same settings give the same weights.</summary>
internal sealed class TrainArguments
{
    private static readonly string NetworkNames = string.Join(", ", NetworkDefinition.Named.Keys);

    private readonly Option<string?> network = new("--network")
    {
        Description = $"Start: a new network of the papers: {NetworkNames}.",
        HelpName = "NAME",
    };

    private readonly Option<string?> from = new("--from")
    {
        Description = "Start: fine-tune this network instead, safetensors or MatConvNet's MAT file.",
        HelpName = "FILE",
    };

    private readonly Option<string[]> data = new("--data")
    {
        Description = "Data: folder of videos in the layout of OTB, VOT, GOT-10k or ILSVRC-VID; several may be given.",
        HelpName = "FOLDER",
        AllowMultipleArgumentsPerToken = true,
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<bool> synthetic = new("--synthetic") { Description = "Data: made-up scenes; needs no files." };

    private readonly Option<string?> sources = new("--sources")
    {
        Description = "Data: pictures that the surfaces of made-up scenes may show.",
        HelpName = "FOLDER",
    };

    private readonly Option<int> pairs = new("--pairs")
    {
        Description = "Data: pairs of an epoch.",
        HelpName = "N",
        DefaultValueFactory = _ => 53_200,
    };

    private readonly Option<int> validationPairs = new("--validation-pairs")
    {
        Description = "Data: pairs of videos kept apart that judge each epoch; 0 for none.",
        HelpName = "N",
        DefaultValueFactory = _ => 500,
    };

    private readonly Option<float> easyNegatives = Share("--easy-negatives", "Data: share of pairs whose search is of another video.");
    private readonly Option<float> hardNegativePairs = Share("--hard-negative-pairs", "Data: share of pairs whose exemplar is background.");
    private readonly Option<float> gray = Share("--gray", "Data: share of pairs without color; 0.25 for networks for gray video.");

    private readonly Option<LossKind?> loss = new("--loss")
    {
        Description = "Method: what is made small; logistic unless given.",
        HelpName = "logistic|triplet",
    };

    private readonly Option<int?> hardNegatives = Own<int?>(
        "--hard-negatives",
        "K",
        "of the triplet loss: the K negatives of highest score in the batch meet each positive; 0 for all of its own map");

    private readonly Option<int?> epochs = Own<int?>("--epochs", "N", "epochs");
    private readonly Option<int?> batch = Own<int?>("--batch", "N", "pairs of a step");
    private readonly Option<float?> firstRate = Own<float?>("--first-rate", "RATE", "learning rate of the first epoch");
    private readonly Option<float?> lastRate = Own<float?>("--last-rate", "RATE", "learning rate of the last epoch");
    private readonly Option<float?> weightDecay = Own<float?>("--weight-decay", "DECAY", "weight decay");
    private readonly Option<float?> momentum = Own<float?>("--momentum", "SHARE", "share of the velocity that stays from step to step");

    private readonly Option<double?> positiveRadius = Own<double?>(
        "--positive-radius", "PIXELS", "places of the response at most so far from the target are positive");

    private readonly Option<double?> negativeRadius = Own<double?>(
        "--negative-radius", "PIXELS", "places farther than this are negative, those between neutral");

    private readonly Option<int> seed = new("--seed")
    {
        Description = "Decides new weights and all pairs.",
        HelpName = "N",
        DefaultValueFactory = _ => 1,
    };

    internal IEnumerable<Option> All =>
    [
        network, from, data, synthetic, sources, pairs, validationPairs, easyNegatives, hardNegativePairs, gray, loss, hardNegatives,
        epochs, batch, firstRate, lastRate, weightDecay, momentum, positiveRadius, negativeRadius, seed,
    ];

    /// <summary>Reads what was typed; what was not, from the command line of the training that goes on, if one does.</summary>
    internal TrainSettings Read(ParseResult typed, ParseResult? before)
    {
        return new TrainSettings
        {
            Network = Of(network),
            From = Of(from),
            Data = Of(data) ?? [],
            Synthetic = Of(synthetic),
            Sources = Of(sources),
            Pairs = Of(pairs),
            ValidationPairs = Of(validationPairs),
            EasyNegatives = Of(easyNegatives),
            HardNegativePairs = Of(hardNegativePairs),
            Gray = Of(gray),
            Loss = Of(loss),
            HardNegatives = Of(hardNegatives),
            Epochs = Of(epochs),
            Batch = Of(batch),
            FirstRate = Of(firstRate),
            LastRate = Of(lastRate),
            WeightDecay = Of(weightDecay),
            Momentum = Of(momentum),
            PositiveRadius = Of(positiveRadius),
            NegativeRadius = Of(negativeRadius),
            Seed = Of(seed),
        };

        T? Of<T>(Option<T> option) =>
            (before is null || typed.GetResult(option) is OptionResult { Implicit: false } ? typed : before).GetValue(option);
    }

    internal static NetworkDefinition Find(string name) =>
        NetworkDefinition.Named.GetValueOrDefault(name) ?? throw new InputException($"--network: no '{name}'; there are {NetworkNames}");

    private static Option<float> Share(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "SHARE",
        DefaultValueFactory = _ => 0,
    };

    /// <summary>An option whose value without it depends on the network.</summary>
    private static Option<T> Own<T>(string name, string valueName, string what) => new(name)
    {
        Description = $"Method: {what}.",
        HelpName = valueName,
    };
}

/// <summary>What a training is asked to do. Null stands for the papers' value.</summary>
internal sealed record TrainSettings
{
    internal string? Network { get; init; }

    internal string? From { get; init; }

    internal required string[] Data { get; init; }

    internal bool Synthetic { get; init; }

    internal string? Sources { get; init; }

    internal int Pairs { get; init; }

    internal int ValidationPairs { get; init; }

    internal float EasyNegatives { get; init; }

    internal float HardNegativePairs { get; init; }

    internal float Gray { get; init; }

    internal LossKind? Loss { get; init; }

    internal int? HardNegatives { get; init; }

    internal int? Epochs { get; init; }

    internal int? Batch { get; init; }

    internal float? FirstRate { get; init; }

    internal float? LastRate { get; init; }

    internal float? WeightDecay { get; init; }

    internal float? Momentum { get; init; }

    internal double? PositiveRadius { get; init; }

    internal double? NegativeRadius { get; init; }

    internal int Seed { get; init; }

    /// <summary>Throws when options are missing, exclude each other or have values that cannot be.</summary>
    internal void Check()
    {
        if (Network is null && From is null)
            throw new InputException("train needs a network: give --network NAME for a new one or --from FILE to fine-tune one");
        if (Network is not null)
            TrainArguments.Find(Network);
        if (Synthetic == Data.Length > 0)
            throw new InputException("train needs data: give either --data FOLDER or --synthetic");
        if (Sources is not null && !Synthetic)
            throw new InputException("--sources: only --synthetic makes use of pictures");
        if (Pairs < 1)
            throw new InputException($"--pairs: expected at least 1, got {Pairs}");
        if (ValidationPairs < 0)
            throw new InputException($"--validation-pairs: expected 0 or more, got {ValidationPairs}");
        CheckShare("--easy-negatives", EasyNegatives);
        CheckShare("--hard-negative-pairs", HardNegativePairs);
        CheckShare("--easy-negatives and --hard-negative-pairs together", EasyNegatives + HardNegativePairs);
        CheckShare("--gray", Gray);
        if (HardNegatives > 0 && Loss != LossKind.Triplet)
            throw new InputException("--hard-negatives: only --loss triplet has them");
    }

    /// <summary>The weights to start from.</summary>
    internal NetworkWeights Start()
    {
        if (From is null)
            return NetworkInitializer.Create(TrainArguments.Find(Network!), (ulong)Seed);
        NetworkWeights loaded = NetworkWeights.Load(From);
        NetworkDefinition definition = loaded.RequireDefinition();
        if (Network is not null && !SameTensors(definition, TrainArguments.Find(Network)))
            throw new InputException($"{From}: is {definition.Name}, not {Network}; leave --network off to train it");
        return loaded;
    }

    /// <summary>The papers' values for the network, with what was asked otherwise.</summary>
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
            WeightDecay = WeightDecay ?? preset.WeightDecay,
            Momentum = Momentum ?? preset.Momentum,
            PositiveRadius = PositiveRadius ?? preset.PositiveRadius,
            NegativeRadius = NegativeRadius ?? preset.NegativeRadius,
        };
    }

    /// <summary>Throws when these would go on in another way than the training began. Folders of data may have moved.</summary>
    internal void CheckSameAs(TrainSettings before)
    {
        foreach (((string option, object? now), (_, object? then)) in Values().Zip(before.Values()))
        {
            if (!Equals(now, then))
            {
                throw new InputException(
                    $"--resume: the training began with {Say(option, then)}, now it is {Say(option, now)}; leave {option} off");
            }
        }

        static string Say(string option, object? value) =>
            value is null or false ? $"no {option}"
            : value is true ? option
            : string.Create(CultureInfo.InvariantCulture, $"{option} {value}");
    }

    private IEnumerable<(string Option, object? Value)> Values() =>
    [
        ("--network", Network), ("--from", From), ("--synthetic", Synthetic), ("--pairs", Pairs), ("--validation-pairs", ValidationPairs),
        ("--easy-negatives", EasyNegatives), ("--hard-negative-pairs", HardNegativePairs), ("--gray", Gray), ("--loss", Loss),
        ("--hard-negatives", HardNegatives), ("--epochs", Epochs), ("--batch", Batch), ("--first-rate", FirstRate),
        ("--last-rate", LastRate), ("--weight-decay", WeightDecay), ("--momentum", Momentum), ("--positive-radius", PositiveRadius),
        ("--negative-radius", NegativeRadius), ("--seed", Seed),
    ];

    private static void CheckShare(string option, float share)
    {
        if (share is not (>= 0 and <= 1))
            throw new InputException($"{option}: expected a share in 0..1, got {share}");
    }

    private static bool SameTensors(NetworkDefinition a, NetworkDefinition b) =>
        a.TensorShapes().Select(t => $"{t.Name} {string.Join(',', t.Shape)}").SequenceEqual(
            b.TensorShapes().Select(t => $"{t.Name} {string.Join(',', t.Shape)}"));
}
