using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Reference;

/// <summary>Max pooling as its definition reads: one output at a time. All arrays planar.</summary>
internal static class MaxPoolReference
{
    internal static float At(in MaxPoolSpec spec, float[] input, int n, int c, int i, int j)
    {
        float max = float.NegativeInfinity;
        for (int u = 0; u < spec.Size; u++)
            for (int v = 0; v < spec.Size; v++)
            {
                int plane = n * spec.Channels + c;
                max = MathF.Max(max, input[(plane * spec.Height + i * spec.Stride + u) * spec.Width + j * spec.Stride + v]);
            }
        return max;
    }
}
