using System.Text.Json;
using System.Text.Json.Serialization;

namespace SiamIlgpu.Weights;

/// <summary>One layer of a branch. A branch is a chain: each layer takes the output of the layer before it.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(ConvolutionLayer), "convolution")]
[JsonDerivedType(typeof(MaxPoolLayer), "maxPool")]
public abstract record LayerDefinition
{
    private protected LayerDefinition()
    {
    }

    /// <summary>Rows and columns of the window that slides over the input, and its step, in input pixels.</summary>
    internal abstract (int Size, int Stride) Window { get; }
}

/// <summary>
/// An unpadded convolution with square filters. Its tensors are {Name}.weight [out, in/groups, size, size] and {Name}.bias [out]. With a
/// batch norm it also has bn{i}.gain, bn{i}.offset, bn{i}.mean and bn{i}.sigma [out], where i is the number at the end of its name.
/// </summary>
/// <param name="Name">The layer's name: conv1, conv2, ...</param>
/// <param name="Size">Rows and columns of a filter.</param>
/// <param name="Stride">Step in input pixels.</param>
/// <param name="InChannels">Channels of the input, over all groups.</param>
/// <param name="OutChannels">Channels of the output, over all groups.</param>
/// <param name="Groups">Number of groups; it divides both channel counts.</param>
/// <param name="BatchNorm">Whether a batch normalization follows; false if it is already folded into the filters.</param>
/// <param name="Relu">Whether a ReLU ends the layer.</param>
public sealed record ConvolutionLayer(
    string Name, int Size, int Stride, int InChannels, int OutChannels, int Groups, bool BatchNorm, bool Relu) : LayerDefinition
{
    /// <summary>The name of the layer's batch norm: conv3 has bn3.</summary>
    [JsonIgnore]
    public string BatchNormName => "bn" + Name[(Name.AsSpan().LastIndexOfAnyExceptInRange('0', '9') + 1)..];

    internal override (int Size, int Stride) Window => (Size, Stride);
}

/// <summary>An unpadded max pooling over square windows.</summary>
/// <param name="Size">Rows and columns of a window.</param>
/// <param name="Stride">Step in input pixels.</param>
public sealed record MaxPoolLayer(int Size, int Stride) : LayerDefinition
{
    internal override (int Size, int Stride) Window => (Size, Stride);
}

/// <summary>How the two branches are joined.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<JoinKind>))]
public enum JoinKind
{
    /// <summary>No join: a plain chain of layers. It can be loaded and inspected, but it cannot track.</summary>
    None,

    /// <summary>The exemplar's features slide over the search features (SiamFC).</summary>
    CrossCorrelation,

    /// <summary>A correlation filter is computed from the exemplar's features, and slides over the search features (CFNet).</summary>
    CorrelationFilter,
}

/// <summary>The adjustment that turns a response into the trained score: a gain and a bias.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AdjustKind>))]
public enum AdjustKind
{
    /// <summary>No adjustment: the score is the response.</summary>
    None,

    /// <summary>A 1x1 convolution: adjust.weight [1,1,1,1] and adjust.bias [1].</summary>
    Affine,

    /// <summary>A batch norm: adjust.gain, adjust.offset, adjust.mean, adjust.sigma [1].</summary>
    BatchNorm,
}

/// <summary>The join of a network. A correlation filter also has the tensors join.window and join.target [m, m].</summary>
/// <param name="Kind">How the branches are joined.</param>
/// <param name="Adjust">The adjustment of the response.</param>
/// <param name="Lambda">Regularization of the correlation filter; 0 without one.</param>
/// <param name="Margin">Rows and columns that are cut off each side of the correlation filter; 0 without one.</param>
public sealed record JoinDefinition(JoinKind Kind, AdjustKind Adjust, float Lambda = 0, int Margin = 0);

/// <summary>
/// What a network is made of, without its weights. This is all that is needed to build it. It is stored as JSON in the metadata of a
/// safetensors file, so that the file alone is enough to track.
/// </summary>
/// <example>
/// A CFNet with two narrow convolutions:
/// <code>
/// NetworkDefinition small = NetworkDefinition.CfNetConv2 with
/// {
///     Name = "small",
///     Layers =
///     [
///         new ConvolutionLayer("conv1", Size: 11, Stride: 2, InChannels: 3, OutChannels: 16, Groups: 1, BatchNorm: true, Relu: true),
///         new MaxPoolLayer(Size: 3, Stride: 2),
///         new ConvolutionLayer("conv2", Size: 5, Stride: 1, InChannels: 16, OutChannels: 32, Groups: 1, BatchNorm: true, Relu: true),
///     ],
/// };
/// Console.WriteLine(small.FindFlaw() ?? $"features {small.FeatureSize(255)}x{small.FeatureSize(255)}, stride {small.Stride}");
/// </code>
/// </example>
public sealed partial record NetworkDefinition
{
    private static readonly string[] BatchNormParts = ["gain", "offset", "mean", "sigma"];

    /// <summary>A name for display: "SiamFC", "CFNet-conv2".</summary>
    public required string Name { get; init; }

    /// <summary>Rows and columns of the exemplar crop, in pixels; 0 if the network has no join.</summary>
    public required int ExemplarSize { get; init; }

    /// <summary>Rows and columns of the search crop, in pixels; 0 if the network has no join.</summary>
    public required int SearchSize { get; init; }

    /// <summary>The layers of the branch, the same for the exemplar and the search crop.</summary>
    public required IReadOnlyList<LayerDefinition> Layers { get; init; }

    /// <summary>How the two branches are joined.</summary>
    public required JoinDefinition Join { get; init; }

    /// <summary>Pixels of the input per cell of the features: the product of all strides.</summary>
    [JsonIgnore]
    public int Stride
    {
        get
        {
            // A loop over the indices, because trackers ask in every frame and an enumerator would be allocated.
            int product = 1;
            for (int i = 0; i < Layers.Count; i++)
                product *= Layers[i].Window.Stride;
            return product;
        }
    }

    /// <summary>The convolutions, first to last.</summary>
    [JsonIgnore]
    public IEnumerable<ConvolutionLayer> Convolutions => Layers.OfType<ConvolutionLayer>();

    /// <summary>Rows and columns of the features of an image with imageSize rows and columns; 0 if the image is too small.</summary>
    public int FeatureSize(int imageSize) =>
        Layers.Aggregate(imageSize, (size, layer) => size < layer.Window.Size ? 0 : (size - layer.Window.Size) / layer.Window.Stride + 1);

    /// <summary>The names and shapes of the tensors that the network needs.</summary>
    public IEnumerable<(string Name, int[] Shape)> TensorShapes()
    {
        foreach (ConvolutionLayer conv in Convolutions)
        {
            yield return ($"{conv.Name}.weight", [conv.OutChannels, conv.InChannels / conv.Groups, conv.Size, conv.Size]);
            yield return ($"{conv.Name}.bias", [conv.OutChannels]);
            foreach (string part in conv.BatchNorm ? BatchNormParts : [])
                yield return ($"{conv.BatchNormName}.{part}", [conv.OutChannels]);
        }
        if (Join.Kind == JoinKind.CorrelationFilter)
        {
            int side = FeatureSize(ExemplarSize);
            yield return ("join.window", [side, side]);
            yield return ("join.target", [side, side]);
        }
        if (Join.Adjust == AdjustKind.Affine)
        {
            yield return ("adjust.weight", [1, 1, 1, 1]);
            yield return ("adjust.bias", [1]);
        }
        foreach (string part in Join.Adjust == AdjustKind.BatchNorm ? BatchNormParts : [])
            yield return ($"adjust.{part}", [1]);
    }

    /// <summary>
    /// Says why this network cannot be built ("conv2 takes 96 channels, conv1 gives 32"); null if it can be built. The networks that the
    /// library reads from files or brings along have passed this check.
    /// </summary>
    public string? FindFlaw()
    {
        const int MostPixels = 1 << 14, MostChannels = 1 << 16;
        var names = new HashSet<string>();
        int channels = 0, stride = 1;
        string before = "";
        foreach (LayerDefinition? layer in Layers)
        {
            if (layer is null)
                return "a layer is null";
            if (layer.Window is not { Size: >= 1 and <= MostPixels, Stride: >= 1 and <= MostPixels })
                return $"{layer} has an impossible size or stride";
            if ((stride *= layer.Window.Stride) > MostPixels)
                return $"the strides multiply to {stride}";
            if (layer is not ConvolutionLayer conv)
                continue;
            if (!names.Add(conv.Name) || (conv.BatchNorm && !names.Add(conv.BatchNormName)))
                return $"{conv.Name} shares its name, or its batch norm's, with another layer";
            if (conv is not { InChannels: >= 1 and <= MostChannels, OutChannels: >= 1 and <= MostChannels, Groups: >= 1 }
                || conv.InChannels % conv.Groups != 0 || conv.OutChannels % conv.Groups != 0)
                return $"{conv.Name} cannot split {conv.InChannels} -> {conv.OutChannels} channels into {conv.Groups} groups";
            if (channels != 0 && conv.InChannels != channels)
                return $"{conv.Name} takes {conv.InChannels} channels, {before} gives {channels}";
            (channels, before) = (conv.OutChannels, conv.Name);
        }
        if (channels == 0)
            return "there is no convolution";
        return FindJoinFlaw(MostPixels);
    }

    private string? FindJoinFlaw(int mostPixels)
    {
        if (!Enum.IsDefined(Join.Kind) || !Enum.IsDefined(Join.Adjust))
            return "the join is of an unknown kind";
        if (Join.Kind == JoinKind.None)
            return Join.Adjust == AdjustKind.None ? null : "there is an adjustment of the score but no join";
        if (ExemplarSize > mostPixels || SearchSize > mostPixels)
            return $"crops of {ExemplarSize} and {SearchSize} pixels are too large";
        int exemplar = FeatureSize(ExemplarSize), search = FeatureSize(SearchSize);
        if (Join.Kind == JoinKind.CorrelationFilter)
        {
            if (!(Join.Lambda > 0) || !float.IsFinite(Join.Lambda))
                return $"lambda is {Join.Lambda}";
            if (Join.Margin < 0 || Join.Margin >= exemplar)
                return $"a margin of {Join.Margin} leaves nothing of {exemplar} x {exemplar} features";
            exemplar -= 2 * Join.Margin;
        }
        return exemplar >= 1 && search >= exemplar
            ? null
            : $"crops of {ExemplarSize} and {SearchSize} pixels give features of {exemplar} and {search}, which cannot be joined";
    }

    /// <summary>Reads a definition that <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">The text is not a definition, or its network cannot be built; the message says why.</exception>
    public static NetworkDefinition FromJson(string json)
    {
        try
        {
            NetworkDefinition definition = JsonSerializer.Deserialize(json, NetworkDefinitionJson.Default.NetworkDefinition)
                ?? throw new JsonException("a network definition cannot be null");
            return definition.FindFlaw() is { } flaw ? throw new JsonException(flaw) : definition;
        }
        // The serializer throws this for a layer without a type.
        catch (NotSupportedException e)
        {
            throw new JsonException("a layer does not say its type", e);
        }
    }

    /// <summary>Writes the definition as one line of JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, NetworkDefinitionJson.Default.NetworkDefinition);

    /// <summary>Whether both describe the same network. A record's own comparison would compare the lists of layers by reference.</summary>
    public bool Equals(NetworkDefinition? other) =>
        other is not null && Name == other.Name && ExemplarSize == other.ExemplarSize && SearchSize == other.SearchSize
        && Join == other.Join && Layers.SequenceEqual(other.Layers);

    /// <inheritdoc/>
    public override int GetHashCode() =>
        Layers.Aggregate(HashCode.Combine(Name, ExemplarSize, SearchSize, Join), HashCode.Combine);
}

/// <summary>Serialization code, generated at build time, so that trimmed and AOT-compiled programs can read definitions.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    AllowOutOfOrderMetadataProperties = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(NetworkDefinition))]
internal sealed partial class NetworkDefinitionJson : JsonSerializerContext;
