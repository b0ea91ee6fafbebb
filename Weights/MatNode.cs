namespace SiamIlgpu.Weights;

/// <summary>
/// A value with its path in the file ("net.params(3).value"), so that the message of a failed request can name the place.
/// </summary>
internal readonly record struct MatNode(string Source, string Path, MatValue Value)
{
    private const int LongestQuote = 80;

    /// <summary>The elements of a struct or cell array. Paths count them from 1, as MATLAB does.</summary>
    internal IEnumerable<MatNode> Elements
    {
        get
        {
            for (int i = 0; i < Value.Count; i++)
            {
                yield return Value switch
                {
                    MatStruct array => new MatNode(Source, $"{Path}({i + 1})", array[i]),
                    MatCell cell => new MatNode(Source, $"{Path}{{{i + 1}}}", cell[i]),
                    // MATLAB writes an empty list of any kind as 0x0 numbers. It has no elements, so it does not come here.
                    _ => throw Error($"expected a struct or cell array, found {Value.Kind}"),
                };
            }
        }
    }

    /// <summary>A field that must exist.</summary>
    internal MatNode this[string field] => Find(field)
        ?? throw Error(Value is MatStruct ? $"has no field {field}" : $"expected a struct, found {Value.Kind}");

    /// <summary>A field that may be missing.</summary>
    internal MatNode? Find(string field) =>
        Value is MatStruct fields && fields[field] is { } value ? new MatNode(Source, $"{Path}.{field}", value) : null;

    internal string Text => Value is MatText { Text: var text }
        ? text.Length <= LongestQuote ? text : throw Error($"a name of {text.Length} characters is too long")
        : throw Error($"expected text, found {Value.Kind}");

    internal MatNumeric Numbers => Value as MatNumeric ?? throw Error($"expected numbers, found {Value.Kind}");

    internal double Number => Numbers is { Count: 1 } one ? one[0] : throw Error($"expected one number, found {Value.Count}");

    internal WeightFormatException Error(string cause) => new(Source, $"{Path}: {cause}");
}
