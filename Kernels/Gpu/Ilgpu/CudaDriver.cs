using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace SiamIlgpu.Kernels.Gpu.Ilgpu;

/// <summary>An NVIDIA GPU behind the CUDA driver. Calls leave its context current on the calling thread.</summary>
internal sealed class CudaDriver : IlgpuDriver
{
    private static readonly CudaArchitecture WithTensorCores = CudaArchitecture.SM_80;

    private readonly CudaAccelerator accelerator;

    /// <summary>Takes an accelerator.</summary>
    /// <inheritdoc cref="IlgpuDriver(Accelerator, IlgpuCompiler, AcceleratorStream?, Context?)"/>
    internal CudaDriver(CudaAccelerator accelerator, AcceleratorStream? stream = null, Context? owned = null)
        : base(accelerator, IlgpuCompiler.ToPtx(accelerator.Architecture, accelerator.InstructionSet), stream, owned)
    {
        this.accelerator = accelerator;
        Name = $"{CudaDevices.NameOf(accelerator.Device)}, {CudaDevices.DriverOf(accelerator.Device)}";
    }

    internal override DeviceKind Kind => DeviceKind.Cuda;

    internal override string Name { get; }

    internal override bool IsProcessor => false;

    internal override bool HasTensorCores => accelerator.Architecture >= WithTensorCores;

    private protected override string MemoryText =>
        CudaAPI.CurrentAPI.GetMemoryInfo(out long free, out long total) == CudaError.CUDA_SUCCESS
            ? $"{free:N0} of {total:N0} bytes are free" : "how much is free the driver does not say";

    internal override GpuFence CreateFence()
    {
        using Lock.Scope held = Enter();
        Bind();
        Check(CudaAPI.CurrentAPI.CreateEvent(out nint mark, CudaEventFlags.CU_EVENT_DISABLE_TIMING), "creating an event");
        return new Fence(this, mark);
    }

    // Records on a separate stream. So a recording that fails does not harm the main stream, and other threads can wait for that one meanwhile.
    internal override GpuRecording Record(Action enqueue)
    {
        using Lock.Scope held = Enter();
        RefuseWhileRecording();
        Bind();
        nint graph = 0;
        CudaStream? recorder = null;
        try
        {
            recorder = accelerator.CreateStream(StreamFlags.CU_STREAM_NON_BLOCKING);
            Check(CudaGraphs.BeginCapture(recorder.StreamPtr, CudaGraphs.ThreadLocal), "cuStreamBeginCapture");
            Queue = recorder;
            CudaError ended;
            try
            {
                enqueue();
            }
            finally
            {
                Queue = Stream;
                ended = CudaGraphs.EndCapture(recorder.StreamPtr, out graph);
            }
            Check(ended, "cuStreamEndCapture");
            Check(CudaGraphs.Instantiate(out nint executable, graph, 0), "cuGraphInstantiateWithFlags");
            return new Recording(this, executable);
        }
        catch (AcceleratorException e)
        {
            throw Failure(e, "creating a stream");
        }
        finally
        {
            if (graph != 0)
                _ = CudaGraphs.Destroy(graph);
            Ignore(() => recorder?.Dispose());
        }
    }

    internal override Kernel Build(KernelSource source, CompiledKernel compiled)
    {
        string code = IlgpuCompiler.Renumber(((PTXCompiledKernel)compiled).PTXAssembly);
        try
        {
            return accelerator.LoadKernel(NewKernel(accelerator.Context, IlgpuCompiler.EntryPointOf(compiled), null, code));
        }
        catch (AcceleratorException e)
        {
            // ILGPU writes the driver's log only to trace listeners.
            throw BuildFailure(e, source, () =>
            {
                _ = CudaAPI.CurrentAPI.LoadModule(out _, code, out string? log);
                return log?.TrimEnd('\0', '\n');
            });
        }
    }

    private protected override void Clear(MemoryBuffer buffer, long offset, long bytes)
    {
        accelerator.Bind();
        CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.Memset((nint)(buffer.NativePtr + offset), 0, (nint)bytes, Queue));
    }

    private protected override void Upload(nint from, MemoryBuffer buffer, long offset, long bytes) =>
        Copy(from, (nint)(buffer.NativePtr + offset), bytes);

    private protected override void Download(MemoryBuffer buffer, long offset, nint to, long bytes) =>
        Copy((nint)(buffer.NativePtr + offset), to, bytes);

    private protected override (string Name, FailureKind Kind) Explain(AcceleratorException e, bool allocates, bool waited)
    {
        var cuda = (CudaException)e;
        FailureKind kind = !Enum.TryParse(cuda.Error, out CudaError error) ? FailureKind.Call
            : error == CudaError.CUDA_ERROR_OUT_OF_MEMORY ? FailureKind.Memory
            : IsFatal((int)error) ? FailureKind.Lost
            : FailureKind.Call;
        return ($"{cuda.Error}, {cuda.Message}", kind);
    }

    // After these the context answers every call with an error, as the driver's documentation has it: deinitialized, device
    // unavailable, invalid context, ECC, NVLink, contained error, illegal address, launch timeout, context destroyed, assert,
    // five kinds of faulty instruction or address, launch failed, tensor memory leak, MPS (connection, server, client ended),
    // external device, unknown.
    private static bool IsFatal(int error) =>
        error is 4 or 46 or 201 or 214 or 220 or 226 or 700 or 702 or 709 or 710 or (>= 714 and <= 719) or 721
            or 805 or 806 or 810 or 911 or 999;

    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    private static extern PTXCompiledKernel NewKernel(Context context, EntryPoint entryPoint, CompiledKernel.KernelInfo? info, string code);

    private void Copy(nint from, nint to, long bytes)
    {
        accelerator.Bind();
        CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.MemcpyAsync(to, from, (nint)bytes, Queue));
    }

    // The driver's calls are about the calling thread's context.
    private void Bind()
    {
        try
        {
            accelerator.Bind();
        }
        catch (AcceleratorException e)
        {
            throw Failure(e, "making the context current");
        }
    }

    private void Check(CudaError result, string what)
    {
        if (result != CudaError.CUDA_SUCCESS)
            throw Failure(new CudaException(result), what);
    }

    // Destroys a handle, after the work that may need it. Never fails.
    private void Release(ref nint handle, Func<nint, CudaError> destroy)
    {
        if (handle != 0 && !IsGone)
        {
            Ignore(accelerator.Bind);
            Ignore(Stream.Synchronize);
            _ = destroy(handle);
        }
        handle = 0;
    }

    /// <summary>An event without a time.</summary>
    private sealed class Fence(CudaDriver driver, nint mark) : GpuFence
    {
        private nint mark = mark;

        internal override void Set()
        {
            ObjectDisposedException.ThrowIf(mark == 0, this);
            using Lock.Scope held = driver.Enter();
            driver.RefuseWhileRecording();
            driver.Bind();
            driver.Check(CudaAPI.CurrentAPI.RecordEvent(mark, ((CudaStream)driver.Stream).StreamPtr), "recording an event");
        }

        // Without the lock, so that others enqueue meanwhile. The driver spins: asleep (CU_EVENT_BLOCKING_SYNC) it would wake tens of
        // microseconds late.
        internal override void Wait()
        {
            ObjectDisposedException.ThrowIf(mark == 0, this);
            driver.RefuseWhileRecording();
            driver.ThrowIfGone();
            driver.Bind();
            driver.Check(CudaAPI.CurrentAPI.SynchronizeEvent(mark), "waiting for an event");
        }

        public override void Dispose() => driver.Release(ref mark, CudaAPI.CurrentAPI.DestroyEvent);
    }

    /// <summary>A CUDA graph, ready to launch.</summary>
    private sealed class Recording(CudaDriver driver, nint graph) : GpuRecording
    {
        private nint graph = graph;

        internal override void Replay()
        {
            ObjectDisposedException.ThrowIf(graph == 0, this);
            using Lock.Scope held = driver.Enter();
            driver.RefuseWhileRecording();
            driver.Bind();
            driver.Check(CudaGraphs.Launch(graph, ((CudaStream)driver.Stream).StreamPtr), "cuGraphLaunch");
        }

        public override void Dispose() => driver.Release(ref graph, CudaGraphs.DestroyExecutable);
    }
}
