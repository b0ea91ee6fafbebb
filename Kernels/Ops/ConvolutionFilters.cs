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

    /// <summary>Lets go of what only the preparation of further convolutions would need.</summary>
    protected virtual void Seal()
    {
    }

    /// <summary>Frees what the device made of them, once nothing holds them.</summary>
    protected abstract void Free();
}
