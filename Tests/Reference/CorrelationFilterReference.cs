using System.Numerics;
using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Reference;

/// <summary>The correlation filter's formulas, one by one, over full complex spectra in double.</summary>
internal static class CorrelationFilterReference
{
    /// <summary>The cropped filter in planar order.</summary>
    internal static double[] Template(in CorrelationFilterSpec spec, float[] features, float[] window, float[] target)
    {
        int m = spec.Size;
        double n = (double)m * m;
        var spectra = new Complex[spec.Channels][,];
        for (int c = 0; c < spec.Channels; c++)
        {
            var plane = new Complex[m, m];
            for (int i = 0; i < m * m; i++)
                plane[i / m, i % m] = (double)window[i] * features[c * m * m + i];
            spectra[c] = Fourier2DReference.Forward(plane);
        }
        var y = new Complex[m, m];
        for (int i = 0; i < m * m; i++)
            y[i / m, i % m] = target[i];
        Complex[,] targetSpectrum = Fourier2DReference.Forward(y);

        var a = new Complex[m, m];
        for (int i = 0; i < m; i++)
            for (int j = 0; j < m; j++)
            {
                Complex k = spectra.Aggregate(Complex.Zero, (sum, f) => sum + Complex.Conjugate(f[i, j]) * f[i, j]) / n + spec.Lambda;
                a[i, j] = targetSpectrum[i, j] / n / k;
            }

        int t = spec.TemplateSize;
        var template = new double[spec.Channels * t * t];
        for (int c = 0; c < spec.Channels; c++)
        {
            var product = new Complex[m, m];
            for (int i = 0; i < m; i++)
                for (int j = 0; j < m; j++)
                    product[i, j] = Complex.Conjugate(a[i, j]) * spectra[c][i, j];
            Complex[,] w = Fourier2DReference.Inverse(product);
            for (int i = 0; i < t; i++)
                for (int j = 0; j < t; j++)
                    template[(c * t + i) * t + j] = w[i + spec.Margin, j + spec.Margin].Real;
        }
        return template;
    }
}
