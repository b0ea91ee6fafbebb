namespace SiamIlgpu.Kernels.Gpu;

/// <summary>Memory of a GPU. It is freed with its device at the latest.</summary>
internal sealed class GpuBuffer : DeviceBuffer
{
    private GpuMemory? memory;

    internal GpuBuffer(GpuDevice device, long length)
        : base(device, length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Bytes = checked(Math.Max(length, 1) * sizeof(float));
        memory = device.Driver.Allocate(Bytes);
    }

    /// <summary>Bytes allocated.</summary>
    internal long Bytes { get; }

    /// <summary>The driver's memory.</summary>
    internal GpuMemory Memory
    {
        get
        {
            ObjectDisposedException.ThrowIf(memory is null, this);
            return memory;
        }
    }

    /// <summary>The whole buffer as a kernel sees it.</summary>
    internal GpuView All => new(Memory, 0, Length);

    protected override void Dispose(bool disposing)
    {
        memory?.Dispose();
        memory = null;
    }
}

internal static class GpuViews
{
    // Kernels load four floats at a time, and their indices are ints.
    private const int Alignment = 4;

    /// <summary>A tensor as a kernel sees it.</summary>
    /// <param name="view">The tensor.</param>
    /// <param name="alignment">Its start must be a multiple of this many floats; 1 for a kernel that loads single floats.</param>
    /// <exception cref="KernelShapeException">Its start is not such a multiple, or it is too long.</exception>
    internal static GpuView OnGpu(this in TensorView view, int alignment = Alignment)
    {
        if (view.Offset % alignment != 0)
            throw new KernelShapeException($"GPU tensors start at a multiple of {alignment} floats, got offset {view.Offset} of {view.Shape}");
        if (view.Length > int.MaxValue)
            throw new KernelShapeException($"GPU tensors have at most {int.MaxValue} floats, {view.Shape} has {view.Length}");
        return new GpuView(((GpuBuffer)view.Buffer).Memory, view.Offset, view.Length);
    }
}
