namespace SiamIlgpu.Kernels;

/// <summary>
/// A processor that runs the operations. Prepare once, run many: <c>Prepare</c> packs weights, chooses an algorithm and
/// allocates scratch; the operation it returns only enqueues. Several threads may share a device; each buffer and operation
/// that it made is for one thread at a time.
/// </summary>
public abstract partial class ComputeDevice : IDisposable
{
    /// <summary>Its name, with what matters for speed.</summary>
    public abstract string Name { get; }

    /// <summary>How features lie between operations.</summary>
    public abstract TensorLayout FeatureLayout { get; }

    /// <summary>Allocates a tensor of zeros. The caller disposes it.</summary>
    /// <exception cref="DeviceMemoryException">The GPU has not that much memory left.</exception>
    public Tensor Allocate(TensorShape shape, TensorLayout layout) => new(AllocateBuffer(shape.Length(layout)), shape, layout);

    /// <summary>Copies values in planar order into a view of any layout.</summary>
    /// <exception cref="KernelShapeException">The number of values differs from the view's elements.</exception>
    /// <exception cref="DeviceMismatchException">The view is of another device.</exception>
    public void Upload(ReadOnlySpan<float> planar, TensorView destination)
    {
        CheckTransfer(planar.Length, destination);
        UploadCore(planar, destination);
    }

    /// <summary>Waits, and copies a view of any layout out in planar order.</summary>
    /// <exception cref="KernelShapeException">The span is not as long as the view has elements.</exception>
    /// <exception cref="DeviceMismatchException">The view is of another device.</exception>
    public void Download(TensorView source, Span<float> planar)
    {
        CheckTransfer(planar.Length, source);
        DownloadCore(source, planar);
    }

    /// <summary>Waits until everything enqueued is done.</summary>
    public abstract void Synchronize();

    /// <summary>
    /// Prepares work that is enqueued again and again with the same operations, views and numbers: a device that can takes it
    /// down once and replays it with one call. Dispose it before the operations and buffers that it uses.
    /// </summary>
    /// <param name="enqueue">Calls <c>Forward</c> of operations of this device, and nothing else.</param>
    public virtual RecordedWork Record(Action enqueue) => new(enqueue);

    /// <summary>Makes filters known to the device, for any number of convolutions.</summary>
    /// <param name="shape">Their shape, OIHW; of a grouped convolution I is the channels of one group.</param>
    /// <param name="filters">The filters, OIHW. They are kept, not copied: do not change them.</param>
    /// <param name="bias">One bias per output channel.</param>
    /// <exception cref="KernelShapeException">The lengths are not those of the shape.</exception>
    public ConvolutionFilters Load(TensorShape shape, float[] filters, float[] bias)
    {
        if (filters.Length != shape.Count)
            throw new KernelShapeException($"convolution: {shape} filters take {shape.Count} values, got {filters.Length}");
        if (bias.Length != shape.Batch)
            throw new KernelShapeException($"convolution: expected {shape.Batch} biases, got {bias.Length}");
        return LoadCore(shape, filters, bias);
    }

    /// <summary>Prepares a convolution with filters of this device.</summary>
    /// <exception cref="KernelShapeException">The spec makes no sense or takes other filters.</exception>
    /// <exception cref="DeviceMismatchException">The filters are another device's.</exception>
    public Convolution Prepare(ConvolutionSpec spec, ConvolutionFilters filters)
    {
        CheckFilters(spec, filters);
        return PrepareCore(spec, filters);
    }

    /// <summary>Prepares a convolution with filters of its own: OIHW, one bias per output channel; both are copied.</summary>
    /// <exception cref="KernelShapeException">The spec or the lengths make no sense.</exception>
    public Convolution Prepare(ConvolutionSpec spec, ReadOnlySpan<float> filters, ReadOnlySpan<float> bias)
    {
        spec.Validate();
        using ConvolutionFilters own = Load(spec.Filters, filters.ToArray(), bias.ToArray());
        return Prepare(spec, own);
    }

    /// <summary>Prepares a max pooling.</summary>
    /// <exception cref="KernelShapeException">The spec makes no sense.</exception>
    public MaxPool Prepare(MaxPoolSpec spec)
    {
        spec.Validate();
        return PrepareCore(spec);
    }

    /// <summary>Prepares a cross-correlation.</summary>
    /// <exception cref="KernelShapeException">The spec makes no sense.</exception>
    public CrossCorrelation Prepare(CrossCorrelationSpec spec)
    {
        spec.Validate();
        return PrepareCore(spec);
    }

    /// <summary>Prepares a DFT.</summary>
    /// <exception cref="KernelShapeException">The spec makes no sense.</exception>
    public Fourier2D Prepare(Fourier2DSpec spec)
    {
        spec.Validate();
        return PrepareCore(spec);
    }

    /// <summary>Prepares a correlation filter. Window and target are m x m, row by row; both are copied.</summary>
    /// <exception cref="KernelShapeException">The spec or the lengths make no sense.</exception>
    public CorrelationFilter Prepare(CorrelationFilterSpec spec, ReadOnlySpan<float> window, ReadOnlySpan<float> target)
    {
        spec.Validate();
        spec.RequirePlanes(window, target);
        return PrepareCore(spec, window, target);
    }

    /// <summary>Prepares a blend.</summary>
    /// <exception cref="KernelShapeException">The spec makes no sense.</exception>
    public Blend Prepare(BlendSpec spec)
    {
        spec.Validate();
        return PrepareCore(spec);
    }

    /// <summary>Prepares the crops of a frame.</summary>
    /// <exception cref="KernelShapeException">The spec makes no sense.</exception>
    public CropResize Prepare(CropResizeSpec spec)
    {
        spec.Validate();
        return PrepareCore(spec);
    }

    /// <summary>Prepares the search for the response's peak.</summary>
    /// <exception cref="KernelShapeException">The spec makes no sense.</exception>
    public ResponsePeak Prepare(ResponsePeakSpec spec)
    {
        spec.Validate();
        return PrepareCore(spec);
    }

    /// <summary>Allocates zeroed memory for a number of floats.</summary>
    internal abstract DeviceBuffer AllocateBuffer(long length);

    /// <summary>Frees the device. Dispose its buffers and operations first.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Brings as many values as the view has elements.</summary>
    private protected abstract void UploadCore(ReadOnlySpan<float> planar, TensorView destination);

    /// <summary>Fetches as many values as the view has elements.</summary>
    private protected abstract void DownloadCore(TensorView source, Span<float> planar);

    /// <summary>Takes filters of checked lengths.</summary>
    private protected abstract ConvolutionFilters LoadCore(TensorShape shape, float[] filters, float[] bias);

    /// <summary>Prepares from a checked spec.</summary>
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

/// <summary>Work that is enqueued again and again; see <see cref="ComputeDevice.Record"/>. For one thread at a time.</summary>
public class RecordedWork(Action enqueue) : IDisposable
{
    /// <summary>Enqueues it.</summary>
    public virtual void Replay() => enqueue();

    /// <summary>Frees what the device took down.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the device took down.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
