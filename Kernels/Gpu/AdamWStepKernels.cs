using ILGPU;
using ILGPU.Algorithms;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>The arguments of AdamW's kernel.</summary>
internal readonly record struct AdamWStepArguments
{
    /// <summary>The share of the average gradient that is kept.</summary>
    internal float Beta1 { get; init; }

    /// <summary>The share of the average square that is kept.</summary>
    internal float Beta2 { get; init; }

    /// <summary>Keeps the division from exploding where gradients are almost 0.</summary>
    internal float Epsilon { get; init; }

    /// <summary>Corrects the average gradient, which starts at 0.</summary>
    internal float MeanScale { get; init; }

    /// <summary>Corrects the root of the average square, which starts at 0.</summary>
    internal float RootScale { get; init; }

    /// <summary>Learning rate.</summary>
    internal float Rate { get; init; }
}

internal static class AdamWStepKernels
{
    internal const int Threads = 256;

    /// <summary>Group = one stretch of parameters that learn alike, described as for <see cref="SgdStepKernels.Step"/>.</summary>
    internal static void Step(
        ArrayView<int> bounds, ArrayView<float> factors, ArrayView<float> parameters, ArrayView<float> gradients, ArrayView<float> means,
        ArrayView<float> squares, AdamWStepArguments a)
    {
        int stretch = Grid.IdxX * SgdStepArguments.Bounds;
        int end = bounds[stretch + 1];
        bool isAverage = bounds[stretch + 2] != 0;
        float first = factors[Grid.IdxX * SgdStepArguments.Factors];
        float second = factors[Grid.IdxX * SgdStepArguments.Factors + 1];
        for (int i = bounds[stretch] + Group.IdxX; i < end; i += Threads)
        {
            float parameter = parameters[i];
            float gradient = gradients[i];
            if (isAverage)
            {
                parameters[i] = first * parameter + second * gradient;
            }
            else
            {
                float mean = a.Beta1 * means[i] + (1 - a.Beta1) * gradient;
                float square = a.Beta2 * squares[i] + (1 - a.Beta2) * gradient * gradient;
                means[i] = mean;
                squares[i] = square;
                float direction = mean * a.MeanScale / (XMath.Sqrt(square) * a.RootScale + a.Epsilon);
                parameters[i] = parameter - a.Rate * first * (direction + second * parameter);
            }
        }
    }
}
