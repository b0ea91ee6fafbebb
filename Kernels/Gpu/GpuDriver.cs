namespace SiamIlgpu.Kernels.Gpu;

/// <summary>
/// What the GPU operations need from a driver: memory, kernels and one queue that works in order. Every call may come from any thread. A
/// launch is one call, so the arguments of two threads cannot mix. Every call that fails throws a <see cref="DeviceException"/> that says
/// what failed and names the driver's error.
/// </summary>
internal abstract unsafe class GpuDriver : IDisposable
{
    /// <summary>CUDA or OpenCL.</summary>
    internal abstract DeviceKind Kind { get; }

    /// <summary>The device's name and its driver's, as people should read it.</summary>
    internal abstract string Name { get; }

    /// <summary>Number of multiprocessors: at least this many groups of threads run at the same time.</summary>
    internal abstract int ComputeUnits { get; }

    /// <summary>Whether the device is a processor, which runs a group of threads as a loop on one core.</summary>
    internal abstract bool IsProcessor { get; }

    /// <summary>Whether the kernels for tensor cores can run.</summary>
    internal abstract bool HasTensorCores { get; }

    /// <summary>Allocates device memory with undefined content.</summary>
    /// <exception cref="DeviceMemoryException">There is too little memory.</exception>
    internal abstract GpuMemory Allocate(long bytes);

    /// <summary>Allocates host memory that the device reads and writes at full speed.</summary>
    /// <exception cref="DeviceMemoryException">There is too little memory.</exception>
    internal abstract PinnedMemory AllocatePinned(long bytes);

    /// <summary>Enqueues the clearing of memory to zeros.</summary>
    internal abstract void Clear(GpuMemory memory, long offset, long bytes);

    /// <summary>Enqueues a copy to the device; <paramref name="from"/> must stay as it is until the copy is done.</summary>
    internal abstract void Upload(void* from, GpuMemory memory, long offset, long bytes);

    /// <summary>Enqueues a copy to the host; <paramref name="to"/> is filled when the queue comes to the copy.</summary>
    internal abstract void Download(GpuMemory memory, long offset, void* to, long bytes);

    /// <summary>
    /// Starts to build a kernel. The first launch waits for the build, and throws a <see cref="DeviceException"/> if it has failed. The first
    /// build on a machine is slow; then the driver's cache has the result.
    /// </summary>
    internal abstract GpuKernel Load(KernelSource kernel);

    /// <summary>A mark in the queue that the host can wait for.</summary>
    internal abstract GpuFence CreateFence();

    /// <summary>Waits until everything enqueued is done.</summary>
    /// <exception cref="DeviceLostException">The device failed on the way.</exception>
    internal abstract void Synchronize();

    /// <summary>
    /// Records the launches of <paramref name="enqueue"/>, to replay them with fewer calls. Returns null if the driver is not able to. The
    /// launches must be the same at every replay. Recording does not run them.
    /// </summary>
    internal virtual GpuRecording? Record(Action enqueue) => null;

    /// <summary>Frees everything.</summary>
    public abstract void Dispose();
}

/// <summary>Memory of a device. Disposing it does not wait: the memory lives until the enqueued work no longer needs it.</summary>
internal abstract class GpuMemory : IDisposable
{
    /// <summary>Frees it. Does nothing if the device is lost.</summary>
    public abstract void Dispose();
}

/// <summary>A kernel of a device.</summary>
/// <param name="source">The source that it is built from.</param>
internal abstract unsafe class GpuKernel(KernelSource source)
{
    /// <summary>The source that it is built from.</summary>
    internal KernelSource Source { get; } = source;

    /// <summary>
    /// Enqueues the kernel. The views come in the order of its parameters; the struct of arguments is its last parameter. All fields of the
    /// struct have four bytes, so every compiler gives it the same layout.
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

/// <summary>The numbers of groups of a launch in three dimensions.</summary>
internal readonly record struct GridSize(int X, int Y = 1, int Z = 1);

/// <summary>A range of device memory as a kernel sees it.</summary>
/// <param name="Memory">The memory.</param>
/// <param name="Offset">Its first element, in elements of the kernel's parameter.</param>
/// <param name="Length">Number of elements.</param>
internal readonly record struct GpuView(GpuMemory Memory, long Offset, long Length);

/// <summary>Host memory that the device reads and writes directly.</summary>
internal abstract unsafe class PinnedMemory(long length) : IDisposable
{
    /// <summary>Number of bytes.</summary>
    internal long Length { get; } = length;

    /// <summary>Its first byte.</summary>
    internal abstract byte* Pointer { get; }

    /// <summary>Frees it when the enqueued work no longer needs it. Does nothing if the device is lost.</summary>
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
