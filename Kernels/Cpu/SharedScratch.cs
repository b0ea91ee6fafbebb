namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// Memory that the operations of a device take turns to use, so that it stays in the cache from one layer to the next and
/// does not add up over the layers. One piece a thread that is in an operation: usually one.
/// </summary>
internal sealed class SharedScratch(CpuDevice device) : IDisposable
{
    private readonly Stack<CpuBuffer> idle = new();
    private long largest;

    /// <summary>Makes sure that a piece of so many floats lies ready.</summary>
    internal void Reserve(long floats) => Return(Rent(floats));

    /// <summary>At least so many floats, with anything in them.</summary>
    internal CpuBuffer Rent(long floats)
    {
        CpuBuffer? ready;
        lock (idle)
        {
            largest = Math.Max(largest, floats);
            floats = largest;
            idle.TryPop(out ready);
        }
        if (ready != null && ready.Length >= floats)
            return ready;
        ready?.Dispose();
        return new CpuBuffer(device, floats, zeroed: false);
    }

    internal void Return(CpuBuffer rented)
    {
        lock (idle)
            idle.Push(rented);
    }

    public void Dispose()
    {
        foreach (CpuBuffer buffer in idle)
            buffer.Dispose();
    }
}
