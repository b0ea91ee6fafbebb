namespace SiamIlgpu.Weights;

/// <summary>
/// A layer of a MatConvNet network, either a DagNN (type "dagnn.Conv") or a SimpleNN (type "conv").
/// </summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Type">Its type in the file.</param>
/// <param name="Inputs">The variables that it reads. A SimpleNN has none: each layer reads the output of the layer before it.</param>
/// <param name="Outputs">The variables that it writes.</param>
/// <param name="Params">Its parameters: filters and biases; gains, offsets and moments.</param>
/// <param name="Block">Its settings: stride, pad, poolSize, lambda, ...</param>
internal sealed record MatLayer(
    string Name, string Type, string[] Inputs, string[] Outputs, MatNode[] Params, MatNode Block)
{
    internal MatNode Param(int index, string what) =>
        index < Params.Length ? Params[index] : throw Error($"has no {what}");

    /// <summary>A setting that must be equal on both axes or on all sides; <paramref name="absent"/> if there is none.</summary>
    internal int Uniform(string setting, int absent)
    {
        if (Block.Find(setting) is not { Value.Count: > 0 } node)
            return absent;
        MatNumeric numbers = node.Numbers;
        double first = numbers[0];
        for (int i = 1; i < numbers.Count; i++)
        {
            if (numbers[i] != first)
                throw Error($"{setting} has the values {first} and {numbers[i]}; only equal values are supported");
        }
        return first is >= 0 and <= short.MaxValue && first == Math.Floor(first) ? (int)first : throw Error($"{setting} is {first}");
    }

    /// <summary>Checks that a setting has the one value that is supported.</summary>
    internal void MustBe(string setting, int value)
    {
        if (Uniform(setting, absent: value) is var found && found != value)
            throw Error($"{setting} is {found}, only {value} is supported");
    }

    internal WeightFormatException Error(string cause) => new(Block.Source, $"layer {Name} ({Type}): {cause}");
}
