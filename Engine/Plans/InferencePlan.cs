using SiamIlgpu.Kernels;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Plans;

/// <summary>
/// A branch prepared for one batch and input size: batch norms folded, operations prepared, buffers assigned once. Running
/// it enqueues one operation a layer and allocates nothing. For one thread at a time.
/// </summary>
public sealed class InferencePlan : IDisposable
{
    private readonly Step[] steps;
    private readonly DeviceBuffer[] buffers;

    /// <summary>Prepares the branch of a network.</summary>
    /// <param name="device">Where it runs; must outlive the plan.</param>
    /// <param name="weights">The weights, with their definition.</param>
    /// <param name="batch">Images of one pass.</param>
    /// <param name="height">Rows of an image; any that the layers fit into.</param>
    /// <param name="width">Columns of an image.</param>
    /// <exception cref="WeightFormatException">The weights lack a definition or do not fit it.</exception>
    /// <exception cref="KernelShapeException">The network does not fit the input.</exception>
    public InferencePlan(ComputeDevice device, NetworkWeights weights, int batch, int height, int width)
    {
        NetworkDefinition definition = weights.RequireDefinition();
        Layers = BranchShapes.Of(definition, batch, height, width);
        if (Layers.Count == 0)
            throw new WeightFormatException(weights.Source, "the network has no layers");
        FoldedConvolution[] folded = FoldedBranch.Fold(weights, definition);

        // Outputs alternate between two buffers, each as large as the largest output that it ever holds.
        TensorLayout layout = device.FeatureLayout;
        Input = device.Allocate(Layers[0].Input, TensorLayout.Interleaved);
        DeviceBuffer even = device.Allocate(Largest(0));
        DeviceBuffer odd = device.Allocate(Largest(1));
        buffers = [Input.Buffer, even, odd];

        steps = new Step[Layers.Count];
        TensorView from = Input;
        int convolution = 0;
        for (int i = 0; i < steps.Length; i++)
        {
            LayerShape shape = Layers[i];
            var to = new TensorView(i % 2 == 0 ? even : odd, 0, shape.Output, layout);
            DeviceOperation operation = shape.Layer switch
            {
                ConvolutionLayer layer => Prepare(layer, folded[convolution++]),
                MaxPoolLayer layer => device.Prepare(BranchShapes.Spec(layer, shape.Input)),
                _ => throw new KernelShapeException($"no operation for a {shape.Layer.GetType().Name}"),
            };
            steps[i] = new Step(operation, from, to);
            from = to;

            Convolution Prepare(ConvolutionLayer layer, FoldedConvolution values) =>
                device.Prepare(BranchShapes.Spec(layer, shape.Input), values.Filters, values.Bias);
        }
        Output = from;

        long Largest(int parity) =>
            Layers.Where((_, i) => i % 2 == parity).Select(l => l.Output.Length(layout)).DefaultIfEmpty().Max();
    }

    /// <summary>The layers with their shapes.</summary>
    public IReadOnlyList<LayerShape> Layers { get; }

    /// <summary>The images, RGB 0..255, interleaved; filled before <see cref="Forward"/>.</summary>
    public TensorView Input { get; }

    /// <summary>The features, valid from <see cref="Forward"/> to the next.</summary>
    public TensorView Output { get; }

    /// <summary>Computes <see cref="Output"/> from <see cref="Input"/>.</summary>
    public void Forward()
    {
        foreach (ref readonly Step step in steps.AsSpan())
        {
            if (step.Operation is Convolution convolution)
                convolution.Forward(step.From, step.To);
            else
                ((MaxPool)step.Operation).Forward(step.From, step.To);
        }
    }

    /// <summary>Frees operations and buffers.</summary>
    public void Dispose()
    {
        foreach (Step step in steps)
            step.Operation.Dispose();
        foreach (DeviceBuffer buffer in buffers)
            buffer.Dispose();
    }

    private readonly record struct Step(DeviceOperation Operation, TensorView From, TensorView To);
}
