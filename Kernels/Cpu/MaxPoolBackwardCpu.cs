using System.Numerics;
using System.Runtime.CompilerServices;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>
/// A task is a plane of sixteen channels of one image. Window after window, each value that equals the window's maximum, and is
/// the first to, gets the output's gradient, channel by channel. A row of the gradient is cleared when the first window
/// reaches it, and is still in the first cache when the last one does.
/// </summary>
internal sealed unsafe class MaxPoolBackwardCpu : MaxPoolBackward, IParallelWork
{
    private readonly WorkerPool workers;
    private readonly int planes;

    // What the tasks of the call under way share.
    private float* input, output, outputGradient, inputGradient;

    internal MaxPoolBackwardCpu(CpuDevice device, MaxPoolSpec spec)
        : base(device, spec)
    {
        workers = device.Workers;
        planes = spec.Batch * ((spec.Channels + 15) / 16);
    }

    public void Run(int task, int worker)
    {
        nint row = Spec.Width * 16, outRow = Spec.OutWidth * 16;
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
            for (int lane = 0; lane < 16; lane += Vector<float>.Count)
                Row(Spec, x + first * row + lane, y + lane, dy + lane, dx + first * row + lane);
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

    /// <summary>Hands a row of outputs' gradients down to the rows of their windows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row(in MaxPoolSpec spec, float* x, float* y, float* dy, float* dx)
    {
        nint row = spec.Width * 16;
        for (int j = 0; j < spec.OutWidth; j++, y += 16, dy += 16)
        {
            Vector<float> maximum = Vector.Load(y);
            // What no value has taken yet.
            Vector<int> left = Vector.AsVectorInt32(Vector.Load(dy));
            nint window = (nint)j * spec.Stride * 16;
            for (int u = 0; u < spec.Size; u++, window += row)
            {
                for (int v = 0; v < spec.Size; v++)
                {
                    nint at = window + v * 16;
                    Vector<int> equal = Vector.Equals(Vector.Load(x + at), maximum);
                    (Vector.Load(dx + at) + Vector.AsVectorSingle(left & equal)).Store(dx + at);
                    left = Vector.AndNot(left, equal);
                }
            }
        }
    }
}
