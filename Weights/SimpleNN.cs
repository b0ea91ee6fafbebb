namespace SiamIlgpu.Weights;

/// <summary>
/// A network that MatConvNet saved as a SimpleNN: a plain chain of layers without a join. Its tensors can be inspected and used elsewhere.
/// It has no definition if some of its layers (padded convolutions, LRN) are not supported.
/// </summary>
internal static class SimpleNN
{
    internal static (NetworkDefinition? Definition, Dictionary<string, WeightTensor> Tensors, string? Obstacle) Read(MatNode net)
    {
        MatLayer[] chain = [.. net["layers"].Elements.Select(ReadLayer)];
        Dictionary<string, WeightTensor> tensors = Branch.Tensors(chain);
        try
        {
            var definition = new NetworkDefinition
            {
                Name = Path.GetFileNameWithoutExtension(net.Source),
                ExemplarSize = 0,
                SearchSize = 0,
                Layers = Branch.Layers(chain),
                Join = new JoinDefinition(JoinKind.None, AdjustKind.None),
            };
            return (definition, tensors, null);
        }
        catch (WeightFormatException unsupported)
        {
            return (null, tensors, unsupported.Cause);
        }
    }

    private static MatLayer ReadLayer(MatNode layer)
    {
        string type = layer["type"].Text;
        string name = layer.Find("name") is { } node ? node.Text : type;
        MatNode[] parameters = layer.Find("weights") is { } weights ? [.. weights.Elements] : [];
        return new MatLayer(name, type, [], [], parameters, layer);
    }
}
