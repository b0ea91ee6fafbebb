using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Plans;

/// <summary>A layer of a branch with its shapes for a given input.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Input">Shape of the layer's input.</param>
/// <param name="Output">Shape of the layer's output.</param>
/// <param name="Flops">Floating-point operations of one pass. A multiply-add counts as two; comparisons do not count.</param>
/// <param name="Parameters">Number of weights and biases, with batch norm's gains, offsets and moments.</param>
public readonly record struct LayerShape(LayerDefinition Layer, TensorShape Input, TensorShape Output, long Flops, long Parameters);

/// <summary>Computes the shapes of a branch's layers, and refuses a network that does not fit its input.</summary>
public static class BranchShapes
{
    /// <summary>The shapes of all layers for <paramref name="batch"/> images of height x width pixels.</summary>
    /// <exception cref="KernelShapeException">A layer does not fit the output of the layer before it.</exception>
    public static IReadOnlyList<LayerShape> Of(NetworkDefinition definition, int batch, int height, int width)
    {
        var shapes = new List<LayerShape>(definition.Layers.Count);
        var input = new TensorShape(batch, definition.Convolutions.FirstOrDefault()?.InChannels ?? 3, height, width);
        foreach (LayerDefinition layer in definition.Layers)
        {
            LayerShape shape = layer switch
            {
                ConvolutionLayer convolution => Convolution(convolution, input),
                MaxPoolLayer pool => Pool(pool, input),
                _ => throw new KernelShapeException($"{definition.Name}: no operation for a {layer.GetType().Name}"),
            };
            shapes.Add(shape);
            input = shape.Output;
        }
        return shapes;
    }

    internal static ConvolutionSpec Spec(ConvolutionLayer layer, TensorShape input) =>
        new(input.Batch, layer.InChannels, input.Height, input.Width, layer.OutChannels, layer.Size, layer.Stride, layer.Groups, layer.Relu);

    internal static MaxPoolSpec Spec(MaxPoolLayer layer, TensorShape input) =>
        new(input.Batch, input.Channels, input.Height, input.Width, layer.Size, layer.Stride);

    private static LayerShape Convolution(ConvolutionLayer layer, TensorShape input)
    {
        if (layer.InChannels != input.Channels)
            throw new KernelShapeException($"{layer.Name}: expected {layer.InChannels} input channels, the layer before gives {input.Channels}");
        ConvolutionSpec spec = Spec(layer, input);
        spec.Validate();
        long perChannel = layer.BatchNorm ? 5 : 1;
        return new LayerShape(layer, input, spec.Output, spec.Flops, spec.Filters.Count + perChannel * layer.OutChannels);
    }

    private static LayerShape Pool(MaxPoolLayer layer, TensorShape input)
    {
        MaxPoolSpec spec = Spec(layer, input);
        spec.Validate();
        return new LayerShape(layer, input, spec.Output, 0, 0);
    }
}
