namespace SiamIlgpu.Kernels.Gpu.Cuda;

/// <summary>A function of a module. The driver unloads it.</summary>
internal sealed unsafe class CudaKernel(CudaDriver driver, CompiledKernel compiled, nint module, nint function) : GpuKernel(compiled)
{
    private readonly int[] elementBytes = [.. compiled.ElementBytes];

    internal nint Module => module;

    protected override void LaunchCore(GridSize groups, ReadOnlySpan<GpuView> views, ReadOnlySpan<byte> arguments)
    {
        if (views.Length != elementBytes.Length || arguments.Length != Compiled.ArgumentBytes)
        {
            throw new ArgumentException(
                $"kernel '{Compiled.Name}' takes {elementBytes.Length} views and {Compiled.ArgumentBytes} bytes of arguments, "
                + $"got {views.Length} and {arguments.Length}");
        }
        // A view is one parameter in ILGPU's PTX, .param .align 8 .b8 name[16]: its first element's address and its length.
        long* fields = stackalloc long[2 * views.Length];
        void** parameters = stackalloc void*[views.Length + 1];
        for (int i = 0; i < views.Length; i++)
        {
            fields[2 * i] = views[i].Memory + views[i].Offset * elementBytes[i];
            fields[2 * i + 1] = views[i].Length;
            parameters[i] = fields + 2 * i;
        }
        fixed (byte* last = arguments)
        {
            parameters[views.Length] = last;
            using Lock.Scope held = driver.Enter();
            int result = driver.Api.LaunchKernel(
                function, (uint)groups.X, (uint)groups.Y, (uint)groups.Z, (uint)Compiled.GroupSize, 1, 1, 0,
                driver.Queue, parameters, null);
            driver.Check(result, "cuLaunchKernel");
        }
    }
}

/// <summary>Page-locked host memory.</summary>
internal sealed unsafe class CudaPinned(CudaDriver driver, nint memory, long length) : PinnedMemory(length)
{
    private nint memory = memory;

    internal override byte* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(memory == 0, this);
            return (byte*)memory;
        }
    }

    public override void Dispose() => driver.Release(ref memory, driver.Api.MemFreeHost);
}

/// <summary>An event without a time.</summary>
internal sealed unsafe class CudaFence(CudaDriver driver, nint mark) : GpuFence
{
    private nint mark = mark;

    internal override void Set()
    {
        ObjectDisposedException.ThrowIf(mark == 0, this);
        using Lock.Scope held = driver.Enter();
        driver.RefuseWhileRecording();
        driver.Check(driver.Api.EventRecord(mark, driver.Stream), "cuEventRecord");
    }

    // Without the lock, so that others enqueue meanwhile. The driver spins: asleep (CU_EVENT_BLOCKING_SYNC) it would wake tens of
    // microseconds late.
    internal override void Wait()
    {
        ObjectDisposedException.ThrowIf(mark == 0, this);
        driver.RefuseWhileRecording();
        driver.MakeCurrent();
        driver.Check(driver.Api.EventSynchronize(mark), "cuEventSynchronize");
    }

    public override void Dispose() => driver.Release(ref mark, driver.Api.EventDestroy);
}

/// <summary>A CUDA graph, ready to launch.</summary>
internal sealed unsafe class CudaRecording(CudaDriver driver, nint graph) : GpuRecording
{
    private nint graph = graph;

    internal override void Replay()
    {
        ObjectDisposedException.ThrowIf(graph == 0, this);
        using Lock.Scope held = driver.Enter();
        driver.RefuseWhileRecording();
        driver.Check(driver.Api.GraphLaunch(graph, driver.Stream), "cuGraphLaunch");
    }

    public override void Dispose() => driver.Release(ref graph, driver.Api.GraphExecDestroy);
}
