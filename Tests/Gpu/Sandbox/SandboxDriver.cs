using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ILGPU;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Gpu;

namespace SiamIlgpu.Tests.Gpu.Sandbox;

/// <summary>
/// Runs kernels from their sources, slowly and strictly. Nothing that is enqueued happens before a wait, so a host that reads
/// too early, or changes what it uploads too early, sees it.
/// </summary>
/// <param name="kernels">The kernel of a name: a method that takes views, then one argument struct.</param>
/// <param name="descending">Runs the threads of a group from the last to the first.</param>
/// <param name="memoryLimit">Bytes that can be allocated.</param>
internal sealed unsafe class SandboxDriver(
    Func<string, Delegate> kernels, bool isProcessor = false, bool hasTensorCores = false, int computeUnits = 4, bool descending = false,
    long memoryLimit = long.MaxValue) : GpuDriver
{
    private readonly Lock gate = new();
    private readonly Queue<Step> queue = [];
    private List<Step>? recorded;
    private long allocatedBytes;
    private long enqueued;
    private long done;
    private bool disposed;

    internal override DeviceKind Kind => hasTensorCores ? DeviceKind.Cuda : DeviceKind.OpenCl;

    internal override string Name => "sandbox";

    internal override int ComputeUnits => computeUnits;

    internal override bool IsProcessor => isProcessor;

    internal override bool HasTensorCores => hasTensorCores;

    /// <summary>Allocations that nobody freed yet.</summary>
    internal int LiveAllocations { get; private set; }

    internal override GpuMemory Allocate(long bytes)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            if (bytes > Array.MaxLength || allocatedBytes + bytes > memoryLimit)
                throw new DeviceMemoryException($"sandbox: no {bytes} bytes left");
            return new Allocation(this, bytes);
        }
    }

    internal override PinnedMemory AllocatePinned(long bytes) => new Pinned(this, bytes);

    internal override void Clear(GpuMemory memory, long offset, long bytes)
    {
        SandboxMemory target = Find(memory, offset, bytes);
        Enqueue(new Step(() => target.Bytes.AsSpan((int)offset, (int)bytes).Clear()));
    }

    internal override void Upload(void* from, GpuMemory memory, long offset, long bytes)
    {
        SandboxMemory target = Find(memory, offset, bytes);
        nint host = (nint)from;
        Enqueue(new Step(
            () => new Span<byte>((void*)host, (int)bytes).CopyTo(target.Bytes.AsSpan((int)offset)), host, bytes));
    }

    internal override void Download(GpuMemory memory, long offset, void* to, long bytes)
    {
        SandboxMemory source = Find(memory, offset, bytes);
        nint host = (nint)to;
        Enqueue(new Step(
            () => source.Bytes.AsSpan((int)offset, (int)bytes).CopyTo(new Span<byte>((void*)host, (int)bytes)), host, bytes));
    }

    internal override GpuKernel Load(KernelSource kernel)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        Delegate method = kernels(kernel.Name);
        Type[] taken = ParametersOf(kernel.Method), own = ParametersOf(method);
        if (!taken.Select(SizeOfParameter).SequenceEqual(own.Select(SizeOfParameter)))
            throw new SandboxException($"{kernel.Name}: its source takes ({string.Join<Type>(", ", own)}), launches give ({string.Join<Type>(", ", taken)})");
        return new Kernel(this, kernel, descending, Bind(method));
    }

    /// <summary>Enqueues a kernel of this driver, its argument struct as bytes.</summary>
    internal static void Launch(GpuKernel kernel, GridSize groups, ReadOnlySpan<GpuView> views, ReadOnlySpan<byte> arguments) =>
        ((Kernel)kernel).LaunchBytes(groups, views, arguments);

    internal override GpuFence CreateFence() => new Fence(this);

    internal override void Synchronize() => RunTo(long.MaxValue);

    internal override GpuRecording Record(Action enqueue)
    {
        lock (gate)
        {
            recorded = [];
            try
            {
                enqueue();
                return new Recording(this, recorded);
            }
            finally
            {
                recorded = null;
            }
        }
    }

    public override void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            queue.Clear();
        }
    }

    // Runs what was enqueued up to a mark. A step that fails takes along those behind it, as a fault on a GPU does.
    private void RunTo(long mark)
    {
        lock (gate)
        {
            try
            {
                while (done < mark && queue.TryDequeue(out Step? step))
                {
                    done++;
                    step.Run();
                }
            }
            catch (Exception)
            {
                queue.Clear();
                done = enqueued;
                throw;
            }
        }
    }

    private void Enqueue(Step step)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            if (recorded != null)
            {
                recorded.Add(step);
                return;
            }
            queue.Enqueue(step);
            enqueued++;
        }
    }

    private SandboxMemory Find(GpuMemory memory, long offset, long bytes)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        SandboxMemory found = ((Allocation)memory).Memory;
        if (offset < 0 || bytes < 0 || offset + bytes > found.Bytes.Length)
            throw new SandboxException($"bytes {offset} to {offset + bytes} of memory that has {found.Bytes.Length}");
        return found;
    }

    // (views, bytes) => kernel(views[0].As<T0>(), ..., ReadArguments<TArguments>(bytes)), compiled: it runs once a thread.
    private static Action<BoundView[], byte[]> Bind(Delegate kernel)
    {
        ParameterExpression views = Expression.Parameter(typeof(BoundView[]));
        ParameterExpression bytes = Expression.Parameter(typeof(byte[]));
        Type[] parameters = ParametersOf(kernel);
        IEnumerable<Expression> arguments = parameters[..^1].Select((view, i) => (Expression)Expression.Call(
            Expression.ArrayIndex(views, Expression.Constant(i)), nameof(BoundView.As), view.GetGenericArguments()));
        Expression last = Expression.Call(typeof(SandboxDriver), nameof(ReadArguments), [parameters[^1]], bytes);
        return Expression.Lambda<Action<BoundView[], byte[]>>(
            Expression.Invoke(Expression.Constant(kernel), arguments.Append(last)), views, bytes).Compile();
    }

    private static T ReadArguments<T>(byte[] bytes)
        where T : unmanaged =>
        MemoryMarshal.Read<T>(bytes);

    private static Type[] ParametersOf(Delegate kernel)
    {
        Type[] parameters = [.. kernel.GetType().GetMethod("Invoke")!.GetParameters().Select(parameter => parameter.ParameterType)];
        bool takesViews = parameters.Length > 0
            && parameters[..^1].All(type => type.IsGenericType && type.Name == typeof(ArrayView<>).Name);
        return takesViews
            ? parameters
            : throw new SandboxException($"{kernel.Method.Name}: a kernel takes views, then one argument struct");
    }

    // Of a view, ILGPU's or the sandbox's, the bytes of an element.
    private static int SizeOfParameter(Type type) => SizeOf(type.Name == typeof(ArrayView<>).Name ? type.GetGenericArguments()[0] : type);

    private static int SizeOf(Type type) =>
        (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;

    // One enqueued call; of a copy, also the host memory that must stay as it is.
    private sealed record Step(Action Run, nint Host = 0, long HostBytes = 0);

    private readonly record struct BoundView(SandboxMemory Memory, int Number, long Start, long Length)
    {
        internal ArrayView<T> As<T>()
            where T : unmanaged =>
            new(Memory, Number, Start, Length);
    }

    private sealed class Allocation : GpuMemory
    {
        private readonly SandboxDriver driver;
        private SandboxMemory? memory;

        internal Allocation(SandboxDriver driver, long bytes)
        {
            this.driver = driver;
            memory = new SandboxMemory(bytes, shared: false);
            driver.LiveAllocations++;
            driver.allocatedBytes += bytes;
        }

        // As ILGPU's buffers, one that nobody disposed frees itself.
        ~Allocation() => Free();

        internal SandboxMemory Memory => memory ?? throw new SandboxException("memory that was freed is used");

        public override void Dispose()
        {
            GC.SuppressFinalize(this);
            if (memory is null && !driver.disposed)
                throw new SandboxException("memory was freed before");
            Free();
        }

        // What is enqueued holds its memory itself.
        private void Free()
        {
            lock (driver.gate)
            {
                driver.LiveAllocations--;
                driver.allocatedBytes -= memory?.Bytes.Length ?? 0;
                memory = null;
            }
        }
    }

    private sealed class Kernel(SandboxDriver driver, KernelSource source, bool descending, Action<BoundView[], byte[]> invoke)
        : GpuKernel(source)
    {
        private readonly int[] sizes = [.. ParametersOf(source.Method).Select(SizeOfParameter)];

        internal void LaunchBytes(GridSize groups, ReadOnlySpan<GpuView> views, ReadOnlySpan<byte> arguments) =>
            LaunchCore(groups, views, arguments);

        protected override void LaunchCore(GridSize groups, ReadOnlySpan<GpuView> views, ReadOnlySpan<byte> arguments)
        {
            // CUDA's limits of a grid.
            if (groups.X < 1 || groups.Y is < 1 or > 65535 || groups.Z is < 1 or > 65535)
                throw new SandboxException($"{Source.Name}: no grid of {groups}");
            if (views.Length != sizes.Length - 1 || arguments.Length != sizes[^1])
            {
                throw new SandboxException(
                    $"{Source.Name} takes {sizes.Length - 1} views and {sizes[^1]} bytes of arguments, "
                    + $"got {views.Length} and {arguments.Length}");
            }
            var bound = new BoundView[views.Length];
            for (int i = 0; i < views.Length; i++)
            {
                long start = views[i].Offset * sizes[i];
                bound[i] = new BoundView(driver.Find(views[i].Memory, start, views[i].Length * sizes[i]), i, start, views[i].Length);
            }
            byte[] copy = arguments.ToArray();
            driver.Enqueue(new Step(() =>
                GroupRunner.Run(Source.Name, groups, Source.GroupSize, descending, () => invoke(bound, copy))));
        }
    }

    private sealed class Fence(SandboxDriver driver) : GpuFence
    {
        private long mark;

        internal override void Set() => mark = driver.enqueued;

        internal override void Wait() => driver.RunTo(mark);

        public override void Dispose()
        {
            // Nothing to free.
        }
    }

    private sealed class Recording(SandboxDriver driver, List<Step> steps) : GpuRecording
    {
        internal override void Replay() => steps.ForEach(driver.Enqueue);

        public override void Dispose() => steps.Clear();
    }

    private sealed class Pinned : PinnedMemory
    {
        private readonly SandboxDriver driver;
        private byte* pointer;

        internal Pinned(SandboxDriver driver, long bytes)
            : base(bytes)
        {
            this.driver = driver;
            pointer = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, 1), 64);
            new Span<byte>(pointer, (int)bytes).Fill(0xff);
        }

        internal override byte* Pointer => pointer;

        public override void Dispose()
        {
            nint start = (nint)pointer;
            pointer = null;
            lock (driver.gate)
            {
                if (driver.queue.Any(step => step.HostBytes > 0 && step.Host < start + Length && start < step.Host + step.HostBytes))
                    driver.Enqueue(new Step(() => NativeMemory.AlignedFree((void*)start)));
                else
                    NativeMemory.AlignedFree((void*)start);
            }
        }
    }
}
