namespace SiamIlgpu.Kernels;

/// <summary>Float memory of one device. Made by <see cref="ComputeDevice.Allocate(long)"/>, freed by its owner; knows its device.</summary>
public abstract class DeviceBuffer(ComputeDevice device, long length) : IDisposable
{
    /// <summary>The device whose memory it is.</summary>
    public ComputeDevice Device { get; } = device;

    /// <summary>Number of floats.</summary>
    public long Length { get; } = length;

    /// <summary>Frees the memory. Views of it must not be used any more.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the device gave.</summary>
    protected abstract void Dispose(bool disposing);
}
