using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace SiamIlgpu.Weights;

/// <summary>
/// Reads and writes safetensors files, the format in which this library saves networks. A file consists of the length of a JSON header (8
/// bytes, little-endian), the header, and the values, little-endian and row by row. The header has the type, shape and place of each
/// tensor. Under __metadata__ it has free text by name; the text named "network" is the network's definition.
/// </summary>
/// <example>
/// <code>
/// NetworkWeights weights = Safetensors.Read("mine.safetensors");
/// foreach ((string name, WeightTensor tensor) in weights.Tensors)
///     Console.WriteLine($"{name} {tensor}");
/// Safetensors.Write("copy.safetensors", weights);
/// </code>
/// </example>
public static class Safetensors
{
    private const string MetadataKey = "__metadata__";
    private const string DefinitionKey = "network";

    private const int MostHeaderBytes = 100_000_000; // the format's own limit
    private const int MostDimensions = 8;
    private const int LongestName = 1024; // names end up in messages
    private const int DeepestHeader = 4; // a shape is three deep
    private const int ChunkValues = 4096;

    private static readonly JsonReaderOptions HeaderOptions = new() { MaxDepth = DeepestHeader };

    private sealed record Entry(string Name, string Type, int[] Shape, int Count, long Begin, long End);

    /// <summary>Reads a file. Its values may be F32, F16, BF16 or F64; all are converted to F32.</summary>
    /// <exception cref="WeightFormatException">The file has another format, is damaged, or does not fit its definition.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static NetworkWeights Read(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return Read(stream, path);
    }

    /// <summary>Reads the bytes of a file, as <see cref="Read(string)"/> does.</summary>
    /// <param name="stream">The file's bytes; it must be able to seek.</param>
    /// <param name="source">The file's name for messages.</param>
    /// <exception cref="WeightFormatException">The file has another format, is damaged, or does not fit its definition.</exception>
    public static NetworkWeights Read(Stream stream, string source)
    {
        try
        {
            stream.Position = 0;
            byte[] header = ReadHeader(stream, source);
            var metadata = new Dictionary<string, string>();
            List<Entry> entries = ParseHeader(header, source, metadata);
            CheckPlaces(entries, stream.Length - stream.Position, source);
            var tensors = new Dictionary<string, WeightTensor>(entries.Count);
            foreach (Entry entry in entries)
                tensors.Add(entry.Name, new WeightTensor(entry.Shape, ReadValues(stream, entry)));
            NetworkDefinition? definition = metadata.Remove(DefinitionKey, out string? json)
                ? ParseDefinition(json, source)
                : NetworkRecognition.Recognize(tensors, out _);
            return new NetworkWeights(source, definition, tensors, metadata).Checked();
        }
        catch (EndOfStreamException e)
        {
            throw new WeightFormatException(source, "ends before its tensors do", e);
        }
    }

    /// <summary>
    /// Writes all tensors as F32, and the definition if there is one. Equal weights give equal bytes. An existing file is replaced only
    /// when the new one is complete.
    /// </summary>
    /// <exception cref="WeightFormatException">The tensors do not fit the definition. Nothing is written.</exception>
    /// <exception cref="ArgumentException">The metadata has an entry named "network", which is the definition's name.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, NetworkWeights weights)
    {
        if (weights.Metadata.ContainsKey(DefinitionKey))
            throw new ArgumentException($"metadata cannot have the name {DefinitionKey}, which is the definition's", nameof(weights));
        (string Name, WeightTensor Tensor)[] tensors =
            [.. weights.Checked().Tensors.Select(pair => (pair.Key, pair.Value)).OrderBy(pair => pair.Key, StringComparer.Ordinal)];
        string unfinished = $"{path}.{Path.GetRandomFileName()}.part";
        try
        {
            using (var stream = new FileStream(unfinished, FileMode.CreateNew, FileAccess.Write))
            {
                WriteHeader(stream, weights, tensors);
                foreach ((_, WeightTensor tensor) in tensors)
                    WriteValues(stream, tensor.Values);
                stream.Flush(flushToDisk: true);
            }
            File.Move(unfinished, path, overwrite: true);
        }
        finally
        {
            File.Delete(unfinished); // does nothing if the file was moved
        }
    }

    private static byte[] ReadHeader(Stream stream, string source)
    {
        Span<byte> prefix = stackalloc byte[sizeof(ulong)];
        if (stream.Length < prefix.Length)
            throw new WeightFormatException(source, "is too short for a safetensors file");
        stream.ReadExactly(prefix);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        ulong left = (ulong)(stream.Length - stream.Position);
        if (length > left || length > MostHeaderBytes)
            throw new WeightFormatException(source, $"claims a header of {length} bytes where {left} are left");
        var header = new byte[length];
        stream.ReadExactly(header);
        return header;
    }

    private static List<Entry> ParseHeader(byte[] header, string source, Dictionary<string, string> metadata)
    {
        try
        {
            var json = new Utf8JsonReader(header, HeaderOptions);
            var entries = new List<Entry>();
            var names = new HashSet<string>();
            Expect(ref json, JsonTokenType.StartObject, "the header");
            while (NextName(ref json) is { } name)
            {
                if (!names.Add(name))
                    throw new JsonException($"{name} appears twice");
                if (name == MetadataKey)
                    ParseMetadata(ref json, metadata);
                else
                    entries.Add(ParseEntry(ref json, name));
            }
            json.Read(); // throws if anything but blanks follows
            return entries;
        }
        // The reader throws InvalidOperationException for text that is not valid Unicode.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new WeightFormatException(source, $"its header is not that of a safetensors file: {OneSentence(e)}", e);
        }
    }

    private static void ParseMetadata(ref Utf8JsonReader json, Dictionary<string, string> metadata)
    {
        Expect(ref json, JsonTokenType.StartObject, MetadataKey);
        while (NextName(ref json) is { } name)
        {
            Expect(ref json, JsonTokenType.String, name);
            if (!metadata.TryAdd(name, json.GetString()!))
                throw new JsonException($"{name} appears twice");
        }
    }

    private static Entry ParseEntry(ref Utf8JsonReader json, string name)
    {
        string? type = null;
        List<long>? shape = null, offsets = null;
        Expect(ref json, JsonTokenType.StartObject, name);
        while (NextName(ref json) is { } key)
        {
            switch (key)
            {
                case "dtype" when type is null:
                    Expect(ref json, JsonTokenType.String, $"{name}'s dtype");
                    type = json.ValueSpan.Length <= LongestName ? json.GetString() : throw new JsonException($"{name}'s dtype is too long");
                    break;
                case "shape" when shape is null:
                    shape = ParseNumbers(ref json, $"{name}'s shape");
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ParseNumbers(ref json, $"{name}'s data_offsets");
                    break;
                default:
                    throw new JsonException($"{name} has an unexpected {key}");
            }
        }
        if (type is null || shape is null || offsets is not [long begin, long end])
            throw new JsonException($"{name} lacks its dtype, shape or two data_offsets");
        return MakeEntry(name, type, shape, begin, end);
    }

    private static Entry MakeEntry(string name, string type, List<long> shape, long begin, long end)
    {
        int bytes = type switch
        {
            "F32" => 4,
            "F64" => 8,
            "F16" or "BF16" => 2,
            _ => throw new JsonException($"{name} has the type {type}, only F32, F16, BF16 and F64 are read"),
        };
        long count = 1;
        foreach (long side in shape)
        {
            // Both factors are below 2^31, so the product cannot overflow.
            if (side > int.MaxValue || (count *= side) > Array.MaxLength)
                throw new JsonException($"{name} has the impossible shape [{string.Join(',', shape)}]");
        }
        if (end - begin != count * bytes)
        {
            string sides = string.Join(',', shape);
            throw new JsonException($"{name} of {type} [{sides}] takes {count * bytes} bytes, its place has {end - begin}");
        }
        return new Entry(name, type, [.. shape.Select(side => (int)side)], (int)count, begin, end);
    }

    private static List<long> ParseNumbers(ref Utf8JsonReader json, string what)
    {
        var numbers = new List<long>();
        long number = 0;
        Expect(ref json, JsonTokenType.StartArray, what);
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            bool natural = json.TokenType == JsonTokenType.Number && json.TryGetInt64(out number) && number >= 0;
            if (!natural || numbers.Count == MostDimensions)
                throw new JsonException($"{what} is not a list of at most {MostDimensions} natural numbers");
            numbers.Add(number);
        }
        return numbers;
    }

    private static string? NextName(ref Utf8JsonReader json)
    {
        if (!json.Read() || json.TokenType != JsonTokenType.PropertyName)
            return null;
        if (json.ValueSpan.Length > LongestName)
            throw new JsonException($"a name has {json.ValueSpan.Length} bytes");
        return json.GetString();
    }

    private static void Expect(ref Utf8JsonReader json, JsonTokenType token, string what)
    {
        if (!json.Read() || json.TokenType != token)
        {
            string kind = token switch { JsonTokenType.StartObject => "object", JsonTokenType.StartArray => "array", _ => "string" };
            throw new JsonException($"{what} is not a JSON {kind}");
        }
    }

    /// <summary>Sorts the entries by place, and checks that they fill the file without gaps and overlaps.</summary>
    private static void CheckPlaces(List<Entry> entries, long dataBytes, string source)
    {
        entries.Sort((a, b) => (a.Begin, a.End).CompareTo((b.Begin, b.End)));
        long at = 0;
        foreach (Entry entry in entries)
        {
            if (entry.Begin != at)
            {
                throw new WeightFormatException(
                    source, $"{entry.Name} starts at byte {entry.Begin} of the data, the tensor before it ends at {at}");
            }
            at = entry.End;
        }
        if (at != dataBytes)
            throw new WeightFormatException(source, $"its tensors take {at} bytes, but it has {dataBytes}");
    }

    private static float[] ReadValues(Stream stream, Entry entry)
    {
        var values = new float[entry.Count];
        if (entry.Type == "F32")
        {
            stream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
            ToLittleEndian(values);
            return values;
        }
        int size = (int)((entry.End - entry.Begin) / Math.Max(1, entry.Count));
        var chunk = new byte[Math.Min(ChunkValues, entry.Count) * size];
        for (int at = 0; at < values.Length; at += ChunkValues)
        {
            Span<byte> bytes = chunk.AsSpan(0, Math.Min(ChunkValues, values.Length - at) * size);
            stream.ReadExactly(bytes);
            for (int i = 0; i * size < bytes.Length; i++)
            {
                ReadOnlySpan<byte> value = bytes[(i * size)..];
                values[at + i] = entry.Type switch
                {
                    "F64" => (float)BinaryPrimitives.ReadDoubleLittleEndian(value),
                    "F16" => (float)BinaryPrimitives.ReadHalfLittleEndian(value),
                    // A BF16 is the upper half of a float.
                    _ => BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(value) << 16),
                };
            }
        }
        return values;
    }

    private static NetworkDefinition ParseDefinition(string json, string source)
    {
        try
        {
            return NetworkDefinition.FromJson(json);
        }
        catch (JsonException e)
        {
            throw new WeightFormatException(source, $"its network description cannot be used: {OneSentence(e)}", e);
        }
    }

    // Tensors and metadata are sorted by name, so that equal weights give equal bytes.
    private static void WriteHeader(Stream stream, NetworkWeights weights, (string Name, WeightTensor Tensor)[] tensors)
    {
        var header = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            WriteMetadata(json, weights);
            long at = 0;
            foreach ((string name, WeightTensor tensor) in tensors)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", "F32");
                json.WriteStartArray("shape");
                foreach (int side in tensor.Shape)
                    json.WriteNumberValue(side);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(at);
                json.WriteNumberValue(at += (long)tensor.Values.Length * sizeof(float));
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        // Padded with blanks to a multiple of 8, so that the values are aligned when the file is mapped into memory.
        int padding = -header.WrittenCount & 7;
        header.GetSpan(padding)[..padding].Fill((byte)' ');
        header.Advance(padding);
        Span<byte> prefix = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, (ulong)header.WrittenCount);
        stream.Write(prefix);
        stream.Write(header.WrittenSpan);
    }

    private static void WriteMetadata(Utf8JsonWriter json, NetworkWeights weights)
    {
        var metadata = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string key, string value) in weights.Metadata)
            metadata.Add(key, value);
        if (weights.Definition is not null)
            metadata.Add(DefinitionKey, weights.Definition.ToJson());
        if (metadata.Count == 0)
            return;
        json.WriteStartObject(MetadataKey);
        foreach ((string key, string value) in metadata)
            json.WriteString(key, value);
        json.WriteEndObject();
    }

    private static void WriteValues(Stream stream, float[] values)
    {
        if (!BitConverter.IsLittleEndian)
            ToLittleEndian(values = [.. values]);
        stream.Write(MemoryMarshal.AsBytes(values.AsSpan()));
    }

    // Converts in both directions.
    private static void ToLittleEndian(float[] values)
    {
        if (BitConverter.IsLittleEndian)
            return;
        Span<uint> words = MemoryMarshal.Cast<float, uint>(values.AsSpan());
        BinaryPrimitives.ReverseEndianness(words, words);
    }

    private static string OneSentence(Exception e) => e.Message.ReplaceLineEndings(" ").TrimEnd('.');
}
