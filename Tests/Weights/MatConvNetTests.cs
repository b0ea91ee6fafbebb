using SiamIlgpu.Weights;

namespace SiamIlgpu.Tests.Weights;

public sealed class MatConvNetTests
{
    // What scipy.io.loadmat gives for net.params: conv1.weight[1,2,3,4] is br_conv1f[3, 4, 2, 1], join.window[5,9] and
    // join.target[1,2] are join_window[5, 9] and join_cf_target[1, 2], bn1.mean[2] and bn1.sigma[2] are br_bn1x[2, 0] and [2, 1].
    public sealed record Expected(
        string File, string Network, double Weight1, double Weight2, double Mean, double Sigma, double Window, double AdjustGain, double AdjustBias);

    private static readonly Expected[] CfNetFiles =
    [
        new("cfnet-conv1_e75", "CFNet-conv1", 0.008401692844927311, double.NaN, -1.371669054031372, 37.48006820678711, 0.012964527122676373, 19.271068572998047, -3.0049901008605957),
        new("cfnet-conv1_gray_e55", "CFNet-conv1", -0.0007001323974691331, double.NaN, -30.318687438964844, 11.796361923217773, 0.012964527122676373, 18.85154151916504, -2.9326045513153076),
        new("cfnet-conv2_e80", "CFNet-conv2", 0.009801628068089485, -0.008313804864883423, -102.60054016113281, 42.4495735168457, 0.017932038754224777, 23.18732452392578, -3.6984901428222656),
        new("cfnet-conv2_gray_e40", "CFNet-conv2", -0.002666529966518283, -0.0020597183611243963, -11.957417488098145, 17.597824096679688, 0.017932038754224777, 23.311342239379883, -3.7014129161834717),
        new("baseline-conv3-on-cfnet-conv3_e100", "CFNet-conv3", 0.00534796342253685, -0.00046598567860201, -20.40007209777832, 8.873496055603027, 0.02368815802037716, 24.15260124206543, -4.188017845153809),
        new("baseline-conv3-on-cfnet-conv3_gray_e70", "CFNet-conv3", 0.0035132155753672123, -0.0016762452432885766, 31.492136001586914, 19.637428283691406, 0.02368815802037716, 24.15260124206543, -4.17848014831543),
    ];

    [TestCaseSource(nameof(CfNetFiles))]
    [Needs(Need.SharedData)]
    public void Read_CfNetFile_GivesThePapersNetworkAndScipysValues(Expected expected)
    {
        NetworkWeights weights = NetworkWeights.Load(SharedData.Require($"weights/cfnet/{expected.File}.mat"));
        NetworkDefinition definition = weights.RequireDefinition();
        Assert.That(definition, Is.EqualTo(NetworkDefinition.Known.Single(known => known.Name == expected.Network)));
        Assert.That(weights.Tensors.Keys, Is.EquivalentTo(definition.TensorShapes().Select(tensor => tensor.Name)));
        Assert.That(At(weights, "conv1.weight", 1, 2, 3, 4), Is.EqualTo((float)expected.Weight1));
        if (weights.Tensors.ContainsKey("conv2.weight"))
            Assert.That(At(weights, "conv2.weight", 7, 11, 2, 1), Is.EqualTo((float)expected.Weight2));
        Assert.That(At(weights, "bn1.mean", 2), Is.EqualTo((float)expected.Mean));
        Assert.That(At(weights, "bn1.sigma", 2), Is.EqualTo((float)expected.Sigma));
        Assert.That(At(weights, "join.window", 5, 9), Is.EqualTo((float)expected.Window));
        Assert.That(At(weights, "join.target", 1, 2), Is.EqualTo(0.5352614521980286f));
        Assert.That(At(weights, "adjust.weight", 0, 0, 0, 0), Is.EqualTo((float)expected.AdjustGain));
        Assert.That(At(weights, "adjust.bias", 0), Is.EqualTo((float)expected.AdjustBias));
    }

    [Test]
    [Needs(Need.SharedData)]
    public void Read_CfNetConv2_GivesPaperShapes()
    {
        NetworkWeights weights = MatConvNet.Read(SharedData.Require("weights/cfnet/cfnet-conv2_e80.mat"));
        Assert.That(weights.Values("conv1.weight", 96, 3, 11, 11), Has.Length.EqualTo(96 * 3 * 11 * 11));
        Assert.That(weights.Values("conv2.weight", 32, 48, 5, 5), Has.Length.EqualTo(32 * 48 * 5 * 5));
        Assert.That(weights.Values("join.window", 57, 57), Has.Length.EqualTo(57 * 57));
        Assert.That(weights.Metadata["source"], Is.EqualTo(
            "cfnet-conv2_e80.mat, MATLAB 5.0 MAT-file, Platform: GLNXA64, Created on: Tue Mar 21 22:01:40 2017"));
        Assert.That(() => weights.Values("conv2.weight", 256, 48, 5, 5), Throws.InstanceOf<WeightFormatException>()
            .With.Message.EndsWith("cfnet-conv2_e80.mat: conv2.weight: expected [256,48,5,5], file has [32,48,5,5]"));
    }

    [Test]
    [Needs(Need.SharedData)]
    public void Read_SiamFcLayout_GivesItsOwnWidths()
    {
        NetworkWeights weights = NetworkWeights.Load(SharedData.Require("weights/loader-cases/siamfc-v1-layout-untrained.mat"));
        NetworkDefinition definition = weights.RequireDefinition();
        Assert.That(definition.Name, Is.EqualTo("SiamFC"));
        Assert.That((definition.ExemplarSize, definition.SearchSize, definition.Stride), Is.EqualTo((127, 255, 8)));
        Assert.That(definition.Convolutions.Select(conv => conv.OutChannels), Is.EqualTo(new[] { 48, 128, 48, 48, 32 }));
        Assert.That(definition.Convolutions.Last(), Is.EqualTo(new ConvolutionLayer("conv5", 3, 1, 48, 32, 1, BatchNorm: false, Relu: false)));
        Assert.That(definition.Join, Is.EqualTo(new JoinDefinition(JoinKind.CrossCorrelation, AdjustKind.Affine)));
        Assert.That((definition.FeatureSize(127), definition.FeatureSize(255)), Is.EqualTo((6, 22)));
        // net.params: conv1f[3, 4, 2, 1], conv5f[2, 1, 11, 7], adjust_b by scipy.io.loadmat
        Assert.That(At(weights, "conv1.weight", 1, 2, 3, 4), Is.EqualTo(0.0018399658147245646f));
        Assert.That(At(weights, "conv5.weight", 7, 11, 2, 1), Is.EqualTo(0.010728825815021992f));
        Assert.That(At(weights, "adjust.bias", 0), Is.EqualTo(0.0008100685081444681f));
    }

    [Test]
    [Needs(Need.SharedData)]
    public void Read_SimpleNN_GivesTensorsAndSaysWhyThereIsNoDefinition()
    {
        NetworkWeights weights = NetworkWeights.Load(SharedData.Require("weights/loader-cases/dcfnet-simplenn.mat"));
        Assert.That(weights.Definition, Is.Null);
        // net.layers{1}.weights{1}[2, 1, 2, 7], {2}[3] and net.layers{3}.weights{1}[2, 1, 20, 7] by scipy.io.loadmat
        Assert.That(At(weights, "conv1.weight", 7, 2, 2, 1), Is.EqualTo(0.23789797723293304f));
        Assert.That(At(weights, "conv1.bias", 3), Is.EqualTo(0.010989922098815441f));
        Assert.That(At(weights, "conv2.weight", 7, 20, 2, 1), Is.EqualTo(-0.05864140763878822f));
        Assert.That(() => weights.RequireDefinition(), Throws.InstanceOf<WeightFormatException>()
            .With.Message.EndsWith("dcfnet-simplenn.mat: layer conv1 (conv): pad is 1, only 0 is supported"));
    }

    [Test]
    public void Read_SimpleNNOfKnownLayers_HasADefinitionWithoutAJoin()
    {
        var w = new MatWriter(bigEndian: false);
        byte[] file = w.File(true, ("net", w.Struct(("layers", w.Cell(
            w.Struct(("name", w.Text("c")), ("type", w.Text("conv")), ("stride", w.Scalar(2)), ("weights", w.Cell(w.Numbers([3, 3, 2, 1], new double[18]), w.Empty()))),
            w.Struct(("type", w.Text("relu"))),
            w.Struct(("type", w.Text("pool")), ("method", w.Text("max")), ("pool", w.Row(2, 2)), ("stride", w.Row(2, 2))))))));
        NetworkDefinition definition = Read(file).RequireDefinition();
        Assert.That(definition.Layers, Is.EqualTo(new LayerDefinition[]
        {
            new ConvolutionLayer("conv1", 3, 2, 2, 1, 1, BatchNorm: false, Relu: true),
            new MaxPoolLayer(2, 2),
        }));
        Assert.That((definition.Name, definition.Join.Kind, definition.ExemplarSize), Is.EqualTo(("test", JoinKind.None, 0)));
    }

    [Test]
    public void Read_HandmadeDagNN_GivesItsLayersJoinAndTensors([Values] bool bigEndian, [Values] bool compressed)
    {
        NetworkWeights weights = Read(DagFile.CorrelationFilter().ToBytes(bigEndian, compressed));
        NetworkDefinition definition = weights.RequireDefinition();
        Assert.That(definition.Layers, Is.EqualTo(new LayerDefinition[]
        {
            new ConvolutionLayer("conv1", 15, 16, 3, 8, 1, BatchNorm: true, Relu: true),
            new MaxPoolLayer(3, 1),
            new ConvolutionLayer("conv2", 1, 1, 8, 4, 2, BatchNorm: false, Relu: false),
        }));
        Assert.That(definition.Join, Is.EqualTo(new JoinDefinition(JoinKind.CorrelationFilter, AdjustKind.Affine, 10, 3)));
        Assert.That(definition.Name, Is.EqualTo("CFNet-conv2"));
        // Parameter i holds i/64 in the file's order: (h,w,c,o) is at h + 15 (w + 15 (c + 3 o)).
        Assert.That(At(weights, "conv1.weight", 5, 1, 7, 2), Is.EqualTo((7 + 15 * (2 + 15 * (1 + 3 * 5))) / 64f));
        Assert.That(At(weights, "join.window", 2, 3), Is.EqualTo((2 + 14 * 3) / 64f));
        Assert.That(weights.Values("bn1.sigma", 8), Is.EqualTo(Enumerable.Range(8, 8).Select(i => i / 64f)));
        Assert.That(weights.Values("conv2.bias", 4), Is.All.Zero, "conv2 has no biases in the file");
        Assert.That(weights.Values("adjust.weight", 1, 1, 1, 1), Is.EqualTo(new[] { 2f }));
    }

    [Test]
    public void Read_ScoreBatchNorm_BecomesTheAdjustment()
    {
        DagFile file = DagFile.CrossCorrelation();
        DagFile.Layer adjust = file["adjust"];
        adjust.Type = "dagnn.BatchNorm";
        adjust.Params.Add("adjustx");
        file.Params["adjustx"] = ([1, 2], [0.25, 4]);
        NetworkWeights weights = Read(file.ToBytes());
        Assert.That(weights.RequireDefinition().Join, Is.EqualTo(new JoinDefinition(JoinKind.CrossCorrelation, AdjustKind.BatchNorm)));
        Assert.That(weights.Values("adjust.gain", 1), Is.EqualTo(new[] { 2f }));
        Assert.That(weights.Values("adjust.mean", 1), Is.EqualTo(new[] { 0.25f }));
        Assert.That(weights.Values("adjust.sigma", 1), Is.EqualTo(new[] { 4f }));
    }

    private static IEnumerable<TestCaseData> Spoilt()
    {
        yield return Case("padded", f => Both(f, "conv1", l => l.Block["pad"] = new[] { 1.0, 1, 1, 1 }), "layer br2_conv1 (dagnn.Conv): pad is 1, only 0 is supported");
        yield return Case("uneven stride", f => Both(f, "conv1", l => l.Block["stride"] = new[] { 16.0, 8 }), "layer br2_conv1 (dagnn.Conv): stride has the values 16 and 8; only equal values are supported");
        yield return Case("dilated", f => Both(f, "conv2", l => l.Block["dilate"] = new[] { 2.0, 2 }), "layer br2_conv2 (dagnn.Conv): dilate is 2, only 1 is supported");
        yield return Case("leaky", f => Both(f, "relu1", l => l.Block["leak"] = new[] { 1.0 }), "layer br2_relu1 (dagnn.ReLU): leak is 1, only 0 is supported");
        yield return Case("average pool", f => Both(f, "pool1", l => l.Block["method"] = "avg"), "layer br2_pool1 (dagnn.Pooling): pools by avg, only max is supported");
        yield return Case("LRN", f => Both(f, "relu1", l => l.Type = "dagnn.LRN"), "layer br2_relu1 (dagnn.LRN): is not supported in a branch; convolutions, batch norms, ReLUs and max pools are");
        yield return Case("oblong filters", f => f.Params["conv2f"] = ([1, 2, 4, 2], new double[16]), "layer br2_conv2 (dagnn.Conv): filters of 1 x 2 are not square");
        yield return Case("odd groups", f => f.Params["conv2f"] = ([1, 1, 3, 4], new double[12]), "layer br2_conv2 (dagnn.Conv): filters of 3 channels do not divide the 8 that they get");
        yield return Case("own weights", f => { f.Params["other"] = f.Params["conv2f"]; f["br1_conv2"].Params[0] = "other"; }, "layer br2_conv2 (dagnn.Conv): has no counterpart with the same weights in the other branch");
        yield return Case("own stride", f => f["br1_conv1"].Block["stride"] = new[] { 8.0, 8 }, "layer xcorr (XCorr): its two branches have the same weights but different layers");
        yield return Case("missing parameter", f => f.Params.Remove("conv1b"), "net.layers(1): br1_conv1 needs the parameter conv1b, which is missing");
        yield return Case("short moments", f => f.Params["bn1x"] = ([8, 1], new double[8]), "bn1x: expected [8,2], file has [8,1]");
        yield return Case("other window", f => f.Params["window"] = ([13, 13], new double[169]), "window: expected [14,14], file has [13,13]");
        yield return Case("wide margin", f => f["crop"].Block["margin"] = new[] { 7.0 }, "crops of 255 and 255 pixels give features of 0 and 14, which cannot be joined");
        yield return Case("no join", f => f["xcorr"].Type = "dagnn.Sum", "net: expected one XCorr layer of two inputs, file has 0 XCorr layers");
        yield return Case("sigmoid", f => f["objective"].Type = "dagnn.Sigmoid", "layer objective (dagnn.Sigmoid): is not part of a branch or of the join, and it is not a loss");
        yield return Case("loop", f => f["br2_conv1"].Inputs[0] = "br2_x3", "layer br2_relu1 (dagnn.ReLU): its output leads back to its input");
        yield return Case("not finite", f => f.Params["conv2f"].Values[3] = double.NaN, "conv2.weight: value 3 is not a finite number");
        yield return Case("filter out of order", f => f["cf_window"].Type = "CropMargin", "layer cf_window (CropMargin): expected MulConst, CorrFilter and perhaps CropMargin after the exemplar's branch, file has CropMargin, CorrFilter, CropMargin");
    }

    [TestCaseSource(nameof(Spoilt))]
    public void Read_UnsupportedNetwork_NamesFileLayerAndCause(Action<DagFile> spoil, string cause)
    {
        DagFile file = DagFile.CorrelationFilter();
        spoil(file);
        Assert.That(() => Read(file.ToBytes()), Throws.InstanceOf<WeightFormatException>().With.Message.EqualTo($"test.mat: {cause}"));
    }

    private static TestCaseData Case(string name, Action<DagFile> spoil, string cause) =>
        new TestCaseData(spoil, cause).SetArgDisplayNames(name);

    private static void Both(DagFile file, string layer, Action<DagFile.Layer> spoil)
    {
        spoil(file["br1_" + layer]);
        spoil(file["br2_" + layer]);
    }

    private static NetworkWeights Read(byte[] file) => NetworkWeights.Load(new MemoryStream(file), "test.mat");

    private static float At(NetworkWeights weights, string name, params int[] index)
    {
        WeightTensor tensor = weights.Tensors[name];
        int at = 0;
        for (int i = 0; i < index.Length; i++)
            at = at * tensor.Shape[i] + index[i];
        return tensor.Values[at];
    }
}
