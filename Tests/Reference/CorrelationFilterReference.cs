using System.Numerics;

namespace SiamIlgpu.Tests.Reference;

/// <summary>The correlation filter's formulas, one by one, over full complex spectra in double. All arrays planar.</summary>
internal static class CorrelationFilterReference
{
    /// <summary>The cropped filter.</summary>
    internal static double[] Template(in CorrelationFilterSpec spec, double[] features, double[] window, double[] target)
    {
        int t = spec.TemplateSize, m = spec.Size;
        Complex[][,] spectra = Spectra(spec, features, window);
        Complex[,] a = Solution(spec, spectra, target, out _);
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

    /// <summary>F(h x) of each channel.</summary>
    internal static Complex[][,] Spectra(in CorrelationFilterSpec spec, double[] features, double[] window)
    {
        int m = spec.Size;
        var spectra = new Complex[spec.Channels][,];
        for (int c = 0; c < spec.Channels; c++)
        {
            var plane = new Complex[m, m];
            for (int i = 0; i < m * m; i++)
                plane[i / m, i % m] = window[i] * features[c * m * m + i];
            spectra[c] = Fourier2DReference.Forward(plane);
        }
        return spectra;
    }

    /// <summary>a = (1/n) F(y) / k, and k.</summary>
    internal static Complex[,] Solution(in CorrelationFilterSpec spec, Complex[][,] spectra, double[] target, out double[,] k)
    {
        int m = spec.Size;
        double n = (double)m * m;
        var y = new Complex[m, m];
        for (int i = 0; i < m * m; i++)
            y[i / m, i % m] = target[i];
        Complex[,] targetSpectrum = Fourier2DReference.Forward(y);
        var a = new Complex[m, m];
        k = new double[m, m];
        for (int i = 0; i < m; i++)
            for (int j = 0; j < m; j++)
            {
                double energy = 0;
                foreach (Complex[,] f in spectra)
                    energy += (Complex.Conjugate(f[i, j]) * f[i, j]).Real;
                k[i, j] = energy / n + spec.Lambda;
                a[i, j] = targetSpectrum[i, j] / n / k[i, j];
            }
        return a;
    }
}
