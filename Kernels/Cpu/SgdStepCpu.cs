using System.Numerics;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>A task is a stretch of one segment.</summary>
internal sealed unsafe class SgdStepCpu : SgdStep, IParallelWork
{
    /// <summary>Parameters of a task.</summary>
    internal const int Stretch = 16 * 1024;

    private readonly WorkerPool workers;
    private readonly ParameterSegment[] stretches;

    // The arguments of the current call, which its tasks share.
    private float* parameters, gradients, velocities;
    private float rate;

    internal SgdStepCpu(CpuDevice device, SgdSpec spec)
        : base(device, spec)
    {
        workers = device.Workers;
        stretches = ParameterSegment.Cut(spec.Segments, Stretch);
    }

    public void Run(int task, int worker)
    {
        ref readonly ParameterSegment stretch = ref stretches[task];
        float* p = parameters + stretch.Offset;
        float* g = gradients + stretch.Offset;
        if (stretch.AverageOf > 0)
            Average(p, g, stretch.Length, 1 - stretch.Rate, stretch.Rate / stretch.AverageOf);
        else
            Follow(p, g, velocities + stretch.Offset, stretch.Length, Spec.Momentum, Spec.WeightDecay * stretch.Decay, rate * stretch.Rate);
    }

    protected override void StepCore(TensorView parameters, TensorView gradients, TensorView velocities, float learningRate)
    {
        this.parameters = parameters.Pointer();
        this.gradients = gradients.Pointer();
        this.velocities = velocities.Pointer();
        rate = learningRate;
        workers.Run(this, stretches.Length);
    }

    /// <summary>v = momentum * v - decay * p - g; p += rate * v.</summary>
    private static void Follow(float* p, float* g, float* v, long length, float momentum, float decay, float rate)
    {
        long i = 0;
        for (; i <= length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> value = Vector.Load(p + i);
            Vector<float> velocity = Vector.Load(v + i) * momentum - value * decay - Vector.Load(g + i);
            velocity.Store(v + i);
            (value + velocity * rate).Store(p + i);
        }
        for (; i < length; i++)
        {
            v[i] = v[i] * momentum - p[i] * decay - g[i];
            p[i] += v[i] * rate;
        }
    }

    /// <summary>p = keep * p + take * g.</summary>
    internal static void Average(float* p, float* g, long length, float keep, float take)
    {
        long i = 0;
        for (; i <= length - Vector<float>.Count; i += Vector<float>.Count)
            (Vector.Load(p + i) * keep + Vector.Load(g + i) * take).Store(p + i);
        for (; i < length; i++)
            p[i] = p[i] * keep + g[i] * take;
    }
}
