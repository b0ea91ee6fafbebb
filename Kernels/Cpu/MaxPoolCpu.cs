using System.Numerics;
using System.Runtime.CompilerServices;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// Max pooling of blocked features, sixteen channels at a time. Whether a NaN in a window reaches the result depends on its place: a
/// maximum that always passes NaN on takes several instructions, and would double the time of the pooling.
/// </summary>
internal sealed unsafe class MaxPoolCpu : MaxPool, IParallelWork
{
    private const int TasksPerThread = 8;

    private readonly CpuDevice cpu;
    private readonly int planes;
    private readonly int bands;
    private float* input;
    private float* output;

    internal MaxPoolCpu(CpuDevice device, MaxPoolSpec spec)
        : base(device, spec)
    {
        cpu = device;
        planes = spec.Batch * spec.Input.Blocks;
        bands = Math.Clamp((TasksPerThread * device.Threads).DivideUp(planes), 1, spec.OutHeight);
    }

    /// <summary>One task: a band of output rows of sixteen channels of one image.</summary>
    public void Run(int task, int worker)
    {
        int plane = task / bands;
        int band = task % bands;
        Part part = Part.Of(Spec.OutHeight, band, bands);
        for (int y = part.First; y < part.End; y++)
        {
            float* rows = input + ((long)plane * Spec.Height + (long)y * Spec.Stride) * Spec.Width * Block.Lanes;
            float* to = output + ((long)plane * Spec.OutHeight + y) * Spec.OutWidth * Block.Lanes;
            PoolRow(Spec, rows, Spec.Size, to);
        }
    }

    protected override void ForwardCore(TensorView input, TensorView output)
    {
        this.input = input.Pointer();
        this.output = output.Pointer();
        cpu.Workers.Run(this, planes * bands);
    }

    /// <summary>A row of the output, sixteen channels wide, from the first <paramref name="count"/> rows of its windows.</summary>
    internal static void PoolRow(in MaxPoolSpec spec, float* rows, int count, float* to)
    {
        for (int lane = 0; lane < Block.Lanes; lane += Vector<float>.Count)
        {
            if (spec.Size == 3 && count == 3 && spec.Stride == 2)
                Row3Stride2(rows + lane, spec.Width * Block.Lanes, to + lane, spec.OutWidth);
            else if (spec.Size == 3 && count == 3 && spec.Stride == 1)
                Row3Stride1(rows + lane, spec.Width * Block.Lanes, to + lane, spec.OutWidth);
            else
                Row(spec, rows + lane, count, to + lane);
        }
    }

    /// <summary>to = max(to, other).</summary>
    internal static void Join(float* other, float* to, int floats)
    {
        for (int i = 0; i < floats; i += Vector<float>.Count)
            Vector.MaxNative(Vector.Load(other + i), Vector.Load(to + i)).Store(to + i);
    }

    // Neighboring windows share a column: it is reduced once and carried over.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row3Stride2(float* rows, nint row, float* to, int windows)
    {
        Vector<float> left = Column3(rows, row);
        for (float* end = to + windows * Block.Lanes; to < end; to += Block.Lanes, rows += 2 * Block.Lanes)
        {
            Vector<float> middle = Column3(rows + Block.Lanes, row);
            Vector<float> right = Column3(rows + 2 * Block.Lanes, row);
            Vector.MaxNative(left, Vector.MaxNative(middle, right)).Store(to);
            left = right;
        }
    }

    // Neighboring windows share two columns.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row3Stride1(float* rows, nint row, float* to, int windows)
    {
        Vector<float> left = Column3(rows, row);
        Vector<float> middle = Column3(rows + Block.Lanes, row);
        for (float* end = to + windows * Block.Lanes; to < end; to += Block.Lanes, rows += Block.Lanes)
        {
            Vector<float> right = Column3(rows + 2 * Block.Lanes, row);
            Vector.MaxNative(left, Vector.MaxNative(middle, right)).Store(to);
            left = middle;
            middle = right;
        }
    }

    private static void Row(in MaxPoolSpec spec, float* rows, int count, float* to)
    {
        nint row = spec.Width * Block.Lanes;
        for (int x = 0; x < spec.OutWidth; x++)
        {
            float* window = rows + (long)x * spec.Stride * Block.Lanes;
            Vector<float> max = Vector.Load(window);
            for (int v = 0; v < count; v++)
                for (int u = 0; u < spec.Size; u++)
                    max = Vector.MaxNative(max, Vector.Load(window + v * row + u * Block.Lanes));
            max.Store(to + (long)x * Block.Lanes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Column3(float* top, nint row) =>
        Vector.MaxNative(Vector.Load(top), Vector.MaxNative(Vector.Load(top + row), Vector.Load(top + 2 * row)));
}
