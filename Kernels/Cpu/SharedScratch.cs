namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// Memory that the operations of a device take turns to use: a device runs one operation at a time, so one piece, as large as
/// the largest need, serves all, and stays in the cache from one layer to the next. Nothing in it outlives a call.
/// </summary>
internal sealed unsafe class SharedScratch(CpuDevice device) : IDisposable
{
    private CpuBuffer buffer = new(device, 0);

    /// <summary>Where it is now; it moves when a later operation reserves more.</summary>
    internal float* Pointer => buffer.Pointer;

    /// <summary>Makes it at least so large.</summary>
    internal void Reserve(long floats)
    {
        if (floats <= buffer.Length)
            return;
        buffer.Dispose();
        buffer = new CpuBuffer(device, floats);
    }

    public void Dispose() => buffer.Dispose();
}
