using System.Numerics;

namespace SiamIlgpu.Kernels.Cpu;

/// <summary>A task is a piece of one segment.</summary>
internal sealed unsafe class AdamWStepCpu : AdamWStep, IParallelWork
{
    private readonly WorkerPool workers;
    private readonly ParameterSegment[] pieces;

    // The arguments of the current call, which its tasks share.
    private float* parameters, gradients, means, squares;
    private float rate, meanScale, rootScale;

    internal AdamWStepCpu(CpuDevice device, AdamWSpec spec)
        : base(device, spec)
    {
        workers = device.Workers;
        pieces = ParameterSegment.Cut(spec.Segments, SgdStepCpu.Stretch);
    }

    public void Run(int task, int worker)
    {
        ref readonly ParameterSegment piece = ref pieces[task];
        float* p = parameters + piece.Offset;
        float* g = gradients + piece.Offset;
        if (piece.AverageOf > 0)
            SgdStepCpu.Average(p, g, piece.Length, 1 - piece.Rate, piece.Rate / piece.AverageOf);
        else
            Follow(p, g, means + piece.Offset, squares + piece.Offset, piece);
    }

    protected override void StepCore(
        TensorView parameters, TensorView gradients, TensorView means, TensorView squares, float learningRate, float meanScale, float rootScale)
    {
        this.parameters = parameters.Pointer();
        this.gradients = gradients.Pointer();
        this.means = means.Pointer();
        this.squares = squares.Pointer();
        this.meanScale = meanScale;
        this.rootScale = rootScale;
        rate = learningRate;
        workers.Run(this, pieces.Length);
    }

    private void Follow(float* p, float* g, float* m, float* s, in ParameterSegment piece)
    {
        float beta1 = Spec.Beta1, beta2 = Spec.Beta2, epsilon = Spec.Epsilon, pace = rate * piece.Rate, decay = Spec.WeightDecay * piece.Decay;
        long i = 0;
        for (; i <= piece.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> value = Vector.Load(p + i), gradient = Vector.Load(g + i);
            Vector<float> mean = Vector.Load(m + i) * beta1 + gradient * (1 - beta1);
            Vector<float> square = Vector.Load(s + i) * beta2 + gradient * gradient * (1 - beta2);
            mean.Store(m + i);
            square.Store(s + i);
            Vector<float> direction = mean * meanScale / (Vector.SquareRoot(square) * rootScale + new Vector<float>(epsilon));
            (value - (direction + value * decay) * pace).Store(p + i);
        }
        for (; i < piece.Length; i++)
        {
            m[i] = m[i] * beta1 + g[i] * (1 - beta1);
            s[i] = s[i] * beta2 + g[i] * g[i] * (1 - beta2);
            float direction = m[i] * meanScale / (MathF.Sqrt(s[i]) * rootScale + epsilon);
            p[i] -= (direction + p[i] * decay) * pace;
        }
    }
}
