using ILGPU;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>The arguments of the blend kernel.</summary>
internal readonly record struct BlendArguments
{
    /// <summary>Groups of four floats.</summary>
    internal int Quads { get; init; }

    /// <summary>The share of the update.</summary>
    internal float Rate { get; init; }
}

internal static class BlendKernels
{
    internal const int Threads = 256;

    /// <summary>Thread = four floats.</summary>
    internal static void Forward(ArrayView<float> average, ArrayView<float> update, BlendArguments a)
    {
        int quad = Grid.IdxX * Threads + Group.IdxX;
        if (quad >= a.Quads)
            return;
        ArrayView<Float4> averages = average.Cast<Float4>();
        Float4 old = averages[quad];
        Float4 now = update.Cast<Float4>()[quad];
        float keep = 1 - a.Rate;
        // A rate of 1 replaces the average. The old value is not read, because it might be NaN.
        Float4 mixed;
        mixed.A = keep == 0 ? now.A : keep * old.A + a.Rate * now.A;
        mixed.B = keep == 0 ? now.B : keep * old.B + a.Rate * now.B;
        mixed.C = keep == 0 ? now.C : keep * old.C + a.Rate * now.C;
        mixed.D = keep == 0 ? now.D : keep * old.D + a.Rate * now.D;
        averages[quad] = mixed;
    }
}
