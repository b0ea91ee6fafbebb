namespace SiamIlgpu.Kernels.Ops;

/// <summary>
/// The filters and biases of a convolution on a device. Convolutions of any batch and image size that are prepared with them share
/// one copy in the form that the device needs, as the two branches of a Siamese network do. Dispose the filters after the last
/// convolution is prepared: each convolution keeps what it needs until it is disposed itself. Several threads may prepare
/// convolutions at once.
/// </summary>
public abstract class ConvolutionFilters(ComputeDevice device, TensorShape shape) : IDisposable
{
    private int holders = 1;
    private int disposed;

    /// <summary>The device that they are on.</summary>
    public ComputeDevice Device { get; } = device;

    /// <summary>Their shape, OIHW.</summary>
    public TensorShape Shape { get; } = shape;

    /// <summary>Ends the preparation of convolutions. Those that were prepared go on working.</summary>
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
    /// Takes new values, as after a training step. Every convolution and every gradient that was prepared with these filters uses the
    /// new values from its next call on. Filters are planar, OIHW; biases are planar, [1,out,1,1].
    /// </summary>
    /// <exception cref="KernelShapeException">A shape or a layout is wrong.</exception>
    /// <exception cref="DeviceMismatchException">A view is of another device.</exception>
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

    /// <summary>Takes new values; the views have been checked.</summary>
    protected abstract void UpdateCore(TensorView filters, TensorView bias);

    /// <summary>Frees what only the preparation of more convolutions would need.</summary>
    protected virtual void Seal()
    {
    }

    /// <summary>Frees the device's copies. It is called when nothing needs them any more.</summary>
    protected abstract void Free();
}
