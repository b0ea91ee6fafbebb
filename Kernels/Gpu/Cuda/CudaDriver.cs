using System.Runtime.InteropServices;
using System.Text;

namespace SiamIlgpu.Kernels.Gpu.Cuda;

/// <summary>
/// An NVIDIA GPU by the CUDA driver: its primary context, which it shares with other users of the device in this process, and
/// one stream that waits for nobody else's. Calls leave the context current on the calling thread.
/// </summary>
internal sealed unsafe class CudaDriver : GpuDriver
{
    private const int TensorCoreCapability = 80;

    private readonly int device;
    private readonly nint context;
    private readonly Dictionary<string, CudaKernel> kernels = [];

    // One enqueues at a time; a thread that records keeps all others out, lest their launches end up in its recording.
    private readonly Lock gate = new();
    private volatile string? lost;
    private volatile bool disposed;

    private CudaDriver(CudaApi api, int index, DeviceInfo info)
    {
        Api = api;
        int ordinal = 0;
        nint primary = 0, created = 0;
        api.Check(api.DeviceGet(&ordinal, index), "cuDeviceGet");
        api.Check(api.PrimaryCtxRetain(&primary, ordinal), "cuDevicePrimaryCtxRetain");
        try
        {
            ComputeUnits = CudaDevices.Attribute(api, ordinal, CudaApi.MultiprocessorCount);
            HasTensorCores = CudaDevices.Capability(api, ordinal) >= TensorCoreCapability;
            api.Check(api.CtxSetCurrent(primary), "cuCtxSetCurrent");
            api.Check(api.StreamCreate(&created, CudaApi.StreamNonBlocking), "cuStreamCreate");
        }
        catch (DeviceException)
        {
            _ = api.PrimaryCtxRelease(ordinal);
            throw;
        }
        (device, context, Stream, Queue) = (ordinal, primary, created, created);
        Name = $"{info.Name}, {info.Driver}";
    }

    internal CudaApi Api { get; }

    /// <summary>What the device works off, in order.</summary>
    internal nint Stream { get; }

    /// <summary>Where launches and copies go: the stream, or, while something is recorded, a stream for that alone.</summary>
    internal nint Queue { get; private set; }

    internal override DeviceKind Kind => DeviceKind.Cuda;

    internal override string Name { get; }

    internal override int ComputeUnits { get; }

    internal override bool IsProcessor => false;

    internal override bool HasTensorCores { get; }

    /// <summary>The NVIDIA GPUs of this machine.</summary>
    internal static IReadOnlyList<DeviceInfo> List() => CudaDevices.List(CudaApi.FindLibrary());

    /// <summary>Opens a GPU by its index in the list.</summary>
    /// <exception cref="DeviceUnavailableException">There is none, or it cannot be used; the message says why.</exception>
    internal static CudaDriver Open(int index) => Open(CudaApi.FindLibrary(), index);

    /// <summary>Opens a GPU of the driver that exports <paramref name="exports"/>; null where there is none.</summary>
    /// <inheritdoc cref="Open(int)"/>
    internal static CudaDriver Open(Func<string, nint>? exports, int index)
    {
        if (exports == null)
            throw new DeviceUnavailableException($"no CUDA device: {CudaApi.LibraryName} was not found");
        IReadOnlyList<DeviceInfo> devices = CudaDevices.List(exports);
        if (index < 0 || index >= devices.Count)
            throw new DeviceUnavailableException($"no CUDA device {index}: the driver lists {devices.Count}");
        DeviceInfo info = devices[index];
        if (info.Unusable != null)
            throw new DeviceUnavailableException($"CUDA device {index} ({info.Name}): {info.Unusable}");
        try
        {
            return new CudaDriver(new CudaApi(exports), index, info);
        }
        catch (DeviceException e)
        {
            throw new DeviceUnavailableException($"CUDA device {index} ({info.Name}): {e.Message}");
        }
    }

    internal override nint Allocate(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        using Lock.Scope held = Enter();
        nint memory = 0;
        // The driver refuses to allocate nothing; an empty buffer is a buffer, too.
        int result = Api.MemAlloc(&memory, (nuint)Math.Max(bytes, 1));
        if (result == 0)
            return memory;
        nuint free = 0, total = 0;
        string left = Api.MemGetInfo(&free, &total) == 0 ? $", {Size((long)free)} of {Size((long)total)} free" : "";
        throw Failure(result, "cuMemAlloc", $": {Size(bytes)} asked for{left}");
    }

    internal override void Free(nint memory) => Release(ref memory, Api.MemFree);

    internal override PinnedMemory AllocatePinned(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        using Lock.Scope held = Enter();
        nint memory = 0;
        int result = Api.MemHostAlloc(&memory, (nuint)Math.Max(bytes, 1), 0);
        if (result != 0)
            throw Failure(result, "cuMemHostAlloc", $": {Size(bytes)} of page-locked host memory asked for");
        return new CudaPinned(this, memory, bytes);
    }

    internal override void Clear(nint memory, long offset, long bytes)
    {
        using Lock.Scope held = Enter();
        Check(Api.MemsetD8Async((nint)(memory + offset), 0, (nuint)bytes, Queue), "cuMemsetD8Async");
    }

    internal override void Upload(void* from, nint memory, long offset, long bytes)
    {
        using Lock.Scope held = Enter();
        Check(Api.MemcpyHtoDAsync((nint)(memory + offset), from, (nuint)bytes, Queue), "cuMemcpyHtoDAsync");
    }

    internal override void Download(nint memory, long offset, void* to, long bytes)
    {
        using Lock.Scope held = Enter();
        Check(Api.MemcpyDtoHAsync(to, (nint)(memory + offset), (nuint)bytes, Queue), "cuMemcpyDtoHAsync");
    }

    // The driver compiles PTX for its device and keeps the result on disk (~/.nv/ComputeCache): slow only the first time.
    internal override GpuKernel Load(CompiledKernel kernel)
    {
        using Lock.Scope held = Enter();
        if (!kernels.TryGetValue(kernel.Code, out CudaKernel? loaded))
            kernels.Add(kernel.Code, loaded = Build(kernel));
        return loaded;
    }

    internal override GpuFence CreateFence()
    {
        using Lock.Scope held = Enter();
        nint mark = 0;
        Check(Api.EventCreate(&mark, CudaApi.EventDisableTiming), "cuEventCreate");
        return new CudaFence(this, mark);
    }

    // Waits outside the lock, so that others enqueue meanwhile.
    internal override void Synchronize()
    {
        RefuseWhileRecording();
        MakeCurrent();
        Check(Api.StreamSynchronize(Stream), "cuStreamSynchronize");
    }

    // Records on a stream of its own: the other one stays whole, whatever comes of it, and may be waited for meanwhile.
    internal override GpuRecording Record(Action enqueue)
    {
        using Lock.Scope held = Enter();
        RefuseWhileRecording();
        nint recorder = 0, graph = 0, executable = 0;
        Check(Api.StreamCreate(&recorder, CudaApi.StreamNonBlocking), "cuStreamCreate");
        try
        {
            Check(Api.StreamBeginCapture(recorder, CudaApi.CaptureThreadLocal), "cuStreamBeginCapture");
            Queue = recorder;
            int ended;
            try
            {
                enqueue();
            }
            finally
            {
                Queue = Stream;
                ended = Api.StreamEndCapture(recorder, &graph);
            }
            Check(ended, "cuStreamEndCapture");
            Check(Api.GraphInstantiate(&executable, graph, 0), "cuGraphInstantiateWithFlags");
            return new CudaRecording(this, executable);
        }
        finally
        {
            if (graph != 0)
                _ = Api.GraphDestroy(graph);
            _ = Api.StreamDestroy(recorder);
        }
    }

    /// <summary>
    /// Waits and frees. Errors are ignored: of a device that failed there is nothing left to save. Memory, fences and recordings
    /// that outlive the driver do nothing when disposed: the context takes along what it owns.
    /// </summary>
    public override void Dispose()
    {
        lock (gate)
        {
            if (disposed)
                return;
            disposed = true;
            _ = Api.CtxSetCurrent(context);
            _ = Api.StreamSynchronize(Stream);
            foreach (CudaKernel kernel in kernels.Values)
                _ = Api.ModuleUnload(kernel.Module);
            _ = Api.StreamDestroy(Stream);
            _ = Api.CtxSetCurrent(0);
            _ = Api.PrimaryCtxRelease(device);
        }
    }

    /// <summary>Keeps other threads out until the result is disposed, and makes the context the calling thread's.</summary>
    /// <exception cref="ObjectDisposedException">The driver is disposed.</exception>
    /// <exception cref="DeviceLostException">The device failed, now or before.</exception>
    internal Lock.Scope Enter()
    {
        Lock.Scope held = gate.EnterScope();
        try
        {
            MakeCurrent();
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Makes the context the calling thread's, without the lock.</summary>
    /// <inheritdoc cref="Enter"/>
    internal void MakeCurrent()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (lost is string why)
            throw new DeviceLostException(why);
        Check(Api.CtxSetCurrent(context), "cuCtxSetCurrent");
    }

    /// <summary>Destroys what <paramref name="handle"/> names, after the work that may need it, and clears it. Never fails.</summary>
    internal void Release(ref nint handle, delegate* unmanaged<nint, int> destroy)
    {
        lock (gate)
        {
            if (handle != 0 && !disposed && lost == null && Api.CtxSetCurrent(context) == 0)
            {
                _ = Api.StreamSynchronize(Stream);
                _ = destroy(handle);
            }
            handle = 0;
        }
    }

    /// <summary>Fails in the action of <see cref="Record"/>: whoever has the lock while the queue is a recorder's is there.</summary>
    internal void RefuseWhileRecording()
    {
        if (gate.IsHeldByCurrentThread && Queue != Stream)
            throw new InvalidOperationException("only launches, copies and clears can be recorded");
    }

    /// <summary>Fails when a call failed; remembers it when the device is lost.</summary>
    internal void Check(int result, string function)
    {
        if (result != 0)
            throw Failure(result, function, "");
    }

    private static string Size(long bytes) =>
        bytes >= 1 << 30 ? $"{bytes / (double)(1 << 30):f1} GiB" : $"{bytes / (double)(1 << 20):f1} MiB";

    private DeviceException Failure(int result, string function, string detail)
    {
        DeviceException failure = Api.Failure(result, function, detail);
        if (failure is DeviceLostException)
            lost ??= failure.Message;
        return failure;
    }

    private CudaKernel Build(CompiledKernel kernel)
    {
        const int LogBytes = 8192;
        byte* log = stackalloc byte[LogBytes];
        int* options = stackalloc int[] { CudaApi.JitErrorLog, CudaApi.JitErrorLogBytes };
        void** values = stackalloc void*[] { log, (void*)LogBytes };
        nint module = 0, function = 0;
        int threads = 0, result;
        fixed (byte* code = Encoding.UTF8.GetBytes(kernel.Code + '\0'))
            result = Api.ModuleLoadDataEx(&module, code, 2, options, values);
        if (result != 0)
            throw Failure(result, "cuModuleLoadDataEx", $"; kernel '{kernel.Name}'\n{Marshal.PtrToStringUTF8((nint)log)}".TrimEnd());
        try
        {
            fixed (byte* entry = Encoding.UTF8.GetBytes(kernel.EntryPoint + '\0'))
                result = Api.ModuleGetFunction(&function, module, entry);
            if (result != 0)
                throw Failure(result, "cuModuleGetFunction", $"; '{kernel.EntryPoint}' of kernel '{kernel.Name}'");
            // A driver that loads lazily loads at the first question, which must not come while something is recorded.
            Check(Api.FuncGetAttribute(&threads, CudaApi.MaxThreadsPerBlock, function), "cuFuncGetAttribute");
            if (threads < kernel.GroupSize)
                throw new DeviceException(
                    $"CUDA: kernel '{kernel.Name}' needs groups of {kernel.GroupSize} threads, the device allows {threads}");
            return new CudaKernel(this, kernel, module, function);
        }
        catch (DeviceException)
        {
            _ = Api.ModuleUnload(module);
            throw;
        }
    }
}
