namespace SiamIlgpu.Kernels;

/// <summary>
/// The filters and biases of a convolution on a device. All convolutions that are prepared with them, for whatever batch and
/// image size, share what the device makes of them; so the two branches of a Siamese network hold, and stream through the
/// caches, one set of filters. Dispose them once the last convolution is prepared; each holds what it needs until it is
/// disposed itself. Several threads may prepare convolutions at once.
/// </summary>
public abstract class ConvolutionFilters(ComputeDevice device, TensorShape shape) : IDisposable
{
    private int holders = 1;
    private int disposed;

    /// <summary>The device that they are on.</summary>
    public ComputeDevice Device { get; } = device;

    /// <summary>Their shape, OIHW.</summary>
    public TensorShape Shape { get; } = shape;

    /// <summary>No more convolutions will be prepared; those that are there work on.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 0)
        {
            Seal();
            Release();
        }
        GC.SuppressFinalize(this);
    }

    /// <summary>
    /// Takes other values, of a training step: every convolution and every gradient prepared with these filters uses them from its
    /// next call on. Filters are planar, OIHW; biases planar, [1,out,1,1].
    /// </summary>
    /// <exception cref="KernelShapeException">The shapes are others.</exception>
    /// <exception cref="DeviceMismatchException">A view is another device's.</exception>
    public void Update(TensorView filters, TensorView bias)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref disposed) != 0, this);
        DeviceOperation.Require(Device, filters, Shape, TensorLayout.Planar, "convolution filters");
        DeviceOperation.Require(Device, bias, new TensorShape(1, Shape.Batch, 1, 1), TensorLayout.Planar, "convolution biases");
        UpdateCore(filters, bias);
    }

    internal void Hold()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref disposed) != 0, this);
        Interlocked.Increment(ref holders);
    }

    internal void Release()
    {
        if (Interlocked.Decrement(ref holders) == 0)
            Free();
    }

    /// <summary>Takes values of checked views.</summary>
    protected abstract void UpdateCore(TensorView filters, TensorView bias);

    /// <summary>Lets go of what only the preparation of further convolutions would need.</summary>
    protected virtual void Seal()
    {
    }

    /// <summary>Frees what the device made of them, once nothing holds them.</summary>
    protected abstract void Free();
}
