namespace SiamIlgpu.Weights;

/// <summary>A named array of floats, row by row (the last dimension varies fastest).</summary>
public sealed class WeightTensor
{
    /// <summary>Makes a tensor of the given values, which it keeps.</summary>
    /// <exception cref="ArgumentException">The number of values is not the product of the dimensions.</exception>
    public WeightTensor(IReadOnlyList<int> shape, float[] values)
    {
        long count = shape.Aggregate(1L, (product, side) => checked(product * side));
        if (count != values.Length)
            throw new ArgumentException($"a tensor of [{string.Join(',', shape)}] has {count} values, got {values.Length}");
        Shape = shape;
        Values = values;
    }

    /// <summary>The dimensions, outermost first.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>The values.</summary>
    public float[] Values { get; }

    /// <inheritdoc/>
    public override string ToString() => $"[{string.Join(',', Shape)}]";
}

/// <summary>The weights of a network by name, with its definition where the file has one.</summary>
public sealed class NetworkWeights
{
    /// <summary>Puts weights together.</summary>
    /// <param name="source">Where they come from, for messages: a file's name.</param>
    /// <param name="definition">The network, or null where the source does not say.</param>
    /// <param name="tensors">The tensors by name: conv1.weight (OIHW), conv1.bias, bn1.gain, ..., join.window, adjust.weight.</param>
    /// <param name="metadata">Free text by name, kept through <c>Save</c>: origin, licence, training command.</param>
    public NetworkWeights(
        string source,
        NetworkDefinition? definition,
        IReadOnlyDictionary<string, WeightTensor> tensors,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        Source = source;
        Definition = definition;
        Tensors = tensors;
        Metadata = metadata ?? new Dictionary<string, string>();
    }

    /// <summary>Where they come from, for messages: a file's name.</summary>
    public string Source { get; }

    /// <summary>The network, or null where the source does not say.</summary>
    public NetworkDefinition? Definition { get; }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, WeightTensor> Tensors { get; }

    /// <summary>Free text by name: origin, licence, training command.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Load.</summary>
    public static NetworkWeights Load(string file) => throw new NotSupportedException();

    /// <summary>Def.</summary>
    public NetworkDefinition RequireDefinition() => Definition ?? throw new WeightFormatException(Source, "no def");
    /// <summary>The values of a tensor of just this shape.</summary>
    /// <exception cref="WeightFormatException">It is missing or has another shape; the message gives both shapes.</exception>
    public float[] Values(string name, params ReadOnlySpan<int> shape)
    {
        if (!Tensors.TryGetValue(name, out WeightTensor? tensor))
            throw new WeightFormatException(Source, $"{name} is missing");
        if (!shape.SequenceEqual(tensor.Shape.ToArray()))
            throw new WeightFormatException(Source, $"{name}: expected [{string.Join(',', shape.ToArray())}], file has {tensor}");
        return tensor.Values;
    }
}
