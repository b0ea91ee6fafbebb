using System.Runtime.CompilerServices;
using ILGPU;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>The arguments of the kernels of the map from responses to scores.</summary>
internal readonly record struct ScoreAdjustArguments
{
    /// <summary>Values of all maps.</summary>
    internal int Places { get; init; }

    /// <summary>1: gradients of parameters are added to what is there.</summary>
    internal int Accumulate { get; init; }
}

internal static class ScoreAdjustKernels
{
    internal const int Threads = 256;

    /// <summary>Thread = one value.</summary>
    internal static void Forward(
        ArrayView<float> responses, ArrayView<float> gain, ArrayView<float> bias, ArrayView<float> scores, ScoreAdjustArguments a)
    {
        int i = Grid.IdxX * Threads + Group.IdxX;
        if (i >= a.Places)
            return;
        scores[i] = gain[0] * responses[i] + bias[0];
    }

    /// <summary>One group, for all maps of a batch are small: v = gain r + bias, so dL/dr = gain dL/dv, dL/dgain = sum dL/dv r.</summary>
    internal static void Backward(
        ArrayView<float> responses, ArrayView<float> gain, ArrayView<float> scoreGradient, ArrayView<float> responseGradient,
        ArrayView<float> gainGradient, ArrayView<float> biasGradient, ScoreAdjustArguments a)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(Threads);
        int t = Group.IdxX;
        float factor = gain[0];
        float products = 0, sum = 0;
        for (int i = t; i < a.Places; i += Threads)
        {
            float gradient = scoreGradient[i];
            products += gradient * responses[i];
            sum += gradient;
            responseGradient[i] = factor * gradient;
        }
        products = Reductions.Sum(shared, Threads, products);
        sum = Reductions.Sum(shared, Threads, sum);
        if (t == 0)
        {
            Write(gainGradient, products, a);
            Write(biasGradient, sum, a);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(ArrayView<float> to, float gradient, ScoreAdjustArguments a) => to[0] = a.Accumulate != 0 ? to[0] + gradient : gradient;
}
