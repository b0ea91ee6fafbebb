using ILGPU;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>The arguments of the kernel of a ReLU's gradient.</summary>
internal readonly record struct ReluBackwardArguments
{
    /// <summary>Groups of four floats.</summary>
    internal int Quads { get; init; }
}

internal static class ReluBackwardKernels
{
    internal const int Threads = 256;

    /// <summary>dL/dx = dL/dy where y > 0, else 0. Thread = four floats.</summary>
    internal static void Backward(ArrayView<float> output, ArrayView<float> gradient, ReluBackwardArguments a)
    {
        int quad = Grid.IdxX * Threads + Group.IdxX;
        if (quad >= a.Quads)
            return;
        ArrayView<Float4> gradients = gradient.Cast<Float4>();
        Float4 y = output.Cast<Float4>()[quad];
        Float4 d = gradients[quad];
        d.A = y.A > 0 ? d.A : 0;
        d.B = y.B > 0 ? d.B : 0;
        d.C = y.C > 0 ? d.C : 0;
        d.D = y.D > 0 ? d.D : 0;
        gradients[quad] = d;
    }
}
