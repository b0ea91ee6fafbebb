using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.OpenCL;
using ILGPU.Runtime;
using ILGPU.Runtime.OpenCL;

namespace SiamIlgpu.Kernels.Gpu.Ilgpu;

/// <summary>A GPU or processor behind an OpenCL driver.</summary>
internal sealed class OpenClDriver : IlgpuDriver
{
    // ILGPU asks for a barrier over global memory alone, and by its name of OpenCL C 2.0. It writes a product and the sum that
    // takes it as two statements, which OpenCL C keeps apart unless told: CUDA's compiler makes them one instruction, and so
    // may this one. Frames would take 8 to 13 % longer without. ILGPU passes no options to the driver's compiler.
    private const string Prelude =
        "#undef work_group_barrier\n#define work_group_barrier(flags) barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE)\n"
        + "#ifdef __clang__\n#pragma clang fp contract(fast)\n#endif\n#line 1\n";

    private readonly CLAccelerator accelerator;

    // How many of the driver's calls a wait has seen through.
    private long finished;

    /// <summary>Takes an accelerator.</summary>
    /// <inheritdoc cref="IlgpuDriver(Accelerator, IlgpuCompiler, AcceleratorStream?, Context?)"/>
    internal OpenClDriver(CLAccelerator accelerator, AcceleratorStream? stream = null, Context? owned = null)
        : base(accelerator, IlgpuCompiler.ToOpenCl(), stream, owned)
    {
        this.accelerator = accelerator;
        Name = OpenClDevices.LongNameOf(accelerator.Device);
    }

    internal override DeviceKind Kind => DeviceKind.OpenCl;

    internal override string Name { get; }

    internal override bool IsProcessor => OpenClDevices.IsProcessor(accelerator.Device);

    internal override bool HasTensorCores => false;

    private protected override string MemoryText => OpenClDevices.MemoryTextOf(accelerator.Device);

    internal override GpuFence CreateFence() => new Fence(this);

    internal override void Synchronize()
    {
        long all = Enqueued;
        base.Synchronize();
        finished = Math.Max(finished, all);
    }

    internal override Kernel Build(KernelSource source, CompiledKernel compiled)
    {
        string code = Prelude + IlgpuCompiler.Renumber(((CLCompiledKernel)compiled).Source);
        try
        {
            Kernel kernel = accelerator.LoadKernel(
                new CLCompiledKernel(accelerator.Context, (SeparateViewEntryPoint)IlgpuCompiler.EntryPointOf(compiled), null, code, CLCVersion.CL12));
            int most = (int)CLAPI.CurrentAPI.GetKernelWorkGroupInfo<nint>(
                ((CLKernel)kernel).KernelPtr, accelerator.DeviceId, CLKernelWorkGroupInfoType.CL_KERNEL_WORK_GROUP_SIZE);
            return source.GroupSize <= most ? kernel
                : throw new DeviceException($"OpenCL: kernel {source.Name} needs groups of {source.GroupSize}, the device runs it with {most} at most");
        }
        catch (AcceleratorException e)
        {
            throw BuildFailure(e, source, () => BuildLog(compiled.Name, code));
        }
    }

    private protected override void Clear(MemoryBuffer buffer, long offset, long bytes)
    {
        // A pattern must divide offset and length.
        CLException.ThrowIfFailed((offset | bytes) % sizeof(uint) == 0
            ? CLAPI.CurrentAPI.FillBuffer(Queue, buffer.NativePtr, 0u, (nint)offset, (nint)bytes)
            : CLAPI.CurrentAPI.FillBuffer(Queue, buffer.NativePtr, (byte)0, (nint)offset, (nint)bytes));
    }

    private protected override void Upload(nint from, MemoryBuffer buffer, long offset, long bytes) =>
        CLException.ThrowIfFailed(CLAPI.CurrentAPI.WriteBuffer(Queue, buffer.NativePtr, false, (nint)offset, (nint)bytes, from));

    private protected override void Download(MemoryBuffer buffer, long offset, nint to, long bytes) =>
        CLException.ThrowIfFailed(CLAPI.CurrentAPI.ReadBuffer(Queue, buffer.NativePtr, false, (nint)offset, (nint)bytes, to));

    private protected override (string Name, FailureKind Kind) Explain(AcceleratorException e, bool allocates, bool waited)
    {
        int code = (int)((CLException)e).Error;
        string name = Enum.IsDefined((CLError)code) ? $"{(CLError)code} ({code})" : $"error {code}";
        // -14: a failure of what was waited for; -9999: an illegal access, on NVIDIA's.
        bool lost = code is (int)CLError.CL_DEVICE_NOT_AVAILABLE or -14 or (int)CLError.CL_INVALID_CONTEXT
            or (int)CLError.CL_INVALID_COMMAND_QUEUE or -9999 || (waited && code == (int)CLError.CL_OUT_OF_RESOURCES);
        // Many drivers look for memory only when it is first used.
        bool memory = code == (int)CLError.CL_MEM_OBJECT_ALLOCATION_FAILURE
            || (allocates && code is (int)CLError.CL_OUT_OF_HOST_MEMORY or (int)CLError.CL_INVALID_BUFFER_SIZE or (int)CLError.CL_OUT_OF_RESOURCES);
        return (name, lost ? FailureKind.Lost : memory ? FailureKind.Memory : FailureKind.Call);
    }

    // ILGPU's exception has no text, so what does not build is built once more for its log.
    private string? BuildLog(string name, string code)
    {
        CLKernel.LoadKernel(accelerator, name, code, CLCVersion.CL12, out nint program, out nint kernel, out string? log);
        if (kernel != 0)
            _ = CLAPI.CurrentAPI.ReleaseKernel(kernel);
        if (program != 0)
            _ = CLAPI.CurrentAPI.ReleaseProgram(program);
        return log;
    }

    /// <summary>OpenCL's events are internal to ILGPU: a fence waits for all that is enqueued, unless it is over already.</summary>
    private sealed class Fence(OpenClDriver driver) : GpuFence
    {
        private long mark;

        internal override void Set()
        {
            driver.ThrowIfGone();
            mark = driver.Enqueued;
            CLError flushed = CLAPI.CurrentAPI.FlushCommandQueue(((CLStream)driver.Stream).CommandQueue);
            if (flushed != CLError.CL_SUCCESS)
                throw driver.Failure(new CLException(flushed), "flushing the queue");
        }

        internal override void Wait()
        {
            driver.ThrowIfGone();
            if (Volatile.Read(ref driver.finished) < mark)
                driver.Synchronize();
        }

        public override void Dispose()
        {
            // It holds nothing.
        }
    }
}
