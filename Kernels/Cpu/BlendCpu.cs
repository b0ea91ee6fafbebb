using System.Numerics;

namespace SiamIlgpu.Kernels.Cpu;

internal sealed unsafe class BlendCpu : Blend
{
    internal BlendCpu(CpuDevice device, BlendSpec spec)
        : base(device, spec)
    {
    }

    // A template is small (80 KB for CFNet): one thread finishes before a second one has woken up.
    protected override void ForwardCore(TensorView average, TensorView update, float rate)
    {
        float* a = average.Pointer();
        float* b = update.Pointer();
        long length = average.Length;
        float keep = 1 - rate;
        var keepLanes = Vector.Create(keep);
        var rateLanes = Vector.Create(rate);
        long i = 0;
        for (; i <= length - Vector<float>.Count; i += Vector<float>.Count)
            (keepLanes * Vector.Load(a + i) + rateLanes * Vector.Load(b + i)).Store(a + i);
        for (; i < length; i++)
            a[i] = keep * a[i] + rate * b[i];
    }
}
