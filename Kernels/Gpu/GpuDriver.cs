namespace SiamIlgpu.Kernels.Gpu;

/// <summary>
/// What the GPU operations need of a driver: memory, kernels, and one in-order queue. Every call may come from any thread; a
/// launch is one call, so that arguments of two threads never mix. A call that fails throws a <see cref="DeviceException"/>
/// that says what failed and with which error; nothing is ever ignored.
/// </summary>
internal abstract unsafe class GpuDriver : IDisposable
{
    /// <summary>CUDA or OpenCL.</summary>
    internal abstract DeviceKind Kind { get; }

    /// <summary>The device's name and its driver's, as people should read it.</summary>
    internal abstract string Name { get; }

    /// <summary>Multiprocessors: how many groups of threads run side by side at least.</summary>
    internal abstract int ComputeUnits { get; }

    /// <summary>Whether the device is a processor, whose "groups" are loops on one core.</summary>
    internal abstract bool IsProcessor { get; }

    /// <summary>Whether the tensor-core kernels run.</summary>
    internal abstract bool HasTensorCores { get; }

    /// <summary>Allocates device memory with undefined content.</summary>
    /// <exception cref="DeviceMemoryException">There is not that much.</exception>
    internal abstract GpuMemory Allocate(long bytes);

    /// <summary>Allocates host memory that the device reads and writes at full speed.</summary>
    /// <exception cref="DeviceMemoryException">There is not that much.</exception>
    internal abstract PinnedMemory AllocatePinned(long bytes);

    /// <summary>Enqueues zeros.</summary>
    internal abstract void Clear(GpuMemory memory, long offset, long bytes);

    /// <summary>Enqueues a copy to the device; <paramref name="from"/> must stay as it is until the copy is done.</summary>
    internal abstract void Upload(void* from, GpuMemory memory, long offset, long bytes);

    /// <summary>Enqueues a copy to the host; <paramref name="to"/> is filled once the queue has come so far.</summary>
    internal abstract void Download(GpuMemory memory, long offset, void* to, long bytes);

    /// <summary>
    /// Starts to build a kernel; its first launch waits for that, and throws the <see cref="DeviceException"/> of one that cannot be
    /// built. Slow the first time on a machine; the driver keeps what it built.
    /// </summary>
    internal abstract GpuKernel Load(KernelSource kernel);

    /// <summary>A mark in the queue that the host can wait for.</summary>
    internal abstract GpuFence CreateFence();

    /// <summary>Waits until everything enqueued is done.</summary>
    /// <exception cref="DeviceLostException">The device failed on the way.</exception>
    internal abstract void Synchronize();

    /// <summary>
    /// Takes down what <paramref name="enqueue"/> launches, to be replayed with fewer calls; null where the driver cannot.
    /// The calls must be the same at every replay. What the action would do is not done yet.
    /// </summary>
    internal virtual GpuRecording? Record(Action enqueue) => null;

    /// <summary>Frees everything.</summary>
    public abstract void Dispose();
}

/// <summary>Memory of a device. Disposing it waits for nothing: it lives until what is enqueued no longer needs it.</summary>
internal abstract class GpuMemory : IDisposable
{
    /// <summary>Frees it. Does nothing when the device is gone.</summary>
    public abstract void Dispose();
}

/// <summary>A kernel of a device.</summary>
/// <param name="source">What it is built from.</param>
internal abstract unsafe class GpuKernel(KernelSource source)
{
    /// <summary>What it is built from.</summary>
    internal KernelSource Source { get; } = source;

    /// <summary>
    /// Enqueues the kernel. The views come in the order of its parameters, the argument struct last; its fields are all of four
    /// bytes, so every compiler lays it out alike.
    /// </summary>
    internal void Launch<TArguments>(GridSize groups, ReadOnlySpan<GpuView> views, in TArguments arguments)
        where TArguments : unmanaged
    {
        fixed (TArguments* bytes = &arguments)
            LaunchCore(groups, views, new ReadOnlySpan<byte>(bytes, sizeof(TArguments)));
    }

    /// <summary>Enqueues as many groups as it takes to have <paramref name="threads"/> threads, <paramref name="jobs"/> times.</summary>
    internal void LaunchOver<TArguments>(int threads, ReadOnlySpan<GpuView> views, in TArguments arguments, int jobs = 1)
        where TArguments : unmanaged
    {
        int size = Source.GroupSize;
        if (threads > 0)
            Launch(new GridSize((threads - 1) / size + 1, jobs), views, arguments);
    }

    /// <summary>Enqueues the kernel.</summary>
    protected abstract void LaunchCore(GridSize groups, ReadOnlySpan<GpuView> views, ReadOnlySpan<byte> arguments);
}

/// <summary>Numbers of groups of a launch.</summary>
internal readonly record struct GridSize(int X, int Y = 1, int Z = 1);

/// <summary>A stretch of device memory as a kernel sees it.</summary>
/// <param name="Memory">The memory.</param>
/// <param name="Offset">Its first element, in elements of the kernel's parameter.</param>
/// <param name="Length">Number of elements.</param>
internal readonly record struct GpuView(GpuMemory Memory, long Offset, long Length);

/// <summary>Host memory that the device reads and writes directly.</summary>
internal abstract unsafe class PinnedMemory(long length) : IDisposable
{
    /// <summary>Bytes.</summary>
    internal long Length { get; } = length;

    /// <summary>Its first byte.</summary>
    internal abstract byte* Pointer { get; }

    /// <summary>Frees it, once what is enqueued no longer needs it. Does nothing when the device is gone.</summary>
    public abstract void Dispose();
}

/// <summary>A mark in the queue.</summary>
internal abstract class GpuFence : IDisposable
{
    /// <summary>Marks the place that the queue has reached now.</summary>
    internal abstract void Set();

    /// <summary>Waits until the queue has passed the last mark; returns at once when there is none.</summary>
    internal abstract void Wait();

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>Recorded launches.</summary>
internal abstract class GpuRecording : IDisposable
{
    /// <summary>Enqueues them all.</summary>
    internal abstract void Replay();

    /// <inheritdoc/>
    public abstract void Dispose();
}
