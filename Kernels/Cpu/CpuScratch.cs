using System.Runtime.InteropServices;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>Native scratch of one operation. It grows with the largest request, with room to spare, and is then reused.</summary>
internal sealed unsafe class CpuScratch : IDisposable
{
    private const int Alignment = 64;
    private void* pointer;
    private nuint capacity;

    ~CpuScratch() => Dispose();

    /// <summary>Room for <paramref name="count"/> values, in whole cache lines. What an earlier request left there is lost.</summary>
    internal T* Reserve<T>(long count)
        where T : unmanaged
    {
        nuint bytes = checked((nuint)count * (nuint)sizeof(T));
        if (bytes > capacity)
        {
            NativeMemory.AlignedFree(pointer);
            pointer = null;
            capacity = 0;
            nuint grown = checked(bytes + bytes / 4 + Alignment);
            pointer = NativeMemory.AlignedAlloc(grown, Alignment);
            NativeMemory.Clear(pointer, grown);
            capacity = grown;
        }
        return (T*)pointer;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(pointer);
        pointer = null;
        capacity = 0;
        GC.SuppressFinalize(this);
    }
}
