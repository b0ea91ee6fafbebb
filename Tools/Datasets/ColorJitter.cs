using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Kernels;

namespace SiamIlgpu.Datasets;

/// <summary>
/// The covariance C of the data's colors, as its Cholesky factor L: C = L L'. If n holds independent normal numbers, L n has the same
/// distribution as V sqrt(D) n in the papers' code (C = V D V'), but needs no eigenvalues.
/// </summary>
internal readonly struct ColorJitter
{
    private readonly float rr, gr, gg, br, bg, bb;

    private ColorJitter(double rr, double gr, double gg, double br, double bg, double bb)
        => (this.rr, this.gr, this.gg, this.br, this.bg, this.bb) = ((float)rr, (float)gr, (float)gg, (float)br, (float)bg, (float)bb);

    /// <summary>Computes the factor from interleaved RGB pixels.</summary>
    public static ColorJitter Of(ReadOnlySpan<float> pixels)
    {
        Span<double> sums = stackalloc double[9];
        sums.Clear();
        for (int i = 0; i + 2 < pixels.Length; i += 3)
        {
            double r = pixels[i], g = pixels[i + 1], b = pixels[i + 2];
            sums[0] += r;
            sums[1] += g;
            sums[2] += b;
            sums[3] += r * r;
            sums[4] += g * r;
            sums[5] += g * g;
            sums[6] += b * r;
            sums[7] += b * g;
            sums[8] += b * b;
        }
        double count = Math.Max(1, pixels.Length / 3), red = sums[0] / count, green = sums[1] / count, blue = sums[2] / count;
        // The Cholesky factor. Gray data varies along one axis only: Root and Share then return 0 where a division by 0 would follow.
        double l11 = Root(sums[3] / count - red * red), l21 = Share(sums[4] / count - green * red, l11), l31 = Share(sums[6] / count - blue * red, l11);
        double l22 = Root(sums[5] / count - green * green - l21 * l21), l32 = Share(sums[7] / count - blue * green - l31 * l21, l22);
        double l33 = Root(sums[8] / count - blue * blue - l31 * l31 - l32 * l32);
        return new ColorJitter(l11, l21, l22, l31, l32, l33);
    }

    /// <summary>Draws a random change of color. It is distributed as the colors of the data, times a factor.</summary>
    public RgbColor Draw(ref SceneRandom random, float factor)
    {
        float x = factor * random.Normal(), y = factor * random.Normal(), z = factor * random.Normal();
        return new RgbColor(rr * x, gr * x + gg * y, br * x + bg * y + bb * z);
    }

    private static double Root(double value) => value > 1e-3 ? Math.Sqrt(value) : 0;

    private static double Share(double value, double root) => root > 0 ? value / root : 0;
}
