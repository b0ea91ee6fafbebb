using System.Runtime.InteropServices;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>Native memory, aligned for the widest vector, so that the collector neither moves nor scans it.</summary>
internal sealed unsafe partial class CpuBuffer : DeviceBuffer
{
    private const int Alignment = 64;
    private const int HugePage = 2 << 20;
    private float* pointer;

    // What is written as a whole before it is read need not be zeroed: transformed filters are tens of megabytes.
    internal CpuBuffer(CpuDevice device, long length, bool zeroed = true)
        : base(device, length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        nuint bytes = checked((nuint)length * sizeof(float) + Alignment);
        bool huge = OperatingSystem.IsLinux() && bytes >= HugePage;
        pointer = (float*)NativeMemory.AlignedAlloc(bytes, huge ? HugePage : (nuint)Alignment);
        // Thousands of page faults less before the first frame, and fewer misses after it. Advice: who cannot take it ignores it.
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
