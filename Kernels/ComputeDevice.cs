namespace SiamIlgpu.Kernels;

/// <summary>
/// A processor or a GPU that runs the operations. An operation is prepared once and run many times: <c>Prepare</c> packs weights,
/// chooses an algorithm and allocates scratch memory; running the operation only enqueues work. Several threads may share a device.
/// Each of its tensors and operations is for one thread at a time.
/// </summary>
/// <remarks>
/// <c>Prepare</c> makes what inference needs. For training, <c>PrepareBackward</c> makes gradients, <c>PrepareTraining</c> operations
/// with both passes, <c>PrepareLoss</c> losses with their gradient, and <c>PrepareStep</c> the optimizer.
/// </remarks>
/// <example>
/// <code>
/// using ComputeDevice device = new CpuDevice();
/// using MaxPool pool = device.Prepare(new MaxPoolSpec(Batch: 1, Channels: 96, Height: 123, Width: 123, Size: 3, Stride: 2));
/// using Tensor input = device.Allocate(pool.Spec.Input, device.FeatureLayout);
/// using Tensor output = device.Allocate(pool.Spec.Output, device.FeatureLayout);
/// device.Upload(values, input);                               // values: float[] in planar order
/// pool.Forward(input, output);
/// device.Download(output, results);                           // waits for the result
/// </code>
/// </example>
public abstract partial class ComputeDevice : IDisposable
{
    /// <summary>The device's name, with what matters for its speed.</summary>
    public abstract string Name { get; }

    /// <summary>The layout of the features that pass from one operation to the next.</summary>
    public abstract TensorLayout FeatureLayout { get; }

    /// <summary>Allocates a tensor of zeros. The caller disposes it, and does so before the device.</summary>
    /// <exception cref="DeviceMemoryException">The GPU has too little memory left.</exception>
    public Tensor Allocate(TensorShape shape, TensorLayout layout) => new(AllocateBuffer(shape.Length(layout)), shape, layout);

    /// <summary>Copies values in planar order into a view of any layout.</summary>
    /// <exception cref="KernelShapeException">The number of values differs from the view's elements.</exception>
    /// <exception cref="DeviceMismatchException">The view is of another device.</exception>
    public void Upload(ReadOnlySpan<float> planar, TensorView destination)
    {
        CheckTransfer(planar.Length, destination);
        UploadCore(planar, destination);
    }

    /// <summary>Waits for the enqueued work, and copies the values of a view of any layout out in planar order.</summary>
    /// <exception cref="KernelShapeException">The length of the span differs from the view's elements.</exception>
    /// <exception cref="DeviceMismatchException">The view is of another device.</exception>
    public void Download(TensorView source, Span<float> planar)
    {
        CheckTransfer(planar.Length, source);
        DownloadCore(source, planar);
    }

    /// <summary>Waits until everything enqueued is done.</summary>
    public abstract void Synchronize();

    /// <summary>
    /// Prepares work that is enqueued again and again with the same operations, views and numbers. A device that is able to records the
    /// work once and replays it with one call; other devices call <paramref name="enqueue"/> each time. Dispose the recorded work before
    /// the operations and tensors that it uses.
    /// </summary>
    /// <param name="enqueue">Calls <c>Forward</c> of operations of this device, and nothing else.</param>
    public virtual RecordedWork Record(Action enqueue) => new(enqueue);

    /// <summary>Loads filters, for any number of convolutions.</summary>
    /// <param name="shape">The shape of the filters, OIHW. In a grouped convolution, I is the number of channels of one group.</param>
    /// <param name="filters">The filters, OIHW. The array is kept, not copied: do not change it.</param>
    /// <param name="bias">One bias per output channel.</param>
    /// <exception cref="KernelShapeException">The lengths differ from those of the shape.</exception>
    public ConvolutionFilters Load(TensorShape shape, float[] filters, float[] bias)
    {
        if (filters.Length != shape.Count)
            throw new KernelShapeException($"convolution: {shape} filters take {shape.Count} values, got {filters.Length}");
        if (bias.Length != shape.Batch)
            throw new KernelShapeException($"convolution: expected {shape.Batch} biases, got {bias.Length}");
        return LoadCore(shape, filters, bias);
    }

    /// <summary>Prepares a convolution with filters that this device has loaded.</summary>
    /// <exception cref="KernelShapeException">The spec is invalid, or its filters have another shape.</exception>
    /// <exception cref="DeviceMismatchException">The filters are of another device.</exception>
    public Convolution Prepare(ConvolutionSpec spec, ConvolutionFilters filters)
    {
        CheckFilters(spec, filters);
        return PrepareCore(spec, filters);
    }

    /// <summary>Prepares a convolution with its own filters, OIHW, and one bias for each output channel. Both are copied.</summary>
    /// <exception cref="KernelShapeException">The spec is invalid, or a length is wrong.</exception>
    public Convolution Prepare(ConvolutionSpec spec, ReadOnlySpan<float> filters, ReadOnlySpan<float> bias)
    {
        spec.Validate();
        using ConvolutionFilters own = Load(spec.Filters, filters.ToArray(), bias.ToArray());
        return Prepare(spec, own);
    }

    /// <summary>Prepares a max pooling.</summary>
    /// <exception cref="KernelShapeException">The spec is invalid; the message says why.</exception>
    public MaxPool Prepare(MaxPoolSpec spec)
    {
        spec.Validate();
        return PrepareCore(spec);
    }

    /// <summary>Prepares a cross-correlation.</summary>
    /// <exception cref="KernelShapeException">The spec is invalid; the message says why.</exception>
    public CrossCorrelation Prepare(CrossCorrelationSpec spec)
    {
        spec.Validate();
        return PrepareCore(spec);
    }

    /// <summary>Prepares a DFT.</summary>
    /// <exception cref="KernelShapeException">The spec is invalid; the message says why.</exception>
    public Fourier2D Prepare(Fourier2DSpec spec)
    {
        spec.Validate();
        return PrepareCore(spec);
    }

    /// <summary>Prepares a correlation filter with a window and a target of m x m values, row by row. Both are copied.</summary>
    /// <exception cref="KernelShapeException">The spec is invalid, or a length is wrong.</exception>
    public CorrelationFilter Prepare(CorrelationFilterSpec spec, ReadOnlySpan<float> window, ReadOnlySpan<float> target)
    {
        spec.Validate();
        spec.RequirePlanes(window, target);
        return PrepareCore(spec, window, target);
    }

    /// <summary>Prepares a running average.</summary>
    /// <exception cref="KernelShapeException">The spec is invalid; the message says why.</exception>
    public Blend Prepare(BlendSpec spec)
    {
        spec.Validate();
        return PrepareCore(spec);
    }

    /// <summary>Prepares the cutting of crops from a frame.</summary>
    /// <exception cref="KernelShapeException">The spec is invalid; the message says why.</exception>
    public CropResize Prepare(CropResizeSpec spec)
    {
        spec.Validate();
        return PrepareCore(spec);
    }

    /// <summary>Prepares the search for the response's peak.</summary>
    /// <exception cref="KernelShapeException">The spec is invalid; the message says why.</exception>
    public ResponsePeak Prepare(ResponsePeakSpec spec)
    {
        spec.Validate();
        return PrepareCore(spec);
    }

    /// <summary>Allocates zeroed memory for a number of floats.</summary>
    internal abstract DeviceBuffer AllocateBuffer(long length);

    /// <summary>Frees the device. Dispose its tensors and operations first.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Copies values into a view; view and number have been checked.</summary>
    private protected abstract void UploadCore(ReadOnlySpan<float> planar, TensorView destination);

    /// <summary>Copies the values of a view out; view and number have been checked.</summary>
    private protected abstract void DownloadCore(TensorView source, Span<float> planar);

    /// <summary>Loads filters; their lengths have been checked.</summary>
    private protected abstract ConvolutionFilters LoadCore(TensorShape shape, float[] filters, float[] bias);

    /// <summary>Prepares an operation; its spec has been checked.</summary>
    private protected abstract Convolution PrepareCore(ConvolutionSpec spec, ConvolutionFilters filters);

    /// <inheritdoc cref="PrepareCore(ConvolutionSpec, ConvolutionFilters)"/>
    private protected abstract MaxPool PrepareCore(MaxPoolSpec spec);

    /// <inheritdoc cref="PrepareCore(ConvolutionSpec, ConvolutionFilters)"/>
    private protected abstract CrossCorrelation PrepareCore(CrossCorrelationSpec spec);

    /// <inheritdoc cref="PrepareCore(ConvolutionSpec, ConvolutionFilters)"/>
    private protected abstract Fourier2D PrepareCore(Fourier2DSpec spec);

    /// <inheritdoc cref="PrepareCore(ConvolutionSpec, ConvolutionFilters)"/>
    private protected abstract CorrelationFilter PrepareCore(CorrelationFilterSpec spec, ReadOnlySpan<float> window, ReadOnlySpan<float> target);

    /// <inheritdoc cref="PrepareCore(ConvolutionSpec, ConvolutionFilters)"/>
    private protected abstract Blend PrepareCore(BlendSpec spec);

    /// <inheritdoc cref="PrepareCore(ConvolutionSpec, ConvolutionFilters)"/>
    private protected abstract CropResize PrepareCore(CropResizeSpec spec);

    /// <inheritdoc cref="PrepareCore(ConvolutionSpec, ConvolutionFilters)"/>
    private protected abstract ResponsePeak PrepareCore(ResponsePeakSpec spec);

    /// <summary>Frees what the device holds.</summary>
    protected abstract void Dispose(bool disposing);

    private void CheckFilters(in ConvolutionSpec spec, ConvolutionFilters filters)
    {
        spec.Validate();
        if (!ReferenceEquals(filters.Device, this))
            throw new DeviceMismatchException(this, filters.Device);
        if (filters.Shape != spec.Filters)
            throw new KernelShapeException($"convolution: expected {spec.Filters} filters, got {filters.Shape}");
    }

    private void CheckTransfer(int length, in TensorView view)
    {
        DeviceOperation.Require(this, view, view.Shape, view.Layout, "transfer");
        if (length != view.Shape.Count)
            throw new KernelShapeException($"transfer: {view.Shape} has {view.Shape.Count} values, got {length}");
    }
}

/// <summary>Work that is enqueued again and again, made by <see cref="ComputeDevice.Record"/>. It is for one thread at a time.</summary>
public class RecordedWork(Action enqueue) : IDisposable
{
    /// <summary>Enqueues the work.</summary>
    public virtual void Replay() => enqueue();

    /// <summary>Frees the recording.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the recording.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
