using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// One register of floats. A kernel is written once over it and compiled once for each width. Every width divides
/// <see cref="Block.Lanes"/>.
/// </summary>
/// <remarks>
/// The kernels of the processor write vectors in one of three ways:
/// <list type="bullet">
/// <item><c>Vector&lt;T&gt;</c> where memory is the limit, or where a loop needs masks, integers or doubles. It has at most 256 bits.</item>
/// <item>This interface where arithmetic is the limit: it has 512 bits where the processor has them. The register tiles and the
/// Winograd transforms, which a generator writes, name the same three widths directly.</item>
/// <item><c>Vector128&lt;float&gt;</c> for four numbers that belong together, such as a pixel or four taps, and
/// <c>Vector512&lt;float&gt;</c> for one whole block; .NET splits it where registers are narrower.</item>
/// </list>
/// </remarks>
internal unsafe interface ILanes<TSelf>
    where TSelf : struct, ILanes<TSelf>
{
    static abstract int Count { get; }

    static abstract TSelf Load(float* from);

    static abstract TSelf Broadcast(float value);

    static abstract TSelf operator +(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a, TSelf b);

    static abstract TSelf operator *(TSelf a, TSelf b);

    /// <summary>a * b + c, rounded once where the processor can.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    static abstract float Sum(TSelf a);

    void Store(float* to);
}

internal readonly unsafe struct Lanes512(Vector512<float> value) : ILanes<Lanes512>
{
    private readonly Vector512<float> value = value;

    public static int Count => 16;

    public static Lanes512 operator +(Lanes512 a, Lanes512 b) => new(a.value + b.value);

    public static Lanes512 operator -(Lanes512 a, Lanes512 b) => new(a.value - b.value);

    public static Lanes512 operator *(Lanes512 a, Lanes512 b) => new(a.value * b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Load(float* from) => new(Vector512.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Broadcast(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 MultiplyAdd(Lanes512 a, Lanes512 b, Lanes512 c) => new(Vector512.MultiplyAddEstimate(a.value, b.value, c.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes512 a) => Vector512.Sum(a.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* to) => value.Store(to);
}

internal readonly unsafe struct Lanes256(Vector256<float> value) : ILanes<Lanes256>
{
    private readonly Vector256<float> value = value;

    public static int Count => 8;

    public static Lanes256 operator +(Lanes256 a, Lanes256 b) => new(a.value + b.value);

    public static Lanes256 operator -(Lanes256 a, Lanes256 b) => new(a.value - b.value);

    public static Lanes256 operator *(Lanes256 a, Lanes256 b) => new(a.value * b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(float* from) => new(Vector256.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Broadcast(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 MultiplyAdd(Lanes256 a, Lanes256 b, Lanes256 c) => new(Vector256.MultiplyAddEstimate(a.value, b.value, c.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes256 a) => Vector256.Sum(a.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* to) => value.Store(to);
}

internal readonly unsafe struct Lanes128(Vector128<float> value) : ILanes<Lanes128>
{
    private readonly Vector128<float> value = value;

    public static int Count => 4;

    public static Lanes128 operator +(Lanes128 a, Lanes128 b) => new(a.value + b.value);

    public static Lanes128 operator -(Lanes128 a, Lanes128 b) => new(a.value - b.value);

    public static Lanes128 operator *(Lanes128 a, Lanes128 b) => new(a.value * b.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(float* from) => new(Vector128.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Broadcast(float value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 MultiplyAdd(Lanes128 a, Lanes128 b, Lanes128 c) => new(Vector128.MultiplyAddEstimate(a.value, b.value, c.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes128 a) => Vector128.Sum(a.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* to) => value.Store(to);
}

/// <summary>Work that is written once over <see cref="ILanes{TSelf}"/> and runs with the widest registers of this machine.</summary>
internal interface ILanesWork : IParallelWork
{
    /// <inheritdoc cref="IParallelWork.Run"/>
    void Run<TLanes>(int task, int worker)
        where TLanes : struct, ILanes<TLanes>;

    void IParallelWork.Run(int task, int worker)
    {
        if (Registers.Has512Bits)
            Run<Lanes512>(task, worker);
        else if (Vector256.IsHardwareAccelerated)
            Run<Lanes256>(task, worker);
        else
            Run<Lanes128>(task, worker);
    }
}
