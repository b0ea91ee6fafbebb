using System.Runtime.InteropServices;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>Native memory, which the garbage collector neither moves nor scans. It is aligned for the widest vector.</summary>
internal sealed unsafe partial class CpuBuffer : DeviceBuffer
{
    private const int Alignment = 64;
    private const int HugePage = 2 << 20;
    private float* pointer;

    // Memory that is completely written before it is read need not be zeroed. This matters for filters: they take tens of megabytes.
    internal CpuBuffer(CpuDevice device, long length, bool zeroed = true)
        : base(device, length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        nuint bytes = checked((nuint)length * sizeof(float) + Alignment);
        bool huge = OperatingSystem.IsLinux() && bytes >= HugePage;
        pointer = (float*)NativeMemory.AlignedAlloc(bytes, huge ? HugePage : (nuint)Alignment);
        // Large pages save thousands of page faults before the first frame, and address misses after it. A system without them ignores this.
        if (huge)
            _ = Advise(pointer, bytes, 14);
        if (zeroed)
            NativeMemory.Clear(pointer, bytes);
    }

    ~CpuBuffer() => Dispose(disposing: false);

    internal float* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(pointer == null, this);
            return pointer;
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* start, nuint length, int advice);

    protected override void Dispose(bool disposing)
    {
        NativeMemory.AlignedFree(pointer);
        pointer = null;
    }
}

internal static unsafe class CpuViews
{
    /// <summary>The first float of a CPU tensor.</summary>
    internal static float* Pointer(this in TensorView view) => ((CpuBuffer)view.Buffer).Pointer + view.Offset;

    /// <summary>The floats of a CPU tensor, padding lanes included.</summary>
    internal static Span<float> Floats(this in TensorView view) => new(view.Pointer(), checked((int)view.Length));
}
