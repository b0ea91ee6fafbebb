using SiamIlgpu.Kernels.Cpu;

namespace SiamIlgpu.Kernels;

/// <summary>What kind of hardware a device is.</summary>
public enum DeviceKind
{
    /// <summary>The processor, by managed SIMD.</summary>
    Cpu,
}

/// <summary>A device that can be opened, for people to choose from.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Its name, with what matters for speed.</param>
public readonly record struct DeviceInfo(DeviceKind Kind, string Name);

/// <summary>
/// A processor that runs the operations. Prepare once, run many: <c>Prepare</c> packs weights, chooses an algorithm and
/// allocates scratch; the operation it returns only enqueues. Several threads may share a device; each buffer and operation
/// that it made is for one thread at a time.
/// </summary>
public abstract class ComputeDevice : IDisposable
{
    /// <summary>What kind of hardware it is.</summary>
    public abstract DeviceKind Kind { get; }

    /// <summary>Its name, with what matters for speed.</summary>
    public abstract string Name { get; }

    /// <summary>How features lie between operations.</summary>
    public abstract TensorLayout FeatureLayout { get; }

    /// <summary>The fastest device of this machine.</summary>
    public static ComputeDevice OpenBest() => new CpuDevice();

    /// <summary>All devices of this machine, fastest first.</summary>
    public static IReadOnlyList<DeviceInfo> List() => [new DeviceInfo(DeviceKind.Cpu, CpuDevice.Describe(CpuDevice.DefaultThreads))];

    /// <summary>Allocates zeroed memory for <paramref name="length"/> floats.</summary>
    public abstract DeviceBuffer Allocate(long length);

    /// <summary>Allocates a zeroed tensor in a buffer of its own; dispose <see cref="TensorView.Buffer"/>.</summary>
    public TensorView Allocate(TensorShape shape, TensorLayout layout) => new(Allocate(shape.Length(layout)), 0, shape, layout);

    /// <summary>Copies values in planar order into a view of any layout.</summary>
    /// <exception cref="KernelShapeException">The number of values differs from the view's elements.</exception>
    public abstract void Upload(ReadOnlySpan<float> planar, TensorView destination);

    /// <summary>Waits, and copies a view of any layout out in planar order.</summary>
    /// <exception cref="KernelShapeException">The span is not as long as the view has elements.</exception>
    public abstract void Download(TensorView source, Span<float> planar);

    /// <summary>Waits until everything enqueued is done.</summary>
    public abstract void Synchronize();

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
        spec.Validate();
        if (!ReferenceEquals(filters.Device, this))
            throw new DeviceMismatchException(this, filters.Device);
        if (filters.Shape != spec.Filters)
            throw new KernelShapeException($"convolution: expected {spec.Filters} filters, got {filters.Shape}");
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
        int n = spec.Size * spec.Size;
        if (window.Length != n || target.Length != n)
        {
            throw new KernelShapeException(
                $"correlation filter: window and target of {spec.Size}x{spec.Size} take {n} values, got {window.Length} and {target.Length}");
        }
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

    /// <summary>Frees the device. Dispose its buffers and operations first.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Takes filters of checked lengths.</summary>
    protected abstract ConvolutionFilters LoadCore(TensorShape shape, float[] filters, float[] bias);

    /// <summary>Prepares from a checked spec.</summary>
    protected abstract Convolution PrepareCore(ConvolutionSpec spec, ConvolutionFilters filters);

    /// <inheritdoc cref="PrepareCore(ConvolutionSpec, ConvolutionFilters)"/>
    protected abstract MaxPool PrepareCore(MaxPoolSpec spec);

    /// <inheritdoc cref="PrepareCore(ConvolutionSpec, ConvolutionFilters)"/>
    protected abstract CrossCorrelation PrepareCore(CrossCorrelationSpec spec);

    /// <inheritdoc cref="PrepareCore(ConvolutionSpec, ConvolutionFilters)"/>
    protected abstract Fourier2D PrepareCore(Fourier2DSpec spec);

    /// <inheritdoc cref="PrepareCore(ConvolutionSpec, ConvolutionFilters)"/>
    protected abstract CorrelationFilter PrepareCore(CorrelationFilterSpec spec, ReadOnlySpan<float> window, ReadOnlySpan<float> target);

    /// <inheritdoc cref="PrepareCore(ConvolutionSpec, ConvolutionFilters)"/>
    protected abstract Blend PrepareCore(BlendSpec spec);

    /// <inheritdoc cref="PrepareCore(ConvolutionSpec, ConvolutionFilters)"/>
    protected abstract CropResize PrepareCore(CropResizeSpec spec);

    /// <inheritdoc cref="PrepareCore(ConvolutionSpec, ConvolutionFilters)"/>
    protected abstract ResponsePeak PrepareCore(ResponsePeakSpec spec);

    /// <summary>Frees what the device holds.</summary>
    protected abstract void Dispose(bool disposing);
}
