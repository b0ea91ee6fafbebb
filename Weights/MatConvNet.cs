using System.Text;

namespace SiamIlgpu.Weights;

/// <summary>
/// Reads networks that MatConvNet saved, such as those that the authors of SiamFC and CFNet published. They are MAT level-5 files with a
/// DagNN or a SimpleNN in the variable net. Layers, strides, groups, lambda and margin come from the file. The file does not have the sizes
/// of the crops, so the papers' sizes are used: 255 pixels for the search crop; for the exemplar crop 255 with a correlation filter and 127
/// without.
/// </summary>
/// <example>
/// <code>
/// NetworkWeights weights = MatConvNet.Read("cfnet-conv2_e80.mat");
/// weights.Save("cfnet-conv2.safetensors");
/// </code>
/// </example>
public static class MatConvNet
{
    private const string Variable = "net";
    private const int DescriptionBytes = 116; // the text at the start of the header's 128

    /// <summary>
    /// Reads a network. Filters are transposed to OIHW, missing biases become zeros, and losses are skipped. The definition is null for a
    /// SimpleNN with layers that are not supported.
    /// </summary>
    /// <exception cref="WeightFormatException">
    /// The file has another format, is damaged, or has a layer that is not supported; the message names it.
    /// </exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static NetworkWeights Read(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return Read(stream, path);
    }

    /// <summary>Reads the bytes of a file, as <see cref="Read(string)"/> does.</summary>
    /// <param name="stream">The file's bytes; it must be able to seek.</param>
    /// <param name="source">The file's name for messages.</param>
    /// <exception cref="WeightFormatException">
    /// The file has another format, is damaged, or has a layer that is not supported; the message names it.
    /// </exception>
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
