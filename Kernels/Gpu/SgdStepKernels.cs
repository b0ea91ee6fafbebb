using ILGPU;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>The arguments of the optimizer's kernel.</summary>
internal readonly record struct SgdStepArguments
{
    /// <summary>Parameters that a group of threads moves at most.</summary>
    internal const int Stretch = 1024;

    /// <summary>Ints that describe a stretch: its first parameter, the one behind its last, 1 if it is of a running average.</summary>
    internal const int Bounds = 3;

    /// <summary>
    /// Floats that describe a stretch: the factor of the learning rate and the weight decay; of an average the share that stays and
    /// that of the gradient.
    /// </summary>
    internal const int Factors = 2;

    /// <summary>The share of the velocity that is kept.</summary>
    internal float Momentum { get; init; }

    /// <summary>Learning rate.</summary>
    internal float Rate { get; init; }
}

internal static class SgdStepKernels
{
    internal const int Threads = 256;

    /// <summary>Group = one stretch of parameters that learn alike.</summary>
    internal static void Step(
        ArrayView<int> bounds, ArrayView<float> factors, ArrayView<float> parameters, ArrayView<float> gradients, ArrayView<float> velocities,
        SgdStepArguments a)
    {
        int stretch = Grid.IdxX * SgdStepArguments.Bounds;
        int end = bounds[stretch + 1];
        bool isAverage = bounds[stretch + 2] != 0;
        float first = factors[Grid.IdxX * SgdStepArguments.Factors];
        float second = factors[Grid.IdxX * SgdStepArguments.Factors + 1];
        for (int i = bounds[stretch] + Group.IdxX; i < end; i += Threads)
        {
            float parameter = parameters[i];
            if (isAverage)
            {
                parameters[i] = first * parameter + second * gradients[i];
            }
            else
            {
                float velocity = a.Momentum * velocities[i] - second * parameter - gradients[i];
                velocities[i] = velocity;
                parameters[i] = parameter + a.Rate * first * velocity;
            }
        }
    }
}
