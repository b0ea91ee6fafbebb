using System.Numerics;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>A task is a range of floats. Unused lanes are zero before and after.</summary>
internal sealed unsafe class ReluBackwardCpu(CpuDevice device, ReluSpec spec) : ReluBackward(device, spec), IParallelWork
{
    private const int Stretch = 16 * 1024;

    private readonly WorkerPool workers = device.Workers;
    private readonly long length = spec.Shape.Length(device.FeatureLayout);

    // The arguments of the current call, which its tasks share.
    private float* output, gradient;

    public void Run(int task, int worker)
    {
        // Lengths are multiples of a block, so no vector is partly filled.
        long end = Math.Min((long)(task + 1) * Stretch, length);
        for (long i = (long)task * Stretch; i < end; i += Vector<float>.Count)
        {
            Vector<int> positive = Vector.GreaterThan(Vector.Load(output + i), Vector<float>.Zero);
            Vector.ConditionalSelect(positive, Vector.Load(gradient + i), Vector<float>.Zero).Store(gradient + i);
        }
    }

    protected override void BackwardCore(TensorView output, TensorView gradient)
    {
        this.output = output.Pointer();
        this.gradient = gradient.Pointer();
        workers.Run(this, checked((int)length.DivideUp(Stretch)));
    }
}
