using ILGPU;

namespace SiamIlgpu.Kernels.Gpu.Source;

internal static class MaxPoolKernels
{
    internal const int Threads = 256;

    /// <summary>Thread = four channels of one output pixel.</summary>
    internal static void Forward(ArrayView<float> input, ArrayView<float> output, MaxPoolArguments a)
    {
        int quad = Grid.IdxX * Threads + Group.IdxX;
        if (quad >= a.Quads)
            return;
        int pixel = quad / 4;
        int x = pixel % a.OutWidth;
        int row = pixel / a.OutWidth;
        int plane = row / a.OutHeight;
        int y = row - plane * a.OutHeight;

        ArrayView<Float4> from = input.Cast<Float4>();
        int first = ((plane * a.Height + y * a.Stride) * a.Width + x * a.Stride) * 4 + (quad & 3);
        Float4 most = from[first];
        for (int v = 0; v < a.Size; v++)
        {
            for (int u = 0; u < a.Size; u++)
            {
                Float4 next = from[first + (v * a.Width + u) * 4];
                most.A = Reductions.Greater(most.A, next.A);
                most.B = Reductions.Greater(most.B, next.B);
                most.C = Reductions.Greater(most.C, next.C);
                most.D = Reductions.Greater(most.D, next.D);
            }
        }
        output.Cast<Float4>()[quad] = most;
    }
}
