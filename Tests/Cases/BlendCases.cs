using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Cases;

/// <summary>The blends that every device must get right.</summary>
internal static class BlendCases
{
    internal static IEnumerable<BlendSpec> All
    {
        get
        {
            yield return new BlendSpec(new TensorShape(1, 32, 25, 25));
            foreach (int size in (int[])[1, 7, 8, 9, 15, 17])
                yield return new BlendSpec(new TensorShape(2, size, size, 1));
        }
    }
}
