namespace SiamIlgpu.Kernels;

/// <summary>
/// A prepared operation: everything slow (packing weights, choosing an algorithm, allocating scratch) has happened,
/// what is left only enqueues work. It belongs to one device, and to one thread at a time.
/// </summary>
public abstract class DeviceOperation(ComputeDevice device) : IDisposable
{
    /// <summary>The device it runs on.</summary>
    public ComputeDevice Device { get; } = device;

    /// <summary>Frees packed weights and scratch.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the operation allocated on its device.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }

    /// <summary>Throws unless the view is of this device and has just this shape and layout.</summary>
    /// <exception cref="DeviceMismatchException">The buffer is another device's.</exception>
    /// <exception cref="KernelShapeException">Shape or layout differ, or the view reaches past its buffer.</exception>
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
