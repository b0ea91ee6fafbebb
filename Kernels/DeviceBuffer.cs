namespace SiamIlgpu.Kernels;

/// <summary>Float memory of one device. It knows its device, and its owner disposes it.</summary>
internal abstract class DeviceBuffer(ComputeDevice device, long length) : IDisposable
{
    /// <summary>The device whose memory it is.</summary>
    internal ComputeDevice Device { get; } = device;

    /// <summary>Number of floats.</summary>
    internal long Length { get; } = length;

    /// <summary>Frees the memory. Views of it must not be used any more.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the device gave.</summary>
    protected abstract void Dispose(bool disposing);
}
