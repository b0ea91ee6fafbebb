namespace SiamIlgpu.Weights;

/// <summary>
/// A Siamese network that MatConvNet saved as a DagNN. Layers are connected by the names of the variables between them. The reader starts
/// at the XCorr layer, and follows the network back to the images on both sides and forward to the score. The names of the layers do not
/// matter.
/// </summary>
internal sealed class DagNN
{
    // The file does not have the sizes of the crops, so the papers' sizes are used.
    private const int SearchSize = 255;
    private const int CrossCorrelationExemplarSize = 127;
    private const int CorrelationFilterExemplarSize = 255;

    private readonly MatNode net;
    private readonly List<MatLayer> layers;
    private readonly Dictionary<string, MatLayer> writers = [];

    private DagNN(MatNode net)
    {
        this.net = net;
        Dictionary<string, MatNode> values = ReadValues(net["params"]);
        layers = [.. net["layers"].Elements.Select(layer => ReadLayer(layer, values))];
        foreach (MatLayer layer in layers)
        {
            foreach (string variable in layer.Outputs)
            {
                if (!writers.TryAdd(variable, layer))
                    throw layer.Error($"writes {variable}, as {writers[variable].Name} does");
            }
        }
    }

    internal static (NetworkDefinition Definition, Dictionary<string, WeightTensor> Tensors) Read(MatNode net) => new DagNN(net).Read();

    private (NetworkDefinition Definition, Dictionary<string, WeightTensor> Tensors) Read()
    {
        MatLayer[] joins = [.. layers.Where(layer => layer.Type == "XCorr")];
        if (joins is not [{ Inputs: [var template, var search] } join])
            throw net.Error($"expected one XCorr layer of two inputs, file has {joins.Length} XCorr layers");
        join.MustBe("bias", 0);

        List<MatLayer> searchBranch = ChainTo(search);
        List<MatLayer> exemplarSide = ChainTo(template);
        int branchLength = exemplarSide.FindIndex(layer => layer.Type is "MulConst" or "CorrFilter" or "CropMargin");
        List<MatLayer> exemplarBranch = branchLength < 0 ? exemplarSide : exemplarSide[..branchLength];
        List<MatLayer> filter = branchLength < 0 ? [] : exemplarSide[branchLength..];
        RequireSharedWeights(exemplarBranch, searchBranch);

        List<LayerDefinition> branch = Branch.Layers(searchBranch);
        if (!branch.SequenceEqual(Branch.Layers(exemplarBranch)))
            throw join.Error("its two branches have the same weights but different layers");
        Dictionary<string, WeightTensor> tensors = Branch.Tensors(searchBranch);
        AdjustKind adjust = ReadAdjust(join, tensors);
        HashSet<MatLayer> used = [.. exemplarSide, .. searchBranch, join];
        RequireOnlyLosses(layers.Where(layer => !used.Contains(layer) && !IsAdjust(layer, join)));

        bool hasFilter = filter.Count > 0;
        var definition = new NetworkDefinition
        {
            Name = "",
            ExemplarSize = hasFilter ? CorrelationFilterExemplarSize : CrossCorrelationExemplarSize,
            SearchSize = SearchSize,
            Layers = branch,
            Join = new JoinDefinition(JoinKind.CrossCorrelation, adjust),
        };
        if (hasFilter)
            definition = definition with { Join = ReadFilter(filter, adjust, definition.FeatureSize(definition.ExemplarSize), tensors) };
        return (definition with { Name = NameOf(definition) }, tensors);
    }

    private static string NameOf(NetworkDefinition definition)
    {
        int depth = definition.Convolutions.Count();
        return definition.Join.Kind == JoinKind.CorrelationFilter ? $"CFNet-conv{depth}"
            : definition.Stride == NetworkDefinition.SiamFc.Stride ? NetworkDefinition.SiamFc.Name
            : $"Baseline-conv{depth}";
    }

    private static Dictionary<string, MatNode> ReadValues(MatNode parameters)
    {
        var values = new Dictionary<string, MatNode>();
        foreach (MatNode parameter in parameters.Elements)
        {
            string name = parameter["name"].Text;
            if (!values.TryAdd(name, parameter["value"] with { Path = name }))
                throw parameter.Error($"{name} appears twice");
        }
        return values;
    }

    private static MatLayer ReadLayer(MatNode layer, Dictionary<string, MatNode> values)
    {
        string name = layer["name"].Text;
        MatNode[] parameters =
        [
            .. layer["params"].Elements.Select(parameter => values.TryGetValue(parameter.Text, out MatNode value)
                ? value
                : throw layer.Error($"{name} needs the parameter {parameter.Text}, which is missing")),
        ];
        return new MatLayer(name, layer["type"].Text, Names(layer["inputs"]), Names(layer["outputs"]), parameters, layer["block"]);
    }

    private static string[] Names(MatNode list) => [.. list.Elements.Select(name => name.Text)];

    /// <summary>The layers between an image and a variable.</summary>
    private List<MatLayer> ChainTo(string variable)
    {
        var chain = new List<MatLayer>();
        while (writers.TryGetValue(variable, out MatLayer? layer))
        {
            if (layer is not { Inputs: [var input], Outputs: [_] })
                throw layer.Error($"has {layer.Inputs.Length} inputs and {layer.Outputs.Length} outputs, a branch is a chain");
            if (chain.Count == layers.Count)
                throw layer.Error("its output leads back to its input");
            chain.Add(layer);
            variable = input;
        }
        chain.Reverse();
        return chain;
    }

    private static void RequireSharedWeights(List<MatLayer> exemplar, List<MatLayer> search)
    {
        for (int i = 0; i < Math.Max(exemplar.Count, search.Count); i++)
        {
            if (i >= exemplar.Count || i >= search.Count || !exemplar[i].Params.SequenceEqual(search[i].Params))
            {
                MatLayer odd = i < search.Count ? search[i] : exemplar[i];
                throw odd.Error("has no counterpart with the same weights in the other branch");
            }
        }
    }

    // The steps after the exemplar's branch: window, correlation filter, crop.
    private static JoinDefinition ReadFilter(List<MatLayer> steps, AdjustKind adjust, int side, Dictionary<string, WeightTensor> tensors)
    {
        if (steps is not [{ Type: "MulConst" } window, { Type: "CorrFilter" } filter, .. var crops]
            || crops is not ([] or [{ Type: "CropMargin" }]))
        {
            string types = string.Join(", ", steps.Select(layer => layer.Type));
            throw steps[0].Error($"expected MulConst, CorrFilter and perhaps CropMargin after the exemplar's branch, file has {types}");
        }
        if (filter.Block.Find("window") is { Value.Count: > 0 })
            throw filter.Error("has its own window, but only a window before it is supported");
        filter.MustBe("bias", 0);
        tensors.Add("join.window", Branch.Square(window.Param(0, "window"), side));
        tensors.Add("join.target", Branch.Square(filter.Param(0, "target"), side));
        var lambda = (float)filter.Block["lambda"].Number;
        return new JoinDefinition(JoinKind.CorrelationFilter, adjust, lambda, crops is [var crop] ? crop.Uniform("margin", absent: 0) : 0);
    }

    private AdjustKind ReadAdjust(MatLayer join, Dictionary<string, WeightTensor> tensors)
    {
        MatLayer[] found = [.. layers.Where(layer => IsAdjust(layer, join))];
        return found switch
        {
            [] => AdjustKind.None,
            [var adjust] => Branch.AddAdjust(tensors, adjust),
            [_, var second, ..] => throw second.Error("is a second adjustment of the response"),
        };
    }

    private static bool IsAdjust(MatLayer layer, MatLayer join) =>
        layer.Type is "dagnn.Conv" or "dagnn.BatchNorm" && layer.Inputs.Intersect(join.Outputs).Any();

    // The layers that only measure the training: dagnn.Loss, LogisticLoss, centerThrErr, MaxScoreErr, IOUErrorScore.
    private static void RequireOnlyLosses(IEnumerable<MatLayer> steps)
    {
        foreach (MatLayer layer in steps)
        {
            if (!layer.Type.Contains("Loss", StringComparison.Ordinal) && !layer.Type.Contains("Err", StringComparison.Ordinal))
                throw layer.Error("is not part of a branch or of the join, and it is not a loss");
        }
    }
}
