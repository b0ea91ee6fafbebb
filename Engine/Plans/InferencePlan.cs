using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Plans;

/// <summary>
/// A branch prepared for one batch and input size: batch norms folded, operations prepared, buffers assigned once. Running
/// it enqueues one operation a layer and allocates nothing. For one thread at a time.
/// </summary>
public sealed class InferencePlan : IDisposable
{
    private readonly DeviceOperation[] operations;
    private readonly Tensor input;
    private readonly Tensor[] buffers;
    private readonly TensorView[] outputs;

    /// <summary>Prepares the branch of a network.</summary>
    /// <param name="filters">Its filters; they may be disposed before the plan.</param>
    /// <param name="batch">Images of one pass.</param>
    /// <param name="height">Rows of an image; any that the layers fit into.</param>
    /// <param name="width">Columns of an image.</param>
    /// <param name="sets">What the images are divided into, see <see cref="ConvolutionSpec.Sets"/>.</param>
    /// <exception cref="KernelShapeException">The network does not fit the input.</exception>
    public InferencePlan(BranchFilters filters, int batch, int height, int width, int sets = 1)
    {
        ComputeDevice device = filters.Device;
        Layers = BranchShapes.Of(filters.Definition, batch, height, width);
        input = device.Allocate(Layers[0].Input, TensorLayout.Interleaved);
        operations = [.. Operations(device, filters.Convolutions, sets)];

        // Outputs alternate between two buffers, each as large as the largest output that it ever holds.
        TensorLayout layout = device.FeatureLayout;
        buffers = [.. operations.Select(OutputOf).Index().GroupBy(o => o.Index % 2, o => o.Item)
            .Select(shapes => device.Allocate(shapes.MaxBy(shape => shape.Length(layout)), layout))];
        outputs = [.. operations.Select((operation, i) => buffers[i % 2].View.Slice(0, OutputOf(operation), layout))];
    }

    /// <summary>The layers with their shapes.</summary>
    public IReadOnlyList<LayerShape> Layers { get; }

    /// <summary>The images, RGB 0..255, interleaved; filled before <see cref="Forward"/>.</summary>
    public TensorView Input => input;

    /// <summary>The features, valid from <see cref="Forward"/> to the next.</summary>
    public TensorView Output => outputs[^1];

    /// <summary>Prepares the branch of a network with filters of its own.</summary>
    /// <param name="device">Where it runs; must outlive the plan.</param>
    /// <param name="weights">The weights, with their definition.</param>
    /// <param name="batch">Images of one pass.</param>
    /// <param name="height">Rows of an image; any that the layers fit into.</param>
    /// <param name="width">Columns of an image.</param>
    /// <exception cref="WeightFormatException">The weights lack a definition or do not fit it.</exception>
    /// <exception cref="KernelShapeException">The network does not fit the input.</exception>
    public static InferencePlan Create(ComputeDevice device, NetworkWeights weights, int batch, int height, int width)
    {
        using var filters = new BranchFilters(device, weights);
        return new InferencePlan(filters, batch, height, width);
    }

    /// <summary>Computes <see cref="Output"/> from <see cref="Input"/>.</summary>
    public void Forward()
    {
        TensorView from = Input;
        for (int i = 0; i < operations.Length; i++)
        {
            if (operations[i] is Convolution convolution)
                convolution.Forward(from, outputs[i]);
            else
                ((MaxPool)operations[i]).Forward(from, outputs[i]);
            from = outputs[i];
        }
    }

    /// <summary>Frees operations and buffers.</summary>
    public void Dispose()
    {
        foreach (DeviceOperation operation in operations)
            operation.Dispose();
        input.Dispose();
        foreach (Tensor buffer in buffers)
            buffer.Dispose();
    }

    // A pooling that follows a convolution becomes part of it.
    private IEnumerable<DeviceOperation> Operations(ComputeDevice device, IReadOnlyList<ConvolutionFilters> filters, int sets)
    {
        int convolutions = 0;
        for (int i = 0; i < Layers.Count; i++)
        {
            switch (Layers[i].Layer)
            {
                case ConvolutionLayer layer:
                    ConvolutionSpec spec = BranchShapes.Spec(layer, Layers[i].Input) with { Sets = sets };
                    if (i + 1 < Layers.Count && Layers[i + 1].Layer is MaxPoolLayer next)
                    {
                        spec = spec with { Pool = new PoolWindow(next.Size, next.Stride) };
                        i++;
                    }
                    yield return device.Prepare(spec, filters[convolutions++]);
                    break;
                case MaxPoolLayer layer:
                    yield return device.Prepare(BranchShapes.Spec(layer, Layers[i].Input));
                    break;
            }
        }
    }

    private static TensorShape OutputOf(DeviceOperation operation) =>
        operation is Convolution convolution ? convolution.Spec.Output : ((MaxPool)operation).Spec.Output;
}
