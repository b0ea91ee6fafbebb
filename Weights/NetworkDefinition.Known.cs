namespace SiamIlgpu.Weights;

/// <content>The networks of the papers.</content>
public sealed partial record NetworkDefinition
{
    // The layers of SiamFC (Bertinetto et al. 2016, table 1), an AlexNet without padding. The networks below say where they differ.
    private static readonly ConvolutionLayer Conv1 = new("conv1", 11, 2, 3, 96, Groups: 1, BatchNorm: true, Relu: true);
    private static readonly ConvolutionLayer Conv2 = new("conv2", 5, 1, 96, 256, Groups: 2, BatchNorm: true, Relu: true);
    private static readonly ConvolutionLayer Conv3 = new("conv3", 3, 1, 256, 384, Groups: 1, BatchNorm: true, Relu: true);
    private static readonly ConvolutionLayer Conv4 = new("conv4", 3, 1, 384, 384, Groups: 2, BatchNorm: true, Relu: true);
    private static readonly ConvolutionLayer Conv5 = new("conv5", 3, 1, 384, 256, Groups: 2, BatchNorm: false, Relu: false);
    private static readonly ConvolutionLayer NarrowConv5 = Conv5 with { OutChannels = 32 };
    private static readonly MaxPoolLayer Halve = new(3, 2);
    private static readonly MaxPoolLayer Keep = new(3, 1);

    /// <summary>SiamFC (2016), "3s" and "5s": exemplar 127 -> 6x6x256, search 255 -> 22x22x256, response 17x17.</summary>
    public static NetworkDefinition SiamFc { get; } =
        CrossCorrelation("SiamFC", AdjustKind.Affine, Conv1, Halve, Conv2, Halve, Conv3, Conv4, Conv5);

    /// <summary>The baseline of CFNet (2017), or SiamFC v2: stride 4, exemplar 17x17x32, search 49x49x32, response 33x33.</summary>
    public static NetworkDefinition BaselineConv5 { get; } =
        CrossCorrelation("Baseline-conv5", AdjustKind.BatchNorm, Conv1, Halve, Conv2, Keep, Conv3, Conv4, NarrowConv5);

    /// <summary>CFNet with one convolution: features 62x62x32, response 33x33.</summary>
    public static NetworkDefinition CfNetConv1 { get; } =
        CorrelationFilter("CFNet-conv1", Conv1 with { Stride = 4, OutChannels = 32 });

    /// <summary>CFNet with two convolutions: features 57x57x32, response 33x33.</summary>
    public static NetworkDefinition CfNetConv2 { get; } =
        CorrelationFilter("CFNet-conv2", Conv1, Halve, Conv2 with { OutChannels = 32 });

    /// <summary>CFNet with three convolutions ("baseline-conv3-on-cfnet-conv3"): features 53x53x32, response 33x33.</summary>
    public static NetworkDefinition CfNetConv3 { get; } =
        CorrelationFilter("CFNet-conv3", Conv1, Halve, Conv2, Keep, Conv3 with { OutChannels = 32 });

    /// <summary>CFNet with five convolutions: features 49x49x32, response 33x33.</summary>
    public static NetworkDefinition CfNetConv5 { get; } =
        CorrelationFilter("CFNet-conv5", Conv1, Halve, Conv2, Keep, Conv3, Conv4, NarrowConv5);

    /// <summary>The networks of the papers, the deepest of each kind first.</summary>
    public static IReadOnlyList<NetworkDefinition> Known { get; } =
        [SiamFc, BaselineConv5, CfNetConv5, CfNetConv3, CfNetConv2, CfNetConv1];

    /// <summary>The networks of the papers by the names that command lines use. Upper and lower case are the same.</summary>
    public static IReadOnlyDictionary<string, NetworkDefinition> Named { get; } =
        new Dictionary<string, NetworkDefinition>(StringComparer.OrdinalIgnoreCase)
        {
            ["siamfc"] = SiamFc,
            ["siamfc-v2"] = BaselineConv5,
            ["cfnet-conv1"] = CfNetConv1,
            ["cfnet-conv2"] = CfNetConv2,
            ["cfnet-conv3"] = CfNetConv3,
            ["cfnet-conv5"] = CfNetConv5,
        };

    private static NetworkDefinition CrossCorrelation(string name, AdjustKind adjust, params LayerDefinition[] layers) => new()
    {
        Name = name,
        ExemplarSize = 127,
        SearchSize = 255,
        Layers = layers,
        Join = new JoinDefinition(JoinKind.CrossCorrelation, adjust),
    };

    private static NetworkDefinition CorrelationFilter(string name, params LayerDefinition[] layers) => new()
    {
        Name = name,
        ExemplarSize = 255,
        SearchSize = 255,
        Layers = layers,
        Join = new JoinDefinition(JoinKind.CorrelationFilter, AdjustKind.Affine, Lambda: 10, Margin: 16),
    };
}
