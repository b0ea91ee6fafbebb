using System.Numerics;
using System.Runtime.CompilerServices;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// A task is a plane of sixteen channels of one image. In each window and channel, the first value that equals the maximum gets the
/// output's gradient. A row of the gradient is cleared when the first window reaches it, and is still in the first-level cache when the
/// last window does.
/// </summary>
internal sealed unsafe class MaxPoolBackwardCpu : MaxPoolBackward, IParallelWork
{
    private readonly WorkerPool workers;
    private readonly int planes;

    // The arguments of the current call, which its tasks share.
    private float* input, output, outputGradient, inputGradient;

    internal MaxPoolBackwardCpu(CpuDevice device, MaxPoolSpec spec)
        : base(device, spec)
    {
        workers = device.Workers;
        planes = spec.Batch * spec.Input.Blocks;
    }

    public void Run(int task, int worker)
    {
        nint row = Spec.Width * Block.Lanes, outRow = Spec.OutWidth * Block.Lanes;
        float* x = input + (nint)task * Spec.Height * row;
        float* dx = inputGradient + (nint)task * Spec.Height * row;
        float* y = output + (nint)task * Spec.OutHeight * outRow;
        float* dy = outputGradient + (nint)task * Spec.OutHeight * outRow;
        int cleared = 0;
        for (int i = 0; i < Spec.OutHeight; i++, y += outRow, dy += outRow)
        {
            int first = i * Spec.Stride;
            int end = i == Spec.OutHeight - 1 ? Spec.Height : first + Spec.Size;
            new Span<float>(dx + cleared * row, (int)((end - cleared) * row)).Clear();
            cleared = end;
            for (int lane = 0; lane < Block.Lanes; lane += Vector<float>.Count)
            {
                float* from = x + first * row + lane, to = dx + first * row + lane;
                if (Spec.Size == 3 && Spec.Stride == 1)
                    Row3Stride1(from, y + lane, dy + lane, to, row, Spec.OutWidth);
                else if (Spec.Size == 3 && Spec.Stride == 2)
                    Row3Stride2(from, y + lane, dy + lane, to, row, Spec.OutWidth);
                else
                    Row(Spec, from, y + lane, dy + lane, to);
            }
        }
    }

    protected override void BackwardCore(TensorView input, TensorView output, TensorView outputGradient, TensorView inputGradient)
    {
        this.input = input.Pointer();
        this.output = output.Pointer();
        this.outputGradient = outputGradient.Pointer();
        this.inputGradient = inputGradient.Pointer();
        workers.Run(this, planes);
    }

    // Neighboring windows share two columns, whose gradients stay in registers until the last window that has them is done.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row3Stride1(float* x, float* y, float* dy, float* dx, nint row, int windows)
    {
        Vector<float> left0 = default, left1 = default, left2 = default, middle0 = default, middle1 = default, middle2 = default;
        for (float* end = y + windows * Block.Lanes; y < end; y += Block.Lanes, dy += Block.Lanes, x += Block.Lanes, dx += Block.Lanes)
        {
            Vector<float> maximum = Vector.Load(y);
            Vector<int> free = Vector.AsVectorInt32(Vector.Load(dy));
            Add(dx, left0 + Take(x, maximum, ref free));
            left0 = middle0 + Take(x + Block.Lanes, maximum, ref free);
            middle0 = Take(x + 2 * Block.Lanes, maximum, ref free);
            Add(dx + row, left1 + Take(x + row, maximum, ref free));
            left1 = middle1 + Take(x + row + Block.Lanes, maximum, ref free);
            middle1 = Take(x + row + 2 * Block.Lanes, maximum, ref free);
            Add(dx + 2 * row, left2 + Take(x + 2 * row, maximum, ref free));
            left2 = middle2 + Take(x + 2 * row + Block.Lanes, maximum, ref free);
            middle2 = Take(x + 2 * row + 2 * Block.Lanes, maximum, ref free);
        }
        Add(dx, left0);
        Add(dx + row, left1);
        Add(dx + 2 * row, left2);
        Add(dx + Block.Lanes, middle0);
        Add(dx + row + Block.Lanes, middle1);
        Add(dx + 2 * row + Block.Lanes, middle2);
    }

    // Neighboring windows share a column.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row3Stride2(float* x, float* y, float* dy, float* dx, nint row, int windows)
    {
        Vector<float> left0 = default, left1 = default, left2 = default;
        float* end = y + windows * Block.Lanes;
        for (; y < end; y += Block.Lanes, dy += Block.Lanes, x += 2 * Block.Lanes, dx += 2 * Block.Lanes)
        {
            Vector<float> maximum = Vector.Load(y);
            Vector<int> free = Vector.AsVectorInt32(Vector.Load(dy));
            Add(dx, left0 + Take(x, maximum, ref free));
            Add(dx + Block.Lanes, Take(x + Block.Lanes, maximum, ref free));
            left0 = Take(x + 2 * Block.Lanes, maximum, ref free);
            Add(dx + row, left1 + Take(x + row, maximum, ref free));
            Add(dx + row + Block.Lanes, Take(x + row + Block.Lanes, maximum, ref free));
            left1 = Take(x + row + 2 * Block.Lanes, maximum, ref free);
            Add(dx + 2 * row, left2 + Take(x + 2 * row, maximum, ref free));
            Add(dx + 2 * row + Block.Lanes, Take(x + 2 * row + Block.Lanes, maximum, ref free));
            left2 = Take(x + 2 * row + 2 * Block.Lanes, maximum, ref free);
        }
        Add(dx, left0);
        Add(dx + row, left1);
        Add(dx + 2 * row, left2);
    }

    /// <summary>Distributes the gradients of a row of outputs to the rows of their windows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row(in MaxPoolSpec spec, float* x, float* y, float* dy, float* dx)
    {
        nint row = spec.Width * Block.Lanes;
        for (int j = 0; j < spec.OutWidth; j++, y += Block.Lanes, dy += Block.Lanes)
        {
            Vector<float> maximum = Vector.Load(y);
            Vector<int> free = Vector.AsVectorInt32(Vector.Load(dy));
            nint window = (nint)j * spec.Stride * Block.Lanes;
            for (int u = 0; u < spec.Size; u++, window += row)
                for (int v = 0; v < spec.Size; v++)
                    Add(dx + window + v * Block.Lanes, Take(x + window + v * Block.Lanes, maximum, ref free));
        }
    }

    /// <summary>The part of the window's gradient that this place takes; it is removed from what is still free.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Take(float* x, Vector<float> maximum, ref Vector<int> free)
    {
        Vector<int> equal = Vector.Equals(Vector.Load(x), maximum);
        Vector<int> taken = free & equal;
        free = Vector.AndNot(free, equal);
        return Vector.AsVectorSingle(taken);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(float* to, Vector<float> value) => (Vector.Load(to) + value).Store(to);
}
