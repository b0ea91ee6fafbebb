using System.Text;

namespace SiamIlgpu.Kernels.Generators;

/// <summary>Generated code without branches: loads, linear combinations, stores. Every value is a local of its own.</summary>
internal sealed class StraightLine(VectorSyntax vector, string indent, Dictionary<Rational, string>? shared = null)
{
    private readonly StringBuilder lines = new();
    private int values;

    /// <summary>The factors used so far, and the locals that hold them; declared once before all loops.</summary>
    internal Dictionary<Rational, string> Constants { get; } = shared ?? [];

    internal string ConstantLines => string.Concat(Constants.Select(
        c => $"        {vector.Type} {c.Value} = {vector.Broadcast($"{c.Key.Numerator}f / {c.Key.Denominator}")};\n"));

    internal void Add(string statement) => lines.Append($"{indent}{statement};\n");

    /// <summary>Loads <paramref name="count"/> vectors, a stride apart; the pointer moves along.</summary>
    internal string[] Load(int count, string pointer, string stride)
    {
        var loaded = new string[count];
        for (int i = 0; i < count; i++)
        {
            loaded[i] = Value(vector.Load(pointer));
            if (i < count - 1)
                Add($"{pointer} += {stride}");
        }
        return loaded;
    }

    /// <summary>Stores values, a stride apart; the pointer ends one stride behind the last.</summary>
    internal void Store(string[] results, string pointer, string stride)
    {
        foreach (string result in results)
        {
            Add(vector.Store(result, pointer));
            Add($"{pointer} += {stride}");
        }
    }

    /// <summary>A new value, the sum of factor * value.</summary>
    internal string Combine(params (Rational Factor, string Value)[] terms)
    {
        // A factor of 1 is the cheapest to begin with.
        int first = Math.Max(Array.FindIndex(terms, t => t.Factor == 1), 0);
        string sum = terms[first].Factor == 1 ? terms[first].Value : $"{Constant(terms[first].Factor)} * {terms[first].Value}";
        for (int i = 0; i < terms.Length; i++)
        {
            if (i == first)
                continue;
            (Rational factor, string value) = terms[i];
            sum = factor == 1 ? $"({sum} + {value})"
                : factor == -1 ? $"({sum} - {value})"
                : vector.MultiplyAdd(Constant(factor), value, sum);
        }
        return Value(sum);
    }

    public override string ToString() => lines.ToString();

    private string Constant(Rational factor)
    {
        if (!Constants.TryGetValue(factor, out string? name))
            Constants.Add(factor, name = $"c{Constants.Count}");
        return name;
    }

    private string Value(string expression)
    {
        string name = $"v{values++}";
        Add($"{vector.Type} {name} = {expression}");
        return name;
    }
}
