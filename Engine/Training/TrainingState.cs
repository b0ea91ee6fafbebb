using System.Text.Json;
using System.Text.Json.Serialization;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Training;

/// <summary>
/// How far a training has come. Together with weights and velocities in one safetensors file, it is a checkpoint: training continues from
/// there as if it had never stopped. The file is also a network's file, so a tracker can use it.
/// </summary>
internal sealed record TrainingState
{
    private const string MetadataKey = "training";

    /// <summary>What precedes the names of the filters that training started from.</summary>
    internal const string StartPrefix = "start.";

    /// <summary>The current epoch, from 0.</summary>
    public int Epoch { get; init; }

    /// <summary>Number of steps of the epoch that are done.</summary>
    public int Batch { get; init; }

    /// <summary>Sum of the losses of the epoch's pairs so far.</summary>
    public double LossSum { get; init; }

    /// <summary>The options of the training, so that it cannot continue with others.</summary>
    public required string Options { get; init; }

    /// <summary>The epochs that are done.</summary>
    public IReadOnlyList<EpochReport> History { get; init; } = [];

    /// <summary>Puts state, weights, the optimizer's state and the filters at the start together, as one file holds them.</summary>
    internal static NetworkWeights Pack(
        TrainingState state, NetworkWeights weights, IReadOnlyDictionary<string, WeightTensor> optimizer,
        IReadOnlyDictionary<string, WeightTensor> startFilters)
    {
        var tensors = new Dictionary<string, WeightTensor>(weights.Tensors);
        foreach ((string name, WeightTensor values) in optimizer)
            tensors.Add(name, values);
        foreach ((string name, WeightTensor filters) in startFilters)
            tensors.Add(StartPrefix + name, filters);
        var metadata = new Dictionary<string, string>(weights.Metadata)
        {
            [MetadataKey] = JsonSerializer.Serialize(state, TrainingStateJson.Default.TrainingState),
        };
        return new NetworkWeights(weights.Source, weights.Definition, tensors, metadata);
    }

    /// <summary>A checkpoint's metadata without the state.</summary>
    internal static IReadOnlyDictionary<string, string> WithoutState(IReadOnlyDictionary<string, string> metadata) =>
        metadata.Where(entry => entry.Key != MetadataKey).ToDictionary();

    /// <summary>Takes apart what <see cref="Pack"/> put together: the state, and the tensor that a prefix and a parameter name.</summary>
    /// <exception cref="WeightFormatException">The weights are not a checkpoint.</exception>
    internal static (TrainingState State, Func<string, string, WeightTensor> Tensors) Unpack(NetworkWeights checkpoint)
    {
        if (!checkpoint.Metadata.TryGetValue(MetadataKey, out string? json))
            throw new WeightFormatException(checkpoint.Source, "is not a checkpoint: it has no training state");
        try
        {
            TrainingState state = JsonSerializer.Deserialize(json, TrainingStateJson.Default.TrainingState)!;
            return (state, Tensor);
        }
        catch (JsonException e)
        {
            throw new WeightFormatException(checkpoint.Source, $"its training state cannot be read: {e.Message.TrimEnd('.')}", e);
        }

        WeightTensor Tensor(string prefix, string name)
        {
            int[] shape = [.. checkpoint.Tensors[name].Shape];
            return new WeightTensor(shape, checkpoint.Values(prefix + name, shape));
        }
    }
}

/// <summary>Serialization code, generated at build time, so that trimmed and AOT-compiled programs can continue a training.</summary>
// Mean errors over no pairs are NaN, which plain JSON cannot hold.
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(TrainingState))]
internal sealed partial class TrainingStateJson : JsonSerializerContext;
