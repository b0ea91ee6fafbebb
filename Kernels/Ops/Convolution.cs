namespace SiamIlgpu.Kernels.Ops;

/// <summary>
/// An unpadded cross-correlation (no filter flip) with square filters:
/// y[n,o,i,j] = bias[o] + sum over c,u,v of w[o,c,u,v] * x[n,c,i*stride+u,j*stride+v], followed by a ReLU and a max pooling
/// if they are asked for. With groups, an output channel sees only the input channels of its own group.
/// </summary>
/// <param name="Batch">Number of images.</param>
/// <param name="InChannels">Channels of the input, over all groups.</param>
/// <param name="Height">Rows of the input.</param>
/// <param name="Width">Columns of the input.</param>
/// <param name="OutChannels">Channels of the output, over all groups.</param>
/// <param name="Size">Rows and columns of a filter.</param>
/// <param name="Stride">Step between outputs, in input pixels.</param>
/// <param name="Groups">Number of groups; it divides both channel counts.</param>
/// <param name="Relu">Whether negative results become 0.</param>
public readonly record struct ConvolutionSpec(
    int Batch, int InChannels, int Height, int Width, int OutChannels, int Size, int Stride, int Groups, bool Relu)
{
    /// <summary>The max pooling of the result, if there is one.</summary>
    public PoolWindow? Pool { get; init; }

    /// <summary>
    /// The number of equal sets that the batch consists of, such as the crops of several targets. The CPU device chooses its algorithm
    /// by the size of one set. So the result of an image does not depend, to the last bit, on how many sets are computed together.
    /// </summary>
    public int Sets { get; init; } = 1;

    /// <summary>Rows of the convolution's map, before it is pooled.</summary>
    public int MapHeight => (Height - Size) / Stride + 1;

    /// <summary>Columns of the convolution's map, before it is pooled.</summary>
    public int MapWidth => (Width - Size) / Stride + 1;

    /// <summary>Shape of the input.</summary>
    public TensorShape Input => new(Batch, InChannels, Height, Width);

    /// <summary>Shape of the convolution's map, before it is pooled.</summary>
    public TensorShape Map => new(Batch, OutChannels, MapHeight, MapWidth);

    /// <summary>Shape of the output.</summary>
    public TensorShape Output => Pool is { } window ? Pooling(window).Output : Map;

    /// <summary>Shape of the filters, OIHW.</summary>
    public TensorShape Filters => new(OutChannels, InChannels / Groups, Size, Size);

    /// <summary>Floating-point operations of one pass; a multiply-add counts as two, comparisons not at all.</summary>
    public long Flops => 2 * Map.Count * Filters.ImageLength(TensorLayout.Planar);

    /// <summary>Bytes that one pass must move at least: input, filters and output once.</summary>
    public long Bytes => sizeof(float) * (Input.Count + Filters.Count + Output.Count);

    /// <summary>The layout of the input: interleaved for up to four channels (an image), else the device's feature layout.</summary>
    public TensorLayout InputLayout(ComputeDevice device) => InChannels <= 4 ? TensorLayout.Interleaved : device.FeatureLayout;

    /// <summary>Throws when the values do not describe a convolution.</summary>
    /// <exception cref="KernelShapeException">The sizes do not fit; the message names them.</exception>
    public void Validate()
    {
        if (Batch <= 0 || InChannels <= 0 || OutChannels <= 0 || Size <= 0 || Stride <= 0 || Groups <= 0)
        {
            throw new KernelShapeException(
                $"convolution: every size must be positive, got batch {Batch}, channels {InChannels} to {OutChannels}, "
                + $"size {Size}, stride {Stride}, groups {Groups}");
        }
        if (InChannels % Groups != 0 || OutChannels % Groups != 0)
            throw new KernelShapeException($"convolution: {Groups} groups must divide {InChannels} input and {OutChannels} output channels");
        if (Height < Size || Width < Size)
            throw new KernelShapeException($"convolution: a {Size}x{Size} filter does not fit into {Height}x{Width}");
        if (Sets <= 0 || Batch % Sets != 0)
            throw new KernelShapeException($"convolution: {Batch} images are not {Sets} sets of as many");
        if (Pool is { } window)
            Pooling(window).Validate();
    }

    /// <summary>The pooling of the convolution's map.</summary>
    internal MaxPoolSpec Pooling(PoolWindow window) => new(Batch, OutChannels, MapHeight, MapWidth, window.Size, window.Stride);
}

/// <summary>Square windows of a max pooling.</summary>
/// <param name="Size">Rows and columns of a window.</param>
/// <param name="Stride">Step between windows.</param>
public readonly record struct PoolWindow(int Size, int Stride);

/// <summary>A prepared <see cref="ConvolutionSpec"/> with its filters.</summary>
/// <example>
/// <code>
/// var spec = new ConvolutionSpec(
///     Batch: 1, InChannels: 3, Height: 255, Width: 255, OutChannels: 96, Size: 11, Stride: 2, Groups: 1, Relu: true);
/// using Convolution convolution = device.Prepare(spec, filters, bias);        // OIHW, and one bias for each output channel
/// using Tensor image = device.Allocate(spec.Input, spec.InputLayout(device));
/// using Tensor features = device.Allocate(spec.Output, device.FeatureLayout);
/// convolution.Forward(image, features);
/// </code>
/// </example>
public abstract class Convolution : DeviceOperation
{
    private ConvolutionFilters? filters;

    /// <summary>Keeps the filters alive until the operation is disposed.</summary>
    protected Convolution(ConvolutionFilters filters, ConvolutionSpec spec)
        : base(filters.Device)
    {
        Spec = spec;
        this.filters = filters;
        filters.Hold();
    }

    /// <summary>What it computes.</summary>
    public ConvolutionSpec Spec { get; }

    /// <summary>
    /// Computes the output, in the device's feature layout, from the input, in <see cref="ConvolutionSpec.InputLayout"/>.
    /// </summary>
    public void Forward(TensorView input, TensorView output)
    {
        ObjectDisposedException.ThrowIf(filters is null, this);
        Require(input, Spec.Input, Spec.InputLayout(Device), "convolution input");
        Require(output, Spec.Output, Device.FeatureLayout, "convolution output");
        ForwardCore(input, output);
    }

    /// <summary>Computes the output; the views have been checked.</summary>
    protected abstract void ForwardCore(TensorView input, TensorView output);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        filters?.Release();
        filters = null;
    }
}
