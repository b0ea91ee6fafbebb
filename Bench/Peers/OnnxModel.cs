using System.Runtime.InteropServices;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Plans;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Bench.Peers;

/// <summary>
/// Writes a branch as an ONNX model: a chain of Conv, Relu and MaxPool from one planar float input to one output, together with the
/// filters. The numbers are the field numbers of onnx.proto.
/// </summary>
internal static class OnnxModel
{
    internal const string InputName = "images";
    internal const string OutputName = "features";

    // The versions of ONNX 1.8: every ONNX Runtime since 1.6 reads them.
    private const int IrVersion = 7;
    private const int OpsetVersion = 13;

    // TensorProto.DataType and AttributeProto.AttributeType.
    private const int FloatType = 1;
    private const int IntAttribute = 2;
    private const int IntsAttribute = 7;

    /// <summary>Writes a branch whose batch norms are folded already, for inputs of a fixed shape.</summary>
    internal static byte[] Write(NetworkWeights weights, IReadOnlyList<LayerShape> layers)
    {
        var graph = new ProtobufWriter().Text(2, weights.RequireDefinition().Name);
        string from = InputName;
        for (int i = 0; i < layers.Count; i++)
        {
            string to = i == layers.Count - 1 ? OutputName : $"layer{i + 1}";
            switch (layers[i].Layer)
            {
                case ConvolutionLayer layer:
                    Convolution(graph, weights, layer, from, to);
                    break;
                case MaxPoolLayer layer:
                    graph.Message(1, Node("MaxPool", [from], to)
                        .Message(5, Square("kernel_shape", layer.Size))
                        .Message(5, Square("strides", layer.Stride)));
                    break;
            }
            from = to;
        }
        graph.Message(11, Value(InputName, layers[0].Input)).Message(12, Value(OutputName, layers[^1].Output));

        return new ProtobufWriter()
            .Number(1, IrVersion)
            .Message(8, new ProtobufWriter().Text(1, "").Number(2, OpsetVersion))
            .Message(7, graph)
            .Written.ToArray();
    }

    private static void Convolution(ProtobufWriter graph, NetworkWeights weights, ConvolutionLayer layer, string from, string to)
    {
        string filters = $"{layer.Name}.weight";
        string bias = $"{layer.Name}.bias";
        string sums = layer.Relu ? $"{layer.Name}.sums" : to;
        graph.Message(5, Initializer(filters, weights.Tensors[filters]));
        graph.Message(5, Initializer(bias, weights.Tensors[bias]));
        graph.Message(1, Node("Conv", [from, filters, bias], sums)
            .Message(5, Square("kernel_shape", layer.Size))
            .Message(5, Square("strides", layer.Stride))
            .Message(5, new ProtobufWriter().Text(1, "group").Number(3, layer.Groups).Number(20, IntAttribute)));
        if (layer.Relu)
            graph.Message(1, Node("Relu", [sums], to));
    }

    private static ProtobufWriter Node(string type, string[] inputs, string output)
    {
        var node = new ProtobufWriter();
        foreach (string input in inputs)
            node.Text(1, input);
        return node.Text(2, output).Text(3, $"{type} to {output}").Text(4, type);
    }

    // The same value for rows and columns.
    private static ProtobufWriter Square(string name, int side) =>
        new ProtobufWriter().Text(1, name).Number(8, side).Number(8, side).Number(20, IntsAttribute);

    private static ProtobufWriter Initializer(string name, WeightTensor tensor)
    {
        var message = new ProtobufWriter();
        foreach (int side in tensor.Shape)
            message.Number(1, side);
        return message.Number(2, FloatType).Text(8, name).Bytes(9, MemoryMarshal.AsBytes(tensor.Values.AsSpan()));
    }

    private static ProtobufWriter Value(string name, TensorShape shape)
    {
        var sides = new ProtobufWriter();
        foreach (int side in (ReadOnlySpan<int>)[shape.Batch, shape.Channels, shape.Height, shape.Width])
            sides.Message(1, new ProtobufWriter().Number(1, side));
        ProtobufWriter tensor = new ProtobufWriter().Number(1, FloatType).Message(2, sides);
        return new ProtobufWriter().Text(1, name).Message(2, new ProtobufWriter().Message(1, tensor));
    }
}
