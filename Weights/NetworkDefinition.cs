using System.Text.Json;
using System.Text.Json.Serialization;

namespace SiamIlgpu.Weights;

/// <summary>One layer of a branch. Branches are chains: each layer takes what the one before gives.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(ConvolutionLayer), "convolution")]
[JsonDerivedType(typeof(MaxPoolLayer), "maxPool")]
public abstract record LayerDefinition;

/// <summary>
/// An unpadded convolution with square filters. Its tensors are {Name}.weight [out, in/groups, size, size] and
/// {Name}.bias [out]; with batch norm also bn{i}.gain, bn{i}.offset, bn{i}.mean, bn{i}.sigma [out], i being the digits that
/// end its name.
/// </summary>
/// <param name="Name">conv1, conv2, ...</param>
/// <param name="Size">Rows and columns of a filter.</param>
/// <param name="Stride">Step in input pixels.</param>
/// <param name="InChannels">Channels of the input over all groups.</param>
/// <param name="OutChannels">Channels of the output over all groups.</param>
/// <param name="Groups">Groups; they divide both channel counts.</param>
/// <param name="BatchNorm">Whether a batch normalisation follows (false where it is already folded into the filters).</param>
/// <param name="Relu">Whether a ReLU ends the layer.</param>
public sealed record ConvolutionLayer(
    string Name, int Size, int Stride, int InChannels, int OutChannels, int Groups, bool BatchNorm, bool Relu) : LayerDefinition
{
    /// <summary>The name of the layer's batch norm: conv3 has bn3.</summary>
    [JsonIgnore]
    public string BatchNormName => "bn" + Name[(Name.AsSpan().LastIndexOfAnyExceptInRange('0', '9') + 1)..];
}

/// <summary>An unpadded max pooling over square windows.</summary>
/// <param name="Size">Rows and columns of a window.</param>
/// <param name="Stride">Step in input pixels.</param>
public sealed record MaxPoolLayer(int Size, int Stride) : LayerDefinition;

/// <summary>How the two branches meet.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<JoinKind>))]
public enum JoinKind
{
    /// <summary>No join: a plain chain of layers, which can be loaded and inspected but not track.</summary>
    None,

    /// <summary>The exemplar's features slide over the search's (SiamFC).</summary>
    CrossCorrelation,

    /// <summary>A correlation filter learned from the exemplar's features slides over the search's (CFNet).</summary>
    CorrelationFilter,
}

/// <summary>What follows the response: a scalar map to the trained score.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AdjustKind>))]
public enum AdjustKind
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A 1x1 convolution: adjust.weight [1,1,1,1] and adjust.bias [1].</summary>
    Affine,

    /// <summary>A batch norm: adjust.gain, adjust.offset, adjust.mean, adjust.sigma [1].</summary>
    BatchNorm,
}

/// <summary>
/// The join of a network. A correlation filter has the tensors join.window and join.target [m, m] beside it.
/// </summary>
/// <param name="Kind">How the branches meet.</param>
/// <param name="Adjust">What follows the response.</param>
/// <param name="Lambda">Regularisation of the correlation filter; 0 without one.</param>
/// <param name="Margin">Rows and columns cropped on each side of the correlation filter; 0 without one.</param>
public sealed record JoinDefinition(JoinKind Kind, AdjustKind Adjust, float Lambda = 0, int Margin = 0);

/// <summary>
/// What a network is made of, without its weights: enough to build it. Stored as JSON in the metadata of a safetensors
/// file, so that a file alone is enough to track.
/// </summary>
public sealed record NetworkDefinition
{
    /// <summary>A name for people: "SiamFC", "CFNet-conv2".</summary>
    public required string Name { get; init; }

    /// <summary>Rows and columns of the exemplar crop, in pixels; 0 when the network has no join.</summary>
    public required int ExemplarSize { get; init; }

    /// <summary>Rows and columns of the search crop, in pixels; 0 when the network has no join.</summary>
    public required int SearchSize { get; init; }

    /// <summary>The branch, shared by exemplar and search.</summary>
    public required IReadOnlyList<LayerDefinition> Layers { get; init; }

    /// <summary>How exemplar and search meet.</summary>
    public required JoinDefinition Join { get; init; }

    /// <summary>Pixels of the input per cell of the features: the product of all strides.</summary>
    [JsonIgnore]
    public int Stride => Layers.Aggregate(1, (s, layer) => s * layer switch
    {
        ConvolutionLayer c => c.Stride,
        MaxPoolLayer p => p.Stride,
        _ => 1,
    });

    /// <summary>The convolutions, first to last.</summary>
    [JsonIgnore]
    public IEnumerable<ConvolutionLayer> Convolutions => Layers.OfType<ConvolutionLayer>();

    /// <summary>Reads a definition that <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">The text is not such a definition.</exception>
    public static NetworkDefinition FromJson(string json) =>
        JsonSerializer.Deserialize(json, NetworkDefinitionJson.Default.NetworkDefinition)
        ?? throw new JsonException("a network definition cannot be null");

    /// <summary>Writes the definition as one line of JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, NetworkDefinitionJson.Default.NetworkDefinition);
}

/// <summary>Serialisation code made at build time, so that trimmed and AOT-compiled hosts can read definitions.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(NetworkDefinition))]
internal sealed partial class NetworkDefinitionJson : JsonSerializerContext;
