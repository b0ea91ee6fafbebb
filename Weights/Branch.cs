namespace SiamIlgpu.Weights;

/// <summary>Turns a chain of MatConvNet layers into definitions and tensors. Convolutions are numbered in the order of the chain.</summary>
internal static class Branch
{
    /// <summary>The tensors of the chain: filters, biases and batch norms. Other layers have no tensors.</summary>
    internal static Dictionary<string, WeightTensor> Tensors(IEnumerable<MatLayer> chain)
    {
        var tensors = new Dictionary<string, WeightTensor>();
        int number = 0;
        foreach (MatLayer layer in chain)
        {
            switch (layer.Type)
            {
                case "dagnn.Conv" or "conv":
                    AddConvolution(tensors, $"conv{++number}", layer);
                    break;
                case "dagnn.BatchNorm" or "bnorm":
                    int channels = tensors.TryGetValue($"conv{number}.bias", out WeightTensor? bias) ? bias.Shape[0] : 0;
                    if (!tensors.ContainsKey($"bn{number}.gain") && channels > 0)
                        AddBatchNorm(tensors, $"bn{number}", channels, layer);
                    else
                        throw layer.Error("only one batch norm per convolution is supported, and only after the convolution");
                    break;
            }
        }
        return tensors;
    }

    /// <summary>The layers of the chain: convolutions, each with the batch norm and ReLU that follow it, and max pools.</summary>
    /// <exception cref="WeightFormatException">A layer has a type or a setting that is not supported.</exception>
    internal static List<LayerDefinition> Layers(IEnumerable<MatLayer> chain)
    {
        var layers = new List<LayerDefinition>();
        int number = 0;
        foreach (MatLayer layer in chain)
        {
            LayerDefinition? last = layers.Count > 0 ? layers[^1] : null;
            switch (layer.Type)
            {
                case "dagnn.Conv" or "conv":
                    int channels = layers.OfType<ConvolutionLayer>().LastOrDefault()?.OutChannels ?? 0;
                    layers.Add(Convolution($"conv{++number}", channels, layer));
                    break;
                case "dagnn.BatchNorm" or "bnorm" when last is ConvolutionLayer { BatchNorm: false, Relu: false } conv:
                    layers[^1] = conv with { BatchNorm = true };
                    break;
                case "dagnn.ReLU" or "relu" when last is ConvolutionLayer { Relu: false } conv:
                    layer.MustBe("leak", 0);
                    layers[^1] = conv with { Relu = true };
                    break;
                case "dagnn.Pooling" or "pool" when last is not null:
                    layers.Add(MaxPool(layer));
                    break;
                case "dagnn.BatchNorm" or "bnorm" or "dagnn.ReLU" or "relu" or "dagnn.Pooling" or "pool":
                    throw layer.Error("is not supported in this place: a convolution is followed by its batch norm, then its ReLU");
                default:
                    throw layer.Error("is not supported in a branch; convolutions, batch norms, ReLUs and max pools are");
            }
        }
        return layers;
    }

    /// <summary>Adds the tensors of the response's adjustment: a 1x1 convolution or a batch norm, with one channel.</summary>
    internal static AdjustKind AddAdjust(Dictionary<string, WeightTensor> tensors, MatLayer layer)
    {
        if (layer.Type == "dagnn.BatchNorm")
        {
            AddBatchNorm(tensors, "adjust", 1, layer);
            return AdjustKind.BatchNorm;
        }
        layer.MustBe("stride", 1);
        layer.MustBe("pad", 0);
        AddConvolution(tensors, "adjust", layer);
        return tensors["adjust.weight"].Values.Length == 1
            ? AdjustKind.Affine
            : throw layer.Error($"expected a gain, adjust.weight [1,1,1,1], file has {tensors["adjust.weight"]}");
    }

    /// <summary>Reads a square matrix, and transposes it to row by row.</summary>
    internal static WeightTensor Square(MatNode param, int side)
    {
        MatNumeric numbers = Shaped(param, side, side);
        var values = new float[side * side];
        for (int row = 0; row < side; row++)
        {
            for (int column = 0; column < side; column++)
                values[row * side + column] = (float)numbers[row + side * column];
        }
        return new WeightTensor([side, side], values);
    }

    private static ConvolutionLayer Convolution(string name, int channelsBefore, MatLayer layer)
    {
        layer.MustBe("pad", 0);
        layer.MustBe("dilate", 1);
        (int height, int width, int inputs, int outputs) = FilterSides(layer);
        if (height != width)
            throw layer.Error($"filters of {height} x {width} are not square");
        // If filters take fewer channels than there are, each group sees its share of them.
        int channels = channelsBefore == 0 ? inputs : channelsBefore;
        if (inputs == 0 || channels % inputs != 0)
            throw layer.Error($"filters of {inputs} channels do not divide the {channels} that they get");
        return new ConvolutionLayer(
            name, height, layer.Uniform("stride", absent: 1), channels, outputs, channels / inputs, BatchNorm: false, Relu: false);
    }

    private static MaxPoolLayer MaxPool(MatLayer layer)
    {
        if (layer.Block.Find("method") is { } method && method.Text != "max")
            throw layer.Error($"pools by {method.Text}, only max is supported");
        layer.MustBe("pad", 0);
        layer.MustBe("dilate", 1);
        int size = layer.Uniform(layer.Block.Find("poolSize") is null ? "pool" : "poolSize", absent: 1);
        return new MaxPoolLayer(size, layer.Uniform("stride", absent: 1));
    }

    private static void AddConvolution(Dictionary<string, WeightTensor> tensors, string name, MatLayer layer)
    {
        (int height, int width, int inputs, int outputs) = FilterSides(layer);
        MatNumeric filters = layer.Params[0].Numbers;
        var values = new float[filters.Count];
        int at = 0;
        for (int o = 0; o < outputs; o++)
        {
            for (int c = 0; c < inputs; c++)
            {
                for (int h = 0; h < height; h++)
                {
                    // In the file h varies fastest, then w, c, o. Here w varies fastest, then h, c, o.
                    for (int w = 0; w < width; w++)
                        values[at++] = (float)filters[h + height * (w + width * (c + inputs * o))];
                }
            }
        }
        tensors.Add($"{name}.weight", new WeightTensor([outputs, inputs, height, width], values));
        // A convolution without biases (hasBias = 0) gets zeros.
        tensors.Add($"{name}.bias", layer.Params.Length > 1 && layer.Params[1].Value.Count > 0
            ? Vector(layer.Params[1], outputs)
            : new WeightTensor([outputs], new float[outputs]));
    }

    private static void AddBatchNorm(Dictionary<string, WeightTensor> tensors, string name, int channels, MatLayer layer)
    {
        tensors.Add($"{name}.gain", Vector(layer.Param(0, "gains"), channels));
        tensors.Add($"{name}.offset", Vector(layer.Param(1, "offsets"), channels));
        // The first column has the means, the second the sigmas. A sigma already is sqrt(variance + epsilon).
        MatNumeric moments = Shaped(layer.Param(2, "moments"), channels, 2);
        tensors.Add($"{name}.mean", Slice(moments, 0, channels));
        tensors.Add($"{name}.sigma", Slice(moments, channels, channels));
    }

    private static WeightTensor Vector(MatNode param, int length) => param.Numbers.Count == length
        ? Slice(param.Numbers, 0, length)
        : throw param.Error($"expected {length} values, file has {Sides(param.Value)}");

    private static WeightTensor Slice(MatNumeric numbers, int start, int length)
    {
        var values = new float[length];
        for (int i = 0; i < length; i++)
            values[i] = (float)numbers[start + i];
        return new WeightTensor([length], values);
    }

    private static MatNumeric Shaped(MatNode param, int rows, int columns) =>
        param.Value.Dimensions is [var r, var c] && r == rows && c == columns
            ? param.Numbers
            : throw param.Error($"expected [{rows},{columns}], file has {Sides(param.Value)}");

    private static (int Height, int Width, int Inputs, int Outputs) FilterSides(MatLayer layer)
    {
        MatNode filters = layer.Param(0, "filters");
        // MATLAB drops trailing sides of 1.
        IReadOnlyList<int> sides = filters.Numbers.Dimensions;
        return sides.Count <= 4 && filters.Value.Count > 0
            ? (sides[0], sides[1], sides.Count < 3 ? 1 : sides[2], sides.Count < 4 ? 1 : sides[3])
            : throw layer.Error($"filters of {Sides(filters.Value)} are not height x width x inputs x outputs");
    }

    private static string Sides(MatValue value) => $"[{string.Join(',', value.Dimensions)}]";
}
