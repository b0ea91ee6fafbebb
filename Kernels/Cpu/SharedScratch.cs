namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// Scratch memory that the operations of a device use one after the other. So it stays in the cache from one layer to the next, and it
/// does not grow with the number of layers. Every thread that runs an operation has its own piece; usually there is one.
/// </summary>
internal sealed class SharedScratch(CpuDevice device) : IDisposable
{
    private readonly Stack<CpuBuffer> idle = new();
    private long largest;

    /// <summary>Makes sure that a piece of this many floats is ready.</summary>
    internal void Reserve(long floats) => Return(Rent(floats));

    /// <summary>Gives at least this many floats, with undefined content.</summary>
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
