using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Cases;

/// <summary>The transforms that every device must get right.</summary>
internal static class Fourier2DCases
{
    internal static IEnumerable<Fourier2DSpec> All
    {
        get
        {
            for (int size = 1; size <= 20; size++)
                yield return new Fourier2DSpec(3, size, size);
            foreach (int size in (int[])[31, 32, 49, 53, 57, 62, 64, 70, 127])
                yield return new Fourier2DSpec(17, size, size);
            yield return new Fourier2DSpec(32, 5, 8);
            yield return new Fourier2DSpec(16, 8, 5);
            yield return new Fourier2DSpec(33, 1, 17);
            yield return new Fourier2DSpec(1, 17, 1);
            yield return new Fourier2DSpec(2, 2, 9);
        }
    }
}
