using System.Numerics;
using System.Runtime.CompilerServices;

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
    /// <param name="metadata">Free text by name, kept through <see cref="Save"/>: origin, license, training command.</param>
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

    /// <summary>Free text by name: origin, license, training command.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Why the file's network cannot be built, where its reader knows.</summary>
    internal string? Obstacle { get; init; }

    /// <summary>
    /// Reads a file: safetensors or MatConvNet's MAT level 5, told apart by their contents. A safetensors file without a
    /// definition gets that of the network of the papers that its tensors fit, if any.
    /// </summary>
    /// <exception cref="WeightFormatException">The file is of another format, damaged, or not what its definition says.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static NetworkWeights Load(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return Load(stream, path);
    }

    /// <summary>Reads the bytes of a file, as <see cref="Load(string)"/> does.</summary>
    /// <param name="stream">The file's bytes; it must be able to seek.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <exception cref="WeightFormatException">The file is of another format, damaged, or not what its definition says.</exception>
    public static NetworkWeights Load(Stream stream, string source)
    {
        var start = new byte[MatFile.HeaderBytes];
        stream.Position = 0;
        int length = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        return FileKinds.Of(start.AsSpan(0, length)) switch
        {
            FileKind.Safetensors => Safetensors.Read(stream, source),
            FileKind.Mat5 => MatConvNet.Read(stream, source),
            FileKind.Hdf5 => throw FileKinds.RefuseHdf5(source),
            _ => throw new WeightFormatException(source, "is neither a safetensors file nor a MATLAB level-5 MAT-file"),
        };
    }

    /// <summary>Writes a safetensors file; one that was there is replaced only once the new one is complete.</summary>
    /// <exception cref="WeightFormatException">The tensors are not what the definition says; nothing is written.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path) => Safetensors.Write(path, this);

    /// <summary>The definition, or that of the network of the papers that the tensors fit, for those who cannot go on without.</summary>
    /// <exception cref="WeightFormatException">There is none; the message says what is missing.</exception>
    public NetworkDefinition RequireDefinition()
    {
        if (Definition is not null)
            return Definition;
        if (Obstacle is not null)
            throw new WeightFormatException(Source, Obstacle);
        return NetworkRecognition.Recognize(Tensors, out string missing)
            ?? throw new WeightFormatException(Source, $"does not describe its network, and its tensors fit none that is known: {missing}");
    }

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

    /// <summary>Returns itself once every tensor that the definition needs is there, of its shape and finite.</summary>
    /// <exception cref="WeightFormatException">One is not.</exception>
    internal NetworkWeights Checked()
    {
        if (Definition?.FindFlaw() is { } flaw)
            throw new WeightFormatException(Source, flaw);
        foreach ((string name, int[] shape) in Definition?.TensorShapes() ?? [])
        {
            if (FindNonFinite(Values(name, shape)) is >= 0 and int at)
                throw new WeightFormatException(Source, $"{name}: value {at} is not a finite number");
        }
        return this;
    }

    /// <summary>The place of the first infinity or NaN, or -1. Of millions of weights, so by vectors, and compiled at its best at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int FindNonFinite(ReadOnlySpan<float> values)
    {
        int i = 0;
        // v - v is 0 for every finite v and NaN for all others.
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var v = new Vector<float>(values[i..]);
            if (!Vector.EqualsAll(v - v, Vector<float>.Zero))
                break;
        }
        for (; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
                return i;
        }
        return -1;
    }
}
