using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Ops;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Plans;

/// <summary>
/// A branch that is prepared for one batch and input size: batch norms are folded in, operations are prepared and buffers are assigned.
/// Running it enqueues at most one operation per layer and allocates nothing. For one thread at a time.
/// </summary>
public sealed class InferencePlan : IDisposable
{
    private readonly DeviceOperation[] operations;
    private readonly Tensor input;
    private readonly Tensor[] buffers;
    private readonly TensorView[] outputs;

    /// <summary>Prepares the branch of a network.</summary>
    /// <param name="filters">The filters of the branch. They may be disposed before the plan.</param>
    /// <param name="batch">Number of images in one pass.</param>
    /// <param name="height">Rows of an image; there must be enough for all layers.</param>
    /// <param name="width">Columns of an image; there must be enough for all layers.</param>
    /// <param name="sets">The number of equal sets that the images consist of, see <see cref="ConvolutionSpec.Sets"/>.</param>
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

    /// <summary>The images, RGB 0..255, interleaved. Fill them before <see cref="Forward"/>.</summary>
    public TensorView Input => input;

    /// <summary>The features in the device's feature layout. They are valid until the next <see cref="Forward"/>.</summary>
    public TensorView Output => outputs[^1];

    /// <summary>Prepares the branch of a network, and loads its filters.</summary>
    /// <param name="device">The device to run on; it must outlive the plan.</param>
    /// <param name="weights">The network's weights.</param>
    /// <param name="batch">Number of images in one pass.</param>
    /// <param name="height">Rows of an image; there must be enough for all layers.</param>
    /// <param name="width">Columns of an image; there must be enough for all layers.</param>
    /// <exception cref="WeightFormatException">The weights have no definition or do not fit it; the message says why.</exception>
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

    /// <summary>Frees the operations and buffers.</summary>
    public void Dispose()
    {
        foreach (DeviceOperation operation in operations)
            operation.Dispose();
        input.Dispose();
        foreach (Tensor buffer in buffers)
            buffer.Dispose();
    }

    // A convolution and the pooling that follows it are one operation.
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
