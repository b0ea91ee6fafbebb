using System.Runtime.CompilerServices;
using SiamIlgpu.Tests.Gpu.Sandbox;

// The words of ILGPU that the kernels use, by their own names, so that the same source compiles against either.
namespace ILGPU;

/// <summary>
/// Memory as a kernel sees it; every access is checked. The indexers give and take values where ILGPU's return references, so
/// that reads and writes can be told apart: keep views in locals and parameters, and write whole elements.
/// </summary>
public readonly unsafe struct ArrayView<T>
    where T : unmanaged
{
    private readonly SandboxMemory memory;
    private readonly int number;
    private readonly long start;

    internal ArrayView(SandboxMemory memory, int number, long start, long length)
    {
        // Vector loads need their natural alignment, which a cast or an odd offset may break.
        int alignment = (sizeof(T) & (sizeof(T) - 1)) == 0 ? Math.Min(sizeof(T), 16) : Math.Min(sizeof(T), 4);
        if (start % alignment != 0)
            throw GroupRunner.Error($"{memory.Label(number)}: byte {start} is misaligned for {typeof(T).Name} of {sizeof(T)} bytes");
        (this.memory, this.number, this.start, Length) = (memory, number, start, length);
    }

    public long Length { get; }

    public int IntLength => checked((int)Length);

    public T this[int index]
    {
        get => this[(long)index];
        set => this[(long)index] = value;
    }

    public T this[long index]
    {
        get => Unsafe.ReadUnaligned<T>(ref memory.Read(number, start, sizeof(T), index, Length));
        set => Unsafe.WriteUnaligned(ref memory.Write(number, start, sizeof(T), index, Length), value);
    }

    public ArrayView<T> SubView(int offset) => SubView((long)offset);

    public ArrayView<T> SubView(long offset) => SubView(offset, Length - offset);

    public ArrayView<T> SubView(int offset, int length) => SubView((long)offset, length);

    public ArrayView<T> SubView(long offset, long length)
    {
        if (offset < 0 || length < 0 || offset + length > Length)
            throw GroupRunner.Error($"{memory.Label(number)}: subview of {length} at index {offset}, length {Length}");
        return new ArrayView<T>(memory, number, start + offset * sizeof(T), length);
    }

    public ArrayView<TOther> Cast<TOther>()
        where TOther : unmanaged =>
        new(memory, number, start, Length * sizeof(T) / sizeof(TOther));
}

/// <summary>The thread's place in its group.</summary>
public static class Group
{
    public static int IdxX => GroupRunner.Thread;

    public static int DimX => GroupRunner.GroupSize;

    public static void Barrier() => GroupRunner.Barrier();
}

/// <summary>The group's place in the grid.</summary>
public static class Grid
{
    public static int IdxX => GroupRunner.Group.X;

    public static int IdxY => GroupRunner.Group.Y;

    public static int IdxZ => GroupRunner.Group.Z;

    public static int DimX => GroupRunner.Groups.X;

    public static int DimY => GroupRunner.Groups.Y;

    public static int DimZ => GroupRunner.Groups.Z;
}

/// <summary>Memory of a group.</summary>
public static unsafe class SharedMemory
{
    /// <summary>
    /// The same memory for every thread that asks for its first, second, ... array. Not to be called in a loop, and the compiler
    /// wants a constant length.
    /// </summary>
    public static ArrayView<T> Allocate<T>(int length)
        where T : unmanaged
    {
        SandboxMemory memory = GroupRunner.Shared((long)length * sizeof(T), out int number);
        return new ArrayView<T>(memory, number, 0, length);
    }
}

/// <summary>Bits as numbers.</summary>
public static class Interop
{
    public static uint FloatAsInt(float value) => BitConverter.SingleToUInt32Bits(value);

    public static float IntAsFloat(uint value) => BitConverter.UInt32BitsToSingle(value);
}
