namespace SiamIlgpu.Tests.Weights;

/// <summary>
/// A small Siamese DagNN, as MatConvNet would save it, to be spoilt layer by layer: conv 15x15 stride 16, BN, ReLU, pool 3x3
/// stride 1, grouped conv 1x1 without bias; 255 -> 14x14x4, 127 -> 6x6x4.
/// </summary>
public sealed class DagFile
{
    internal const int FilterSide = 14, FirstChannels = 8, LastChannels = 4;

    internal sealed record Layer(string Name, string Type, string[] Inputs, string[] Outputs, List<string> Params)
    {
        internal string Type { get; set; } = Type;

        internal Dictionary<string, object> Block { get; } = [];
    }

    internal List<Layer> Layers { get; } = [];

    internal Dictionary<string, (int[] Dimensions, double[] Values)> Params { get; } = [];

    internal Layer this[string name] => Layers.Single(layer => layer.Name == name);

    internal static DagFile CrossCorrelation()
    {
        var file = new DagFile();
        file.AddBranch("a_", "exemplar");
        file.AddBranch("b_", "instance");
        file.AddShared();
        file.Add("xcorr", "XCorr", ["a_out", "b_out"], "response").Block["opts"] = "cuDNN";
        file.AddAdjust();
        return file;
    }

    internal static DagFile CorrelationFilter()
    {
        var file = new DagFile();
        file.AddBranch("br1_", "exemplar");
        file.AddBranch("br2_", "instance");
        file.AddShared();
        file.Params["window"] = ([FilterSide, FilterSide], Ramp(FilterSide * FilterSide));
        file.Params["target"] = ([FilterSide, FilterSide], Ramp(FilterSide * FilterSide));
        file.Add("cf_window", "MulConst", ["br1_out"], "windowed", "window");
        file.Add("cf", "CorrFilter", ["windowed"], "filter", "target").Block["lambda"] = new[] { 10.0 };
        file.Add("crop", "CropMargin", ["filter"], "cropped").Block["margin"] = new[] { 3.0 };
        file.Add("xcorr", "XCorr", ["cropped", "br2_out"], "response").Block["bias"] = new[] { 0.0 };
        file.AddAdjust();
        return file;
    }

    internal byte[] ToBytes(bool bigEndian = false, bool compressed = true)
    {
        var w = new MatWriter(bigEndian);
        return w.File(compressed, ("stats", w.Struct(("train", w.Row(1, 2, 3)))), ("net", w.Struct(
            ("vars", w.Structs(["name", "precious"])),
            ("params", w.Structs(["name", "value"], [.. Params.SelectMany(p => new[] { w.Text(p.Key), w.Numbers(p.Value.Dimensions, p.Value.Values) })])),
            ("layers", w.Structs(
                ["name", "type", "inputs", "outputs", "params", "block"],
                [.. Layers.SelectMany(l => new[] { w.Text(l.Name), w.Text(l.Type), Names(w, l.Inputs), Names(w, l.Outputs), Names(w, l.Params), Settings(w, l) })])),
            ("meta", w.Empty()))));
    }

    internal MemoryStream ToStream() => new(ToBytes());

    private static MatWriter.Unnamed Names(MatWriter w, IEnumerable<string> names) => w.Cell([.. names.Select(name => w.Text(name))]);

    private static MatWriter.Unnamed Settings(MatWriter w, Layer layer) =>
        w.Struct([.. layer.Block.Select(s => (s.Key, s.Value is string text ? w.Text(text) : w.Row((double[])s.Value)))]);

    private static double[] Ramp(int count) => [.. Enumerable.Range(0, count).Select(i => i / 64.0)];

    private Layer Add(string name, string type, string[] inputs, string output, params string[] parameters)
    {
        var layer = new Layer(name, type, inputs, [output], [.. parameters]);
        Layers.Add(layer);
        return layer;
    }

    private void AddBranch(string prefix, string input)
    {
        Layer conv1 = Add(prefix + "conv1", "dagnn.Conv", [input], prefix + "x1", "conv1f", "conv1b");
        conv1.Block["pad"] = new[] { 0.0, 0, 0, 0 };
        conv1.Block["stride"] = new[] { 16.0, 16 };
        Add(prefix + "bn1", "dagnn.BatchNorm", [prefix + "x1"], prefix + "x2", "bn1m", "bn1b", "bn1x");
        Add(prefix + "relu1", "dagnn.ReLU", [prefix + "x2"], prefix + "x3").Block["leak"] = new[] { 0.0 };
        Layer pool = Add(prefix + "pool1", "dagnn.Pooling", [prefix + "x3"], prefix + "x4");
        pool.Block["method"] = "max";
        pool.Block["poolSize"] = new[] { 3.0, 3 };
        pool.Block["stride"] = new[] { 1.0, 1 };
        pool.Block["pad"] = new[] { 0.0 };
        Add(prefix + "conv2", "dagnn.Conv", [prefix + "x4"], prefix + "out", "conv2f").Block["stride"] = new[] { 1.0, 1 };
    }

    private void AddShared()
    {
        Params["conv1f"] = ([15, 15, 3, FirstChannels], Ramp(15 * 15 * 3 * FirstChannels));
        Params["conv1b"] = ([FirstChannels, 1], Ramp(FirstChannels));
        Params["bn1m"] = ([FirstChannels, 1], Ramp(FirstChannels));
        Params["bn1b"] = ([FirstChannels, 1], Ramp(FirstChannels));
        Params["bn1x"] = ([FirstChannels, 2], Ramp(2 * FirstChannels));
        Params["conv2f"] = ([1, 1, FirstChannels / 2, LastChannels], Ramp(FirstChannels / 2 * LastChannels));
    }

    private void AddAdjust()
    {
        Params["adjustf"] = ([1, 1], [2]);
        Params["adjustb"] = ([1, 1], [-0.5]);
        Add("adjust", "dagnn.Conv", ["response"], "score", "adjustf", "adjustb");
        Add("objective", "LogisticLoss", ["score", "label"], "objective").Block["loss"] = "softmaxlog";
        Add("errdisp", "centerThrErr", ["score", "label"], "errdisp");
    }
}
