using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace SiamIlgpu.Run;

/// <summary>An option of the verb train, and the setting that it gives.</summary>
internal abstract class TrainOption
{
    internal abstract Option Option { get; }

    /// <summary>Whether a training that goes on must have the same value. Folders of data may have moved.</summary>
    internal required bool Fixed { get; init; }

    /// <summary>Reads the setting from a command line.</summary>
    internal abstract void Read(ParseResult parsed, TrainSettings settings);

    internal abstract object? ValueOf(TrainSettings settings);
}

/// <summary>The command-line options that decide the outcome of a training.</summary>
internal sealed class TrainOptions
{
    private static readonly TrainSettings Defaults = new();

    /// <summary>All of them, in the order of the help.</summary>
    internal IReadOnlyList<TrainOption> All { get; } =
    [
        Make("--network", "NAME", $"Start: a new network, of the papers ({TrainSettings.NetworkNames}) or as a file NAME.json describes it.", s => s.Network, (s, v) => s.Network = v),
        Make("--from", "FILE", "Start: fine-tune this network instead, safetensors or MatConvNet's MAT file.", s => s.From, (s, v) => s.From = v),
        Make("--data", "FOLDER", "Data: folder of videos in the layout of OTB, VOT, GOT-10k or ILSVRC-VID; several may be given.",
            s => s.Data, (s, v) => s.Data = v ?? [], isFixed: false),
        Make("--synthetic", "", "Data: made-up scenes; needs no files.", s => s.Synthetic, (s, v) => s.Synthetic = v),
        Make("--sources", "FOLDER", "Data: pictures that the surfaces of made-up scenes may show.",
            s => s.Sources, (s, v) => s.Sources = v, isFixed: false),
        Make("--pairs", "N", "Data: pairs of an epoch.", s => s.Pairs, (s, v) => s.Pairs = v),
        Make("--validation-pairs", "N", "Data: pairs of videos kept apart that judge each epoch; 0 for none.",
            s => s.ValidationPairs, (s, v) => s.ValidationPairs = v),
        Make("--tracking-scenes", "N",
            "Data: made-up videos of 60 frames that judge each epoch by tracking, with a restart after each failure; 0 for none.",
            s => s.TrackingScenes, (s, v) => s.TrackingScenes = v),
        Make("--easy-negatives", "SHARE", "Data: share of pairs whose search is of another video.", s => s.EasyNegatives, (s, v) => s.EasyNegatives = v),
        Make("--hard-negative-pairs", "SHARE", "Data: share of pairs whose exemplar is background.",
            s => s.HardNegativePairs, (s, v) => s.HardNegativePairs = v),
        Make("--gray", "SHARE", "Data: share of pairs without color; 0.25 for networks for gray video.", s => s.Gray, (s, v) => s.Gray = v),
        Make("--loss", "logistic|triplet", "Method: the loss; logistic unless given.", s => s.Loss, (s, v) => s.Loss = v),
        Make("--hard-negatives", "K",
            "Method: for the triplet loss, how many negatives of highest score in the batch meet each positive; 0 for all of its own map.",
            s => s.HardNegatives, (s, v) => s.HardNegatives = v),
        Make("--epochs", "N", "Method: epochs.", s => s.Epochs, (s, v) => s.Epochs = v),
        Make("--batch", "N", "Method: pairs of a step.", s => s.Batch, (s, v) => s.Batch = v),
        Make("--first-rate", "RATE", "Method: learning rate at the start.", s => s.FirstRate, (s, v) => s.FirstRate = v),
        Make("--last-rate", "RATE", "Method: learning rate at the end.", s => s.LastRate, (s, v) => s.LastRate = v),
        Make("--score-gain", "GAIN",
            "Method: the score's gain in a new CFNet; the paper's 1 unless given. 20 is near that of the authors' trained networks.",
            s => s.ScoreGain, (s, v) => s.ScoreGain = v),
        Make("--optimizer", "sgd|adamw", "Method: sgd unless given; adamw needs smaller rates, about 1e-3.", s => s.Optimizer, (s, v) => s.Optimizer = v),
        Make("--average-decay", "SHARE", "Method: share of the weights' running average that each step keeps; 0, unless given, for no average.",
            s => s.AverageDecay, (s, v) => s.AverageDecay = v),
        Make("--schedule", "exponential|cosine", "Method: how the learning rate falls; exponential unless given.",
            s => s.Schedule, (s, v) => s.Schedule = v),
        Make("--warmup-steps", "N", "Method: steps at the start in which the learning rate rises from 0.", s => s.WarmupSteps, (s, v) => s.WarmupSteps = v),
        Make("--weight-decay", "DECAY", "Method: weight decay.", s => s.WeightDecay, (s, v) => s.WeightDecay = v),
        Make("--momentum", "SHARE", "Method: share of the velocity that stays from step to step.", s => s.Momentum, (s, v) => s.Momentum = v),
        Make("--positive-radius", "PIXELS", "Method: places of the response this close to the target are positive.",
            s => s.PositiveRadius, (s, v) => s.PositiveRadius = v),
        Make("--negative-radius", "PIXELS", "Method: places farther away than this are negative; those between are neutral.",
            s => s.NegativeRadius, (s, v) => s.NegativeRadius = v),
        Make("--seed", "N", "Decides new weights and all pairs.", s => s.Seed, (s, v) => s.Seed = v),
    ];

    /// <summary>Reads what was typed. What was not typed comes from the command line of the training that goes on, if there is one.</summary>
    internal TrainSettings Read(ParseResult typed, ParseResult? before = null)
    {
        TrainSettings settings = new();
        foreach (TrainOption option in All)
        {
            bool isTyped = before is null || typed.GetResult(option.Option) is OptionResult { Implicit: false };
            option.Read(isTyped ? typed : before!, settings);
        }
        return settings;
    }

    /// <summary>Refuses settings with which a training would go on in another way than it began.</summary>
    /// <exception cref="InputException">A fixed setting differs.</exception>
    internal void CheckSame(TrainSettings now, TrainSettings then)
    {
        foreach (TrainOption option in All.Where(o => o.Fixed))
        {
            if (!Equals(option.ValueOf(now), option.ValueOf(then)))
            {
                string name = option.Option.Name;
                throw new InputException(
                    $"--resume: the training began with {Say(name, option.ValueOf(then))}, now it is {Say(name, option.ValueOf(now))}; leave {name} off");
            }
        }

        static string Say(string name, object? value) =>
            value is null or false ? $"no {name}"
            : value is true ? name
            : string.Create(CultureInfo.InvariantCulture, $"{name} {value}");
    }

    private static TrainOption Make<T>(
        string name, string valueName, string description, Func<TrainSettings, T> get, Action<TrainSettings, T> set, bool isFixed = true)
    {
        var option = new Option<T>(name) { Description = description, HelpName = valueName };
        T byDefault = get(Defaults);
        // Where the default is null, the network decides.
        if (byDefault is int or float)
            option.DefaultValueFactory = _ => byDefault;
        if (byDefault is string[])
        {
            option.AllowMultipleArgumentsPerToken = true;
            option.Arity = ArgumentArity.OneOrMore;
        }
        return new Setting<T>(option, get, set) { Fixed = isFixed };
    }

    private sealed class Setting<T>(Option<T> option, Func<TrainSettings, T> get, Action<TrainSettings, T> set) : TrainOption
    {
        internal override Option Option => option;

        internal override void Read(ParseResult parsed, TrainSettings settings) => set(settings, parsed.GetValue(option)!);

        internal override object? ValueOf(TrainSettings settings) => get(settings);
    }
}
