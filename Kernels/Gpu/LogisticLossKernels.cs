using ILGPU;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>The arguments of the kernel of the logistic loss.</summary>
internal readonly record struct LogisticLossArguments
{
    /// <summary>Values of a map.</summary>
    internal int Places { get; init; }

    /// <summary>1 / batch.</summary>
    internal float Share { get; init; }
}

internal static class LogisticLossKernels
{
    internal const int Threads = 256;

    /// <summary>Group = one map. The derivative of log(1 + exp(-y v)) is -y / (1 + exp(y v)).</summary>
    internal static void Run(
        ArrayView<float> scores, ArrayView<float> labels, ArrayView<float> weights, ArrayView<float> losses, ArrayView<float> scoreGradient,
        LogisticLossArguments a)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(Threads);
        int t = Group.IdxX;
        int first = Grid.IdxX * a.Places;
        float loss = 0;
        for (int i = first + t; i < first + a.Places; i += Threads)
        {
            float label = labels[i];
            float weight = weights[i];
            float wrong = -label * scores[i];
            loss += weight * Exponentials.Softplus(wrong);
            scoreGradient[i] = -a.Share * weight * label * Exponentials.Sigmoid(wrong);
        }
        loss = Reductions.Sum(shared, Threads, loss);
        if (t == 0)
            losses[Grid.IdxX] = loss;
    }
}
