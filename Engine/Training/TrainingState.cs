using System.Text.Json;
using System.Text.Json.Serialization;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Training;

/// <summary>
/// Where a training stands. With weights and velocities beside it in one safetensors file it is a checkpoint, from which
/// training goes on as if it had never stopped; being a network's file, it can be tracked with as well.
/// </summary>
internal sealed record TrainingState
{
    private const string MetadataKey = "training";
    private const string VelocityPrefix = "velocity.";

    /// <summary>The epoch under way, from 0.</summary>
    public int Epoch { get; init; }

    /// <summary>Steps of the epoch that are done.</summary>
    public int Batch { get; init; }

    /// <summary>Sum of the losses of the epoch's pairs.</summary>
    public double LossSum { get; init; }

    /// <summary>How it is trained, to refuse to go on in another way.</summary>
    public required string Options { get; init; }

    /// <summary>The epochs that are done.</summary>
    public IReadOnlyList<EpochReport> History { get; init; } = [];

    /// <summary>One file of it all.</summary>
    internal static NetworkWeights Pack(TrainingState state, NetworkWeights weights, IReadOnlyDictionary<string, WeightTensor> velocities)
    {
        var tensors = new Dictionary<string, WeightTensor>(weights.Tensors);
        foreach ((string name, WeightTensor velocity) in velocities)
            tensors.Add(VelocityPrefix + name, velocity);
        var metadata = new Dictionary<string, string>(weights.Metadata)
        {
            [MetadataKey] = JsonSerializer.Serialize(state, TrainingStateJson.Default.TrainingState),
        };
        return new NetworkWeights(weights.Source, weights.Definition, tensors, metadata);
    }

    /// <summary>The other metadata of a checkpoint.</summary>
    internal static IReadOnlyDictionary<string, string> WithoutState(IReadOnlyDictionary<string, string> metadata) =>
        metadata.Where(entry => entry.Key != MetadataKey).ToDictionary();

    /// <summary>What <see cref="Pack"/> put together.</summary>
    /// <exception cref="WeightFormatException">It is a network's file but no checkpoint.</exception>
    internal static (TrainingState State, Func<string, float[]> Velocities) Unpack(NetworkWeights checkpoint)
    {
        if (!checkpoint.Metadata.TryGetValue(MetadataKey, out string? json))
            throw new WeightFormatException(checkpoint.Source, "is no checkpoint: it does not say where its training stands");
        try
        {
            TrainingState state = JsonSerializer.Deserialize(json, TrainingStateJson.Default.TrainingState)!;
            return (state, name => checkpoint.Values(VelocityPrefix + name, [.. checkpoint.Tensors[name].Shape]));
        }
        catch (JsonException e)
        {
            throw new WeightFormatException(checkpoint.Source, $"its training state cannot be read: {e.Message.TrimEnd('.')}", e);
        }
    }
}

/// <summary>Serialization code made at build time, so that trimmed and AOT-compiled hosts can go on training.</summary>
// Errors of no pair at all are NaN, which plain JSON lacks.
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(TrainingState))]
internal sealed partial class TrainingStateJson : JsonSerializerContext;
