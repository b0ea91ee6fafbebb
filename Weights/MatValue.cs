using System.Runtime.InteropServices;

namespace SiamIlgpu.Weights;

/// <summary>A value from a MATLAB file.</summary>
public abstract class MatValue
{
    private protected MatValue(int[] dimensions) => Dimensions = dimensions;

    /// <summary>Rows, columns and other sides, as MATLAB's size returns them. MATLAB drops trailing sides of 1 after the second.</summary>
    public IReadOnlyList<int> Dimensions { get; }

    /// <summary>Number of elements: the product of the dimensions.</summary>
    public int Count => Dimensions.Aggregate(1, (product, side) => product * side);

    /// <summary>The kind of value, for messages: "a cell array".</summary>
    public abstract string Kind { get; }
}

/// <summary>A struct array: every element has the same fields.</summary>
public sealed class MatStruct : MatValue
{
    private readonly Dictionary<string, int> fields;
    private readonly ReadOnlyMemory<MatValue> values; // element by element, each with its fields in order

    internal MatStruct(int[] dimensions, Dictionary<string, int> fields, ReadOnlyMemory<MatValue> values)
        : base(dimensions)
    {
        this.fields = fields;
        this.values = values;
    }

    /// <inheritdoc/>
    public override string Kind => "a struct";

    /// <summary>The names of the fields, in the file's order.</summary>
    public IEnumerable<string> Fields => fields.Keys;

    /// <summary>One element, as a struct of one element.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such element.</exception>
    public MatStruct this[int element]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(element);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(element, Count);
            return new MatStruct([1, 1], fields, values.Slice(element * fields.Count, fields.Count));
        }
    }

    /// <summary>A field of the first element; null if there is no such field or no element.</summary>
    public MatValue? this[string field] => Count > 0 && fields.TryGetValue(field, out int index) ? values.Span[index] : null;
}

/// <summary>A cell array: elements of any kind, column by column.</summary>
public sealed class MatCell : MatValue
{
    private readonly MatValue[] values;

    internal MatCell(int[] dimensions, MatValue[] values)
        : base(dimensions) => this.values = values;

    /// <inheritdoc/>
    public override string Kind => "a cell array";

    /// <summary>One element.</summary>
    public MatValue this[int element] => values[element];
}

/// <summary>A row of characters.</summary>
public sealed class MatText : MatValue
{
    internal MatText(int[] dimensions, string text)
        : base(dimensions) => Text = text;

    /// <inheritdoc/>
    public override string Kind => "text";

    /// <summary>The characters.</summary>
    public string Text { get; }
}

/// <summary>
/// Real numbers or logicals, column by column: the first dimension varies fastest. They keep the type in which the file stores them. For
/// any class of array, MATLAB stores the numbers in the smallest type that can hold them all.
/// </summary>
public sealed class MatNumeric : MatValue
{
    internal static readonly MatNumeric Empty = new([0, 0], MatStorage.Double, []);

    private readonly MatStorage storage;
    private readonly byte[] bytes; // in this machine's byte order

    internal MatNumeric(int[] dimensions, MatStorage storage, byte[] bytes)
        : base(dimensions)
    {
        this.storage = storage;
        this.bytes = bytes;
    }

    /// <inheritdoc/>
    public override string Kind => "numbers";

    /// <summary>One element. 64-bit integers beyond 2^53 are rounded.</summary>
    public double this[int element] => storage switch
    {
        MatStorage.Single => At<float>(element),
        MatStorage.Double => At<double>(element),
        MatStorage.Int8 => At<sbyte>(element),
        MatStorage.UInt8 => At<byte>(element),
        MatStorage.Int16 => At<short>(element),
        MatStorage.UInt16 => At<ushort>(element),
        MatStorage.Int32 => At<int>(element),
        MatStorage.UInt32 => At<uint>(element),
        MatStorage.Int64 => At<long>(element),
        MatStorage.UInt64 => At<ulong>(element),
        _ => throw new InvalidOperationException($"{storage} holds no numbers"),
    };

    private T At<T>(int element)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(bytes)[element];
}

/// <summary>A value that is skipped: an object, a function handle, a sparse or complex array, or text of several rows.</summary>
public sealed class MatOther : MatValue
{
    internal MatOther(int[] dimensions, string kind)
        : base(dimensions) => Kind = kind;

    /// <inheritdoc/>
    public override string Kind { get; }
}
