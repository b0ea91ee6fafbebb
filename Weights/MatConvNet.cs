using System.Text;

namespace SiamIlgpu.Weights;

/// <summary>
/// Reads networks that MatConvNet saved, as SiamFC's and CFNet's authors published them: a MAT level-5 file with a DagNN or
/// SimpleNN in the variable net. Layers, strides, groups, lambda and margin come from the file. The sizes of the crops do
/// not, as the file lacks them: 255 and 255 with a correlation filter, 127 and 255 without.
/// </summary>
public static class MatConvNet
{
    private const string Variable = "net";
    private const int DescriptionBytes = 116; // of the header's 128: text

    /// <summary>
    /// Reads a network. Filters are transposed to OIHW, biases that are absent become zeros, and losses are passed over. The
    /// definition is null for a SimpleNN with layers that networks here do not have.
    /// </summary>
    /// <exception cref="WeightFormatException">It is no such file, is damaged, or has other layers; the message names them.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static NetworkWeights Read(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return Read(stream, path);
    }

    /// <summary>Reads the bytes of a file, as <see cref="Read(string)"/> does.</summary>
    /// <param name="stream">The file's bytes; it must be able to seek.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <exception cref="WeightFormatException">It is no such file, is damaged, or has other layers; the message names them.</exception>
    public static NetworkWeights Read(Stream stream, string source)
    {
        var net = new MatNode(source, Variable, MatFile.Read(stream, source, Variable));
        var metadata = new Dictionary<string, string> { ["source"] = $"{Path.GetFileName(source)}, {Description(stream)}" };
        if (net.Find("params") is not null)
        {
            (NetworkDefinition definition, Dictionary<string, WeightTensor> tensors) = DagNN.Read(net);
            return new NetworkWeights(source, definition, tensors, metadata).Checked();
        }
        else
        {
            (NetworkDefinition? definition, Dictionary<string, WeightTensor> tensors, string? obstacle) = SimpleNN.Read(net);
            return new NetworkWeights(source, definition, tensors, metadata) { Obstacle = obstacle }.Checked();
        }
    }

    private static string Description(Stream stream)
    {
        var text = new byte[DescriptionBytes];
        stream.Position = 0;
        stream.ReadExactly(text);
        return Encoding.Latin1.GetString(text).TrimEnd(' ', '\0');
    }
}
