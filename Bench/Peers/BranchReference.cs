using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Plans;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Bench.Peers;

/// <summary>Computes a branch by the definitions of its layers, all in double precision. All arrays are planar. Takes seconds.</summary>
internal static class BranchReference
{
    /// <summary>The features of the images, for weights whose batch norms are folded already.</summary>
    internal static double[] Run(NetworkWeights weights, IReadOnlyList<LayerShape> layers, ReadOnlySpan<float> images)
    {
        var values = new double[images.Length];
        for (int i = 0; i < values.Length; i++)
            values[i] = images[i];
        foreach (LayerShape shape in layers)
        {
            values = shape.Layer switch
            {
                ConvolutionLayer layer => Convolution(layer, shape, weights, values),
                MaxPoolLayer layer => MaxPool(layer, shape, values),
                _ => throw new KernelShapeException($"no reference for a {shape.Layer.GetType().Name}"),
            };
        }
        return values;
    }

    private static double[] Convolution(ConvolutionLayer layer, LayerShape shape, NetworkWeights weights, double[] input)
    {
        (TensorShape from, TensorShape to) = (shape.Input, shape.Output);
        int inPerGroup = layer.InChannels / layer.Groups;
        int outPerGroup = layer.OutChannels / layer.Groups;
        float[] filters = weights.Values($"{layer.Name}.weight", layer.OutChannels, inPerGroup, layer.Size, layer.Size);
        float[] bias = weights.Values($"{layer.Name}.bias", layer.OutChannels);
        var output = new double[to.Count];
        Parallel.For(0, to.Batch * to.Channels, plane =>
        {
            (int n, int o) = Math.DivRem(plane, to.Channels);
            for (int i = 0; i < to.Height; i++)
            {
                Span<double> row = output.AsSpan((plane * to.Height + i) * to.Width, to.Width);
                row.Fill(bias[o]);
                for (int c = 0; c < inPerGroup; c++)
                    for (int u = 0; u < layer.Size; u++)
                        for (int v = 0; v < layer.Size; v++)
                        {
                            int channel = n * from.Channels + o / outPerGroup * inPerGroup + c;
                            ReadOnlySpan<double> x = input.AsSpan((channel * from.Height + i * layer.Stride + u) * from.Width + v);
                            double w = filters[((o * inPerGroup + c) * layer.Size + u) * layer.Size + v];
                            for (int j = 0; j < row.Length; j++)
                                row[j] += w * x[j * layer.Stride];
                        }
                if (layer.Relu)
                {
                    foreach (ref double y in row)
                        y = Math.Max(y, 0);
                }
            }
        });
        return output;
    }

    private static double[] MaxPool(MaxPoolLayer layer, LayerShape shape, double[] input)
    {
        (TensorShape from, TensorShape to) = (shape.Input, shape.Output);
        var output = new double[to.Count];
        for (int k = 0; k < output.Length; k++)
        {
            (int row, int j) = Math.DivRem(k, to.Width);
            (int plane, int i) = Math.DivRem(row, to.Height);
            double max = double.NegativeInfinity;
            for (int u = 0; u < layer.Size; u++)
                for (int v = 0; v < layer.Size; v++)
                    max = Math.Max(max, input[(plane * from.Height + i * layer.Stride + u) * from.Width + j * layer.Stride + v]);
            output[k] = max;
        }
        return output;
    }
}
