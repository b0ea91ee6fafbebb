using ILGPU;

namespace SiamIlgpu.Kernels.Gpu.Source;

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
