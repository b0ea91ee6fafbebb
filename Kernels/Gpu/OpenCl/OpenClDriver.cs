namespace SiamIlgpu.Kernels.Gpu.OpenCl;

/// <summary>
/// A device behind an OpenCL 1.2 driver: one context and one in-order queue. Launches take a lock, as the arguments of a
/// cl_kernel are set one by one and belong to it, not to the caller; everything else OpenCL itself lets any thread call.
/// </summary>
/// <remarks>
/// Only setting a fence flushes, and waiting: until then drivers may gather work, which costs less. That built kernels are
/// kept from run to run is left to the OpenCL driver.
/// </remarks>
internal sealed unsafe class OpenClDriver : GpuDriver
{
    private readonly Dictionary<string, OpenClKernel> kernels = [];
    private readonly HashSet<nint> buffers = [];
    private readonly HashSet<Pinned> pinned = [];
    private volatile string? lost;
    private volatile bool disposed;

    private OpenClDriver(OpenClApi api, OpenClDevice device)
    {
        Api = api;
        Device = device;
        nint* properties = stackalloc nint[] { (nint)OpenClApi.ContextPlatform, device.Platform, 0 };
        nint handle = device.Handle;
        int code;
        Context = api.CreateContext(properties, 1, &handle, null, null, &code);
        OpenClApi.Check(code, "clCreateContext");
        Queue = api.CreateCommandQueue(Context, handle, 0, &code);
        if (code < 0)
            _ = Api.ReleaseContext(Context);
        OpenClApi.Check(code, "clCreateCommandQueue");
    }

    /// <summary>OpenCL's functions.</summary>
    internal OpenClApi Api { get; }

    /// <summary>The device behind the context.</summary>
    internal OpenClDevice Device { get; }

    /// <summary>The cl_context.</summary>
    internal nint Context { get; }

    /// <summary>The cl_command_queue.</summary>
    internal nint Queue { get; }

    /// <summary>What a launch holds from its first argument until it is enqueued.</summary>
    internal Lock Launching { get; } = new();

    internal override DeviceKind Kind => DeviceKind.OpenCl;

    internal override string Name => Device.LongName;

    internal override int ComputeUnits => Device.ComputeUnits;

    internal override bool IsProcessor => Device.Info.IsProcessor;

    internal override bool HasTensorCores => false;

    /// <summary>The devices of all OpenCL drivers, GPUs first; none where there is no OpenCL.</summary>
    internal static IReadOnlyList<DeviceInfo> List()
    {
        try
        {
            return List(OpenClApi.Installed);
        }
        catch (DeviceUnavailableException)
        {
            return [];
        }
    }

    /// <inheritdoc cref="List()"/>
    internal static IReadOnlyList<DeviceInfo> List(OpenClApi api) => [.. OpenClDevice.FindAll(api).Select(device => device.Info)];

    /// <summary>Opens a device by its number in <see cref="List()"/>.</summary>
    /// <exception cref="DeviceUnavailableException">There is none of that number, or it cannot run the kernels.</exception>
    internal static OpenClDriver Open(int index) => Open(index, OpenClApi.Installed);

    /// <inheritdoc cref="Open(int)"/>
    internal static OpenClDriver Open(int index, OpenClApi api)
    {
        List<OpenClDevice> devices = OpenClDevice.FindAll(api);
        if (devices.Count == 0)
            throw new DeviceUnavailableException("no OpenCL device: no driver of the OpenCL library has one");
        if ((uint)index >= (uint)devices.Count)
            throw new DeviceUnavailableException($"no OpenCL device {index}: there are {devices.Count}");
        if (devices[index].Info.Unusable is string reason)
            throw new DeviceUnavailableException($"OpenCL device {index} ({devices[index].Info.Name}): {reason}");
        try
        {
            return new OpenClDriver(api, devices[index]);
        }
        catch (DeviceException e)
        {
            throw new DeviceUnavailableException($"OpenCL device {index} ({devices[index].Info.Name}): {e.Message}");
        }
    }

    internal override nint Allocate(long bytes)
    {
        nint memory = CreateBuffer(OpenClApi.ReadWrite, bytes);
        lock (buffers)
            buffers.Add(memory);
        return memory;
    }

    // The queue holds references of its own, so memory lives until what is enqueued is done.
    internal override void Free(nint memory)
    {
        lock (buffers)
        {
            if (buffers.Remove(memory))
                _ = Api.ReleaseMemObject(memory);
        }
    }

    // Mapping waits for what is enqueued.
    internal override PinnedMemory AllocatePinned(long bytes)
    {
        nint memory = CreateBuffer(OpenClApi.ReadWrite | OpenClApi.AllocateHostMemory, bytes);
        int code;
        void* pointer = Api.EnqueueMapBuffer(
            Queue, memory, 1, OpenClApi.MapRead | OpenClApi.MapWrite, 0, (nuint)Math.Max(bytes, 1), 0, null, null, &code);
        if (code < 0)
            _ = Api.ReleaseMemObject(memory);
        CheckMemory(code, "clEnqueueMapBuffer", bytes);
        var block = new Pinned(this, bytes, memory, (byte*)pointer);
        lock (pinned)
            pinned.Add(block);
        return block;
    }

    internal override void Clear(nint memory, long offset, long bytes)
    {
        ThrowIfGone();
        // A pattern must divide offset and length.
        uint zero = 0;
        nuint pattern = (offset | bytes) % sizeof(uint) == 0 ? (nuint)sizeof(uint) : 1;
        if (bytes != 0)
            Check(Api.EnqueueFillBuffer(Queue, memory, &zero, pattern, (nuint)offset, (nuint)bytes, 0, null, null), "clEnqueueFillBuffer");
    }

    internal override void Upload(void* from, nint memory, long offset, long bytes)
    {
        ThrowIfGone();
        if (bytes != 0)
            Check(Api.EnqueueWriteBuffer(Queue, memory, 0, (nuint)offset, (nuint)bytes, from, 0, null, null), "clEnqueueWriteBuffer");
    }

    internal override void Download(nint memory, long offset, void* to, long bytes)
    {
        ThrowIfGone();
        if (bytes != 0)
            Check(Api.EnqueueReadBuffer(Queue, memory, 0, (nuint)offset, (nuint)bytes, to, 0, null, null), "clEnqueueReadBuffer");
    }

    internal override GpuKernel Load(CompiledKernel kernel)
    {
        lock (kernels)
        {
            ThrowIfGone();
            if (!kernels.TryGetValue(kernel.Name, out OpenClKernel? loaded))
                kernels.Add(kernel.Name, loaded = new OpenClKernel(this, kernel));
            return loaded;
        }
    }

    internal override GpuFence CreateFence() => new Fence(this);

    internal override void Synchronize()
    {
        ThrowIfGone();
        Check(Api.Finish(Queue), "clFinish", waited: true);
    }

    // Whatever state the device is in: return codes have nobody to tell.
    public override void Dispose()
    {
        if (disposed)
            return;
        if (lost == null)
            _ = Api.Finish(Queue);
        foreach (Pinned block in pinned.ToArray())
            block.Dispose();
        disposed = true;
        // Buffers that nobody disposed may be freed by the finalizer's thread just now.
        lock (buffers)
        {
            foreach (nint memory in buffers)
                _ = Api.ReleaseMemObject(memory);
            buffers.Clear();
        }
        foreach (OpenClKernel kernel in kernels.Values)
            kernel.Release();
        _ = Api.ReleaseCommandQueue(Queue);
        _ = Api.ReleaseContext(Context);
    }

    /// <summary>
    /// Throws what a failed call means; does nothing after one that succeeded. <paramref name="waited"/>: the call waits for
    /// the work before it, so that what it reports may be that work's failure.
    /// </summary>
    internal void Check(int code, string function, string? detail = null, bool waited = false)
    {
        if (code >= 0)
            return;
        string message = $"OpenCL: {function} failed: {OpenClApi.NameOf(code)}{(detail == null ? "" : $": {detail}")}";
        if (code is OpenClApi.NotAvailable or OpenClApi.WaitedForFailure or OpenClApi.InvalidContext or OpenClApi.InvalidQueue
            or OpenClApi.NvidiaFault || (waited && code == OpenClApi.OutOfResources))
        {
            lost = $"{Device.Info.Name} is lost: {message}";
            throw new DeviceLostException(lost);
        }
        // Many drivers look for memory only when it is first used.
        throw code == OpenClApi.AllocationFailed
            ? new DeviceMemoryException($"{message}: {Device.MemoryText}") : new DeviceException(message);
    }

    /// <summary>Throws when the driver is disposed or its device lost.</summary>
    internal void ThrowIfGone()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (lost != null)
            throw new DeviceLostException(lost);
    }

    private nint CreateBuffer(ulong flags, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ThrowIfGone();
        int code;
        nint memory = Api.CreateBuffer(Context, flags, (nuint)Math.Max(bytes, 1), null, &code);
        CheckMemory(code, "clCreateBuffer", bytes);
        return memory;
    }

    private void CheckMemory(int code, string function, long bytes)
    {
        if (code is OpenClApi.AllocationFailed or OpenClApi.OutOfHostMemory or OpenClApi.MapFailed or OpenClApi.InvalidBufferSize)
        {
            throw new DeviceMemoryException(
                $"OpenCL: {bytes:N0} bytes were asked for, {Device.MemoryText}: {function} failed: {OpenClApi.NameOf(code)}");
        }
        Check(code, function);
    }

    /// <summary>Memory of the driver's choice, mapped as long as it lives: what is mapped may be copied from and to.</summary>
    private sealed class Pinned(OpenClDriver driver, long length, nint memory, byte* pointer) : PinnedMemory(length)
    {
        private byte* pointer = pointer;

        internal override byte* Pointer
        {
            get
            {
                ObjectDisposedException.ThrowIf(pointer == null, this);
                return pointer;
            }
        }

        public override void Dispose()
        {
            lock (driver.pinned)
            {
                if (!driver.pinned.Remove(this))
                    return;
                _ = driver.Api.EnqueueUnmapMemObject(driver.Queue, memory, pointer, 0, null, null);
                _ = driver.Api.ReleaseMemObject(memory);
                pointer = null;
            }
        }
    }

    private sealed class Fence(OpenClDriver driver) : GpuFence
    {
        private nint mark;

        internal override void Set()
        {
            driver.ThrowIfGone();
            Dispose();
            nint set;
            driver.Check(driver.Api.EnqueueMarkerWithWaitList(driver.Queue, 0, null, &set), "clEnqueueMarkerWithWaitList");
            mark = set;
            driver.Check(driver.Api.Flush(driver.Queue), "clFlush");
        }

        internal override void Wait()
        {
            driver.ThrowIfGone();
            nint set = mark;
            if (set == 0)
                return;
            driver.Check(driver.Api.WaitForEvents(1, &set), "clWaitForEvents", waited: true);
            Dispose();
        }

        public override void Dispose()
        {
            if (mark != 0)
                _ = driver.Api.ReleaseEvent(mark);
            mark = 0;
        }
    }
}
