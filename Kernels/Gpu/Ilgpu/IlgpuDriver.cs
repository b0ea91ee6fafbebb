using ILGPU;
using ILGPU.Backends;
using ILGPU.Runtime;

namespace SiamIlgpu.Kernels.Gpu.Ilgpu;

/// <summary>
/// A device that ILGPU drives: its accelerator, buffers, page-locked arrays and launchers, and one stream. The derived drivers have what
/// differs between CUDA and OpenCL.
/// </summary>
internal abstract unsafe class IlgpuDriver : GpuDriver
{
    private readonly Context? owned;
    private readonly AcceleratorStream? ownedStream;
    private readonly Dictionary<string, IlgpuKernel> kernels = new(StringComparer.Ordinal);
    private Task lastCompiled = Task.CompletedTask;
    private long enqueued;
    private volatile string? lost;
    private volatile bool disposed;

    /// <summary>Takes an accelerator.</summary>
    /// <param name="accelerator">The accelerator.</param>
    /// <param name="compiler">The compiler of its kernels; the driver disposes it.</param>
    /// <param name="stream">The stream to enqueue on; null to make a new one.</param>
    /// <param name="owned">The context of the accelerator, which is disposed with the driver; null when a host owns both.</param>
    private protected IlgpuDriver(Accelerator accelerator, IlgpuCompiler compiler, AcceleratorStream? stream, Context? owned)
    {
        Accelerator = accelerator;
        Compiler = compiler;
        this.owned = owned;
        Stream = Queue = stream ?? (ownedStream = accelerator.CreateStream());
    }

    internal override int ComputeUnits => Accelerator.NumMultiprocessors;

    /// <summary>ILGPU's device.</summary>
    internal Accelerator Accelerator { get; }

    /// <summary>The compiler of its kernels.</summary>
    private protected IlgpuCompiler Compiler { get; }

    /// <summary>The stream whose work the device does in order.</summary>
    internal AcceleratorStream Stream { get; }

    /// <summary>Where launches and copies go: the stream, or, while something is recorded, a stream for that alone.</summary>
    private protected AcceleratorStream Queue { get; set; }

    /// <summary>
    /// The lock of every thread that enqueues. The arguments of an OpenCL kernel are stored in the kernel, so two callers must not set them at
    /// once. A thread that records a CUDA graph keeps all others out, so that their launches do not get into its recording.
    /// </summary>
    private protected Lock Gate { get; } = new();

    /// <summary>
    /// Copies, clears and launches so far. One counts once it is in the queue: a thread that waits meanwhile must not take it for done.
    /// </summary>
    private protected long Enqueued => Volatile.Read(ref enqueued);

    /// <summary>The driver's name in messages.</summary>
    private protected string Label => Kind == DeviceKind.Cuda ? "CUDA" : "OpenCL";

    /// <summary>How much memory there is, for messages.</summary>
    private protected abstract string MemoryText { get; }

    internal override GpuMemory Allocate(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ThrowIfGone();
        try
        {
            // Drivers refuse to allocate 0 bytes, but an empty buffer is allowed here.
            return new IlgpuMemory(Accelerator.AllocateRaw(Math.Max(bytes, 1), 1));
        }
        catch (AcceleratorException e)
        {
            throw Failure(e, $"allocating {bytes:N0} bytes", allocates: true);
        }
    }

    internal override PinnedMemory AllocatePinned(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ThrowIfGone();
        try
        {
            if (bytes <= Array.MaxLength)
                return new IlgpuPinned(this, Accelerator.AllocatePageLocked1D<byte>(Math.Max(bytes, 1), uninitialized: true), bytes);
        }
        catch (OutOfMemoryException)
        {
            // As with a length that no array has.
        }
        catch (AcceleratorException e)
        {
            throw Failure(e, $"page-locking {bytes:N0} bytes", allocates: true);
        }
        throw new DeviceMemoryException($"{Label}: the host has no {bytes:N0} bytes in one piece to be page-locked");
    }

    internal override void Clear(GpuMemory memory, long offset, long bytes)
    {
        if (bytes == 0)
            return;
        using Lock.Scope held = Enter();
        try
        {
            Clear(BufferOf(memory), offset, bytes);
            enqueued++;
        }
        catch (AcceleratorException e)
        {
            throw Failure(e, "clearing memory");
        }
    }

    internal override void Upload(void* from, GpuMemory memory, long offset, long bytes)
    {
        if (bytes == 0)
            return;
        using Lock.Scope held = Enter();
        try
        {
            Upload((nint)from, BufferOf(memory), offset, bytes);
            enqueued++;
        }
        catch (AcceleratorException e)
        {
            throw Failure(e, "a copy to the device");
        }
    }

    internal override void Download(GpuMemory memory, long offset, void* to, long bytes)
    {
        if (bytes == 0)
            return;
        using Lock.Scope held = Enter();
        try
        {
            Download(BufferOf(memory), offset, (nint)to, bytes);
            enqueued++;
        }
        catch (AcceleratorException e)
        {
            throw Failure(e, "a copy to the host");
        }
    }

    // Kernels are compiled one after the other, in the order in which they are asked for, because the numbers that ILGPU gives decide
    // on the order of some statements, and so on whether the driver has the text in its cache. The driver builds them side by side.
    internal override GpuKernel Load(KernelSource kernel)
    {
        lock (kernels)
        {
            ThrowIfGone();
            if (!kernels.TryGetValue(kernel.Name, out IlgpuKernel? loaded))
            {
                Task<CompiledKernel> compiling = lastCompiled.ContinueWith(_ => Compiler.Compile(kernel), TaskScheduler.Default);
                lastCompiled = compiling;
                kernels.Add(kernel.Name, loaded = new IlgpuKernel(this, kernel, compiling));
            }
            return loaded;
        }
    }

    // Waits outside the lock, so that other threads can enqueue meanwhile.
    internal override void Synchronize()
    {
        RefuseWhileRecording();
        ThrowIfGone();
        try
        {
            Stream.Synchronize();
        }
        catch (AcceleratorException e)
        {
            throw Failure(e, "waiting for the device", waited: true);
        }
    }

    /// <summary>
    /// Waits and frees. Errors are ignored, because nothing of a failed device can be saved. Memory, fences and recordings
    /// that outlive the driver do nothing when disposed.
    /// </summary>
    public override void Dispose()
    {
        lock (kernels)
        {
            if (disposed)
                return;
            disposed = true;
        }
        foreach (IlgpuKernel kernel in kernels.Values)
            kernel.Settle();
        Ignore(() => Stream.Synchronize());
        foreach (IlgpuKernel kernel in kernels.Values)
            Ignore(kernel.Free);
        Ignore(() => ownedStream?.Dispose());
        Ignore(Compiler.Dispose);
        if (lost is not null)
            LostDevice.Abandon(Accelerator);
        if (owned is null)
            return;
        Ignore(Accelerator.Dispose);
        Ignore(owned.Dispose);
    }

    /// <summary>Gives a compiled kernel to the device's driver.</summary>
    /// <exception cref="DeviceException">It cannot be built; the message has the driver's log.</exception>
    internal abstract Kernel Build(KernelSource source, CompiledKernel compiled);

    /// <summary>Enqueues a kernel.</summary>
    internal void Launch(KernelLauncher launcher, KernelSource source, GridSize groups, ReadOnlySpan<GpuView> views, ReadOnlySpan<byte> arguments)
    {
        var config = new KernelConfig(new Index3D(groups.X, groups.Y, groups.Z), new Index3D(source.GroupSize, 1, 1));
        using Lock.Scope held = Enter();
        try
        {
            launcher.Launch(Queue, config, views, arguments);
            enqueued++;
        }
        catch (AcceleratorException e)
        {
            throw Failure(e, $"launching kernel {source.Name}");
        }
    }

    /// <summary>Enqueues zeros.</summary>
    private protected abstract void Clear(MemoryBuffer buffer, long offset, long bytes);

    /// <summary>Enqueues a copy to the device. ILGPU's own copies allocate a few hundred bytes each time.</summary>
    private protected abstract void Upload(nint from, MemoryBuffer buffer, long offset, long bytes);

    /// <summary>Enqueues a copy to the host.</summary>
    private protected abstract void Download(MemoryBuffer buffer, long offset, nint to, long bytes);

    /// <summary>The name of a driver's error, and what it means.</summary>
    /// <param name="e">The error.</param>
    /// <param name="allocates">Whether memory was asked for.</param>
    /// <param name="waited">Whether the call waits for work before it, so that the error may be that work's.</param>
    private protected abstract (string Name, FailureKind Kind) Explain(AcceleratorException e, bool allocates, bool waited);

    /// <summary>The exception for a call that failed; its type tells what the caller can do about it.</summary>
    internal DeviceException Failure(AcceleratorException e, string what, bool allocates = false, bool waited = false)
    {
        (string name, FailureKind kind) = Explain(e, allocates, waited);
        string message = $"{Label}: {what} failed: {name}";
        if (kind == FailureKind.Memory)
            return new DeviceMemoryException($"{message}: {MemoryText}");
        if (kind != FailureKind.Lost)
            return new DeviceException(message);
        lost ??= $"{Accelerator.Name} is lost: {message}";
        LostDevice.Abandon(Accelerator);
        return new DeviceLostException(lost);
    }

    /// <summary>The exception for a kernel that the device's driver does not build, with its log unless the device is lost.</summary>
    private protected DeviceException BuildFailure(AcceleratorException e, KernelSource source, Func<string?> log)
    {
        DeviceException failure = Failure(e, $"building kernel {source.Name}");
        return failure is DeviceLostException ? failure : new DeviceException($"{failure.Message}\n{log()}".TrimEnd());
    }

    /// <summary>Keeps other threads out until the result is disposed.</summary>
    private protected Lock.Scope Enter()
    {
        ThrowIfGone();
        return Gate.EnterScope();
    }

    /// <summary>Throws when the driver or a host's accelerator is disposed, or the device lost.</summary>
    internal void ThrowIfGone()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ObjectDisposedException.ThrowIf(Accelerator.IsDisposed, Accelerator);
        if (lost is string why)
            throw new DeviceLostException(why);
    }

    /// <summary>Whether nothing can be asked of the device any more.</summary>
    internal bool IsGone => disposed || lost is not null || Accelerator.IsDisposed;

    /// <summary>
    /// Fails in the action of <see cref="GpuDriver.Record"/>: whoever has the lock while the queue is a recorder's is there.
    /// </summary>
    private protected void RefuseWhileRecording()
    {
        if (Gate.IsHeldByCurrentThread && Queue != Stream)
            throw new InvalidOperationException("only launches, copies and clears can be recorded");
    }

    /// <summary>Frees something of a device that may have failed, in which case there is nothing left to free.</summary>
    internal static void Ignore(Action free)
    {
        try
        {
            free();
        }
        catch (AcceleratorException)
        {
            // The device is lost, and with it everything that it held.
        }
    }

    private static MemoryBuffer BufferOf(GpuMemory memory) => ((IlgpuMemory)memory).Buffer;
}

/// <summary>What a driver's error means to the caller.</summary>
internal enum FailureKind
{
    /// <summary>This call failed; others may not.</summary>
    Call,

    /// <summary>There is too little memory.</summary>
    Memory,

    /// <summary>The device does not answer any more.</summary>
    Lost,
}

/// <summary>A buffer of ILGPU's; one that nobody disposed it frees itself.</summary>
internal sealed class IlgpuMemory(MemoryBuffer buffer) : GpuMemory
{
    internal MemoryBuffer Buffer { get; } = buffer;

    /// <summary>A host's view of bytes as a kernel sees it.</summary>
    /// <exception cref="ArgumentException">It is no view of the device's accelerator.</exception>
    internal static GpuView ViewOf<TView>(GpuDevice device, TView bytes)
        where TView : IContiguousArrayView
    {
        if (!bytes.IsValid || device.Driver is not IlgpuDriver driver || bytes.Buffer.Accelerator != driver.Accelerator)
            throw new ArgumentException($"the frame is not in memory of the accelerator of {device.Name}");
        return new GpuView(new IlgpuMemory(bytes.Buffer), bytes.Index, bytes.Length);
    }

    public override void Dispose() => IlgpuDriver.Ignore(Buffer.Dispose);
}

/// <summary>A page-locked array of ILGPU's.</summary>
internal sealed unsafe class IlgpuPinned(IlgpuDriver driver, PageLockedArray1D<byte> array, long length) : PinnedMemory(length)
{
    private bool disposed;

    internal override byte* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            driver.ThrowIfGone();
            return (byte*)array.ArrayView.LoadEffectiveAddressAsPtr();
        }
    }

    // A copy that is enqueued may still read it or write to it.
    public override void Dispose()
    {
        if (disposed)
            return;
        disposed = true;
        if (!driver.IsGone)
            driver.Synchronize();
        IlgpuDriver.Ignore(array.Dispose);
    }
}
