using System.Numerics;
using System.Runtime.CompilerServices;

namespace SiamIlgpu.Weights;

/// <summary>An array of floats with its dimensions, row by row: the last dimension varies fastest.</summary>
public sealed class WeightTensor
{
    /// <summary>Makes a tensor of the given values. The array is kept, not copied.</summary>
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

/// <summary>The weights of a network by name, with the network's definition if their source has one.</summary>
/// <example>
/// <code>
/// NetworkWeights weights = NetworkWeights.Load("cfnet-conv2_e80.mat");
/// float[] biases = weights.Values("conv1.bias", 96);
/// weights.Save("cfnet-conv2.safetensors");
/// </code>
/// </example>
public sealed class NetworkWeights
{
    /// <summary>Makes weights from their tensors.</summary>
    /// <param name="source">Where the weights come from, such as a file's name. Messages name it.</param>
    /// <param name="definition">The network; null if the source does not describe it.</param>
    /// <param name="tensors">The tensors by name: conv1.weight (OIHW), conv1.bias, bn1.gain, ..., join.window, adjust.weight.</param>
    /// <param name="metadata">Free text by name, such as origin, license and training command. <see cref="Save"/> writes it too.</param>
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

    /// <summary>Where the weights come from, such as a file's name. Messages name it.</summary>
    public string Source { get; }

    /// <summary>The network; null if the source does not describe it.</summary>
    public NetworkDefinition? Definition { get; }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, WeightTensor> Tensors { get; }

    /// <summary>Free text by name, such as origin, license and training command.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Why the file's network cannot be built, if its reader knows.</summary>
    internal string? Obstacle { get; init; }

    /// <summary>
    /// Reads a file: safetensors, or MAT level 5 by MatConvNet. The contents decide which it is. A safetensors file without a definition
    /// gets the definition of the papers' network that its tensors fit, if there is one.
    /// </summary>
    /// <exception cref="WeightFormatException">The file has another format, is damaged, or does not fit its definition.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static NetworkWeights Load(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return Load(stream, path);
    }

    /// <summary>Reads the bytes of a file, as <see cref="Load(string)"/> does.</summary>
    /// <param name="stream">The file's bytes; it must be able to seek.</param>
    /// <param name="source">The file's name for messages.</param>
    /// <exception cref="WeightFormatException">The file has another format, is damaged, or does not fit its definition.</exception>
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

    /// <summary>Writes a safetensors file. An existing file is replaced only when the new one is complete.</summary>
    /// <exception cref="WeightFormatException">The tensors do not fit the definition. Nothing is written.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path) => Safetensors.Write(path, this);

    /// <summary>The definition. Without one, that of the papers' network that the tensors fit.</summary>
    /// <exception cref="WeightFormatException">There is no such definition; the message says what is missing.</exception>
    public NetworkDefinition RequireDefinition()
    {
        if (Definition is not null)
            return Definition;
        if (Obstacle is not null)
            throw new WeightFormatException(Source, Obstacle);
        return NetworkRecognition.Recognize(Tensors, out string missing)
            ?? throw new WeightFormatException(Source, $"does not describe its network, and its tensors fit no known network: {missing}");
    }

    /// <summary>The values of a tensor, which must have exactly this shape.</summary>
    /// <exception cref="WeightFormatException">The tensor is missing or has another shape; the message gives both shapes.</exception>
    public float[] Values(string name, params ReadOnlySpan<int> shape)
    {
        if (!Tensors.TryGetValue(name, out WeightTensor? tensor))
            throw new WeightFormatException(Source, $"{name} is missing");
        if (!shape.SequenceEqual(tensor.Shape.ToArray()))
            throw new WeightFormatException(Source, $"{name}: expected [{string.Join(',', shape.ToArray())}], file has {tensor}");
        return tensor.Values;
    }

    /// <summary>Checks that every tensor of the definition exists, has its shape and is finite, and returns these weights.</summary>
    /// <exception cref="WeightFormatException">A tensor does not pass the check, or the definition has a flaw.</exception>
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

    /// <summary>The index of the first infinity or NaN, or -1.</summary>
    // Vectorized and fully optimized from the first call: files hold millions of weights.
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
