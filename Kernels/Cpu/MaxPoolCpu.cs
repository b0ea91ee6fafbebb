using System.Numerics;
using System.Runtime.CompilerServices;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// Max pooling of blocked features: sixteen channels at a time. Whether a NaN in a window reaches the result depends on its
/// place: the maximum that promises it takes several instructions, and the pooling then twice the time.
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
        planes = spec.Batch * ((spec.Channels + 15) / 16);
        bands = Math.Clamp((TasksPerThread * device.Threads + planes - 1) / planes, 1, spec.OutHeight);
    }

    /// <summary>One task: a band of output rows of sixteen channels of one image.</summary>
    public void Run(int task, int worker)
    {
        int plane = task / bands;
        int band = task % bands;
        Part part = Part.Of(Spec.OutHeight, band, bands);
        for (int y = part.First; y < part.End; y++)
        {
            float* rows = input + ((long)plane * Spec.Height + (long)y * Spec.Stride) * Spec.Width * 16;
            float* to = output + ((long)plane * Spec.OutHeight + y) * Spec.OutWidth * 16;
            for (int lane = 0; lane < 16; lane += Vector<float>.Count)
            {
                if (Spec.Size == 3 && Spec.Stride == 2)
                    Row3Stride2(rows + lane, to + lane);
                else if (Spec.Size == 3 && Spec.Stride == 1)
                    Row3Stride1(rows + lane, to + lane);
                else
                    Row(rows + lane, to + lane);
            }
        }
    }

    protected override void ForwardCore(TensorView input, TensorView output)
    {
        this.input = input.Pointer();
        this.output = output.Pointer();
        cpu.Workers.Run(this, planes * bands);
    }

    // Neighbouring windows share a column: it is reduced once and carried over.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Row3Stride2(float* rows, float* to)
    {
        nint row = Spec.Width * 16;
        Vector<float> left = Column3(rows, row);
        for (float* end = to + Spec.OutWidth * 16; to < end; to += 16, rows += 32)
        {
            Vector<float> middle = Column3(rows + 16, row);
            Vector<float> right = Column3(rows + 32, row);
            Vector.MaxNative(left, Vector.MaxNative(middle, right)).Store(to);
            left = right;
        }
    }

    // Neighbouring windows share two columns.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Row3Stride1(float* rows, float* to)
    {
        nint row = Spec.Width * 16;
        Vector<float> left = Column3(rows, row);
        Vector<float> middle = Column3(rows + 16, row);
        for (float* end = to + Spec.OutWidth * 16; to < end; to += 16, rows += 16)
        {
            Vector<float> right = Column3(rows + 32, row);
            Vector.MaxNative(left, Vector.MaxNative(middle, right)).Store(to);
            left = middle;
            middle = right;
        }
    }

    private void Row(float* rows, float* to)
    {
        nint row = Spec.Width * 16;
        for (int x = 0; x < Spec.OutWidth; x++)
        {
            float* window = rows + (long)x * Spec.Stride * 16;
            Vector<float> max = Vector.Load(window);
            for (int v = 0; v < Spec.Size; v++)
                for (int u = 0; u < Spec.Size; u++)
                    max = Vector.MaxNative(max, Vector.Load(window + v * row + u * 16));
            max.Store(to + (long)x * 16);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Column3(float* top, nint row) =>
        Vector.MaxNative(Vector.Load(top), Vector.MaxNative(Vector.Load(top + row), Vector.Load(top + 2 * row)));
}
