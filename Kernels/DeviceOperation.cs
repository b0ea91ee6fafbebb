namespace SiamIlgpu.Kernels;

/// <summary>
/// A prepared operation. Everything slow, such as packing weights, choosing an algorithm and allocating scratch memory, has been done;
/// running the operation only enqueues work. It belongs to one device, and it is for one thread at a time.
/// </summary>
public abstract class DeviceOperation(ComputeDevice device) : IDisposable
{
    /// <summary>The device it runs on.</summary>
    public ComputeDevice Device { get; } = device;

    /// <summary>Frees packed weights and scratch memory.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the operation allocated on its device.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }

    /// <summary>Throws unless the view is of this device and has exactly this shape and layout.</summary>
    /// <exception cref="DeviceMismatchException">The view is of another device.</exception>
    /// <exception cref="KernelShapeException">The shape or the layout differs, or the view reaches past its memory.</exception>
    protected void Require(in TensorView view, TensorShape shape, TensorLayout layout, string what) =>
        Require(Device, view, shape, layout, what);

    internal static void Require(ComputeDevice device, in TensorView view, TensorShape shape, TensorLayout layout, string what)
    {
        if (!ReferenceEquals(view.Buffer.Device, device))
            throw new DeviceMismatchException(device, view.Buffer.Device);
        if (view.Shape != shape || view.Layout != layout)
            throw new KernelShapeException($"{what}: expected {shape} {layout}, got {view.Shape} {view.Layout}");
        if (view.Offset < 0 || view.Offset + view.Length > view.Buffer.Length)
            throw new KernelShapeException($"{what}: {view.Shape} at offset {view.Offset} reaches past a buffer of {view.Buffer.Length} floats");
    }
}
