using System.Numerics;
using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Reference;

/// <summary>The correlation filter and its gradients, formula by formula, over full complex spectra in double. All arrays planar.</summary>
internal static class CorrelationFilterBackwardReference
{
    /// <summary>The cropped filter.</summary>
    internal static double[] Forward(in CorrelationFilterSpec spec, double[] features, double[] window, double[] target)
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

    /// <summary>dL/dx of the features, dL/dh of the window and dL/dy of the target from dL/dw of the cropped filter.</summary>
    internal static (double[] Features, double[] Window, double[] Target) Gradients(
        in CorrelationFilterSpec spec, double[] features, double[] window, double[] target, double[] templateGradient)
    {
        int t = spec.TemplateSize, m = spec.Size;
        double n = (double)m * m;
        Complex[][,] spectra = Spectra(spec, features, window);
        Complex[,] a = Solution(spec, spectra, target, out double[,] k);
        var gradientSpectra = new Complex[spec.Channels][,];
        for (int c = 0; c < spec.Channels; c++)
        {
            var plane = new Complex[m, m];
            for (int i = 0; i < t; i++)
                for (int j = 0; j < t; j++)
                    plane[i + spec.Margin, j + spec.Margin] = templateGradient[(c * t + i) * t + j];
            gradientSpectra[c] = Fourier2DReference.Forward(plane);
        }

        var dY = new Complex[m, m];
        for (int i = 0; i < m; i++)
            for (int j = 0; j < m; j++)
            {
                Complex dA = Complex.Zero;
                for (int c = 0; c < spec.Channels; c++)
                    dA += spectra[c][i, j] * Complex.Conjugate(gradientSpectra[c][i, j]);
                dY[i, j] = dA / n / k[i, j];
                double dK = (-dA * Complex.Conjugate(a[i, j] / k[i, j])).Real;
                for (int c = 0; c < spec.Channels; c++)
                    spectra[c][i, j] = a[i, j] * gradientSpectra[c][i, j] + 2 / n * dK * spectra[c][i, j];
            }

        var featureGradient = new double[features.Length];
        var windowGradient = new double[m * m];
        for (int c = 0; c < spec.Channels; c++)
        {
            Complex[,] windowed = Fourier2DReference.Inverse(spectra[c]);
            for (int i = 0; i < m * m; i++)
            {
                featureGradient[c * m * m + i] = window[i] * windowed[i / m, i % m].Real;
                windowGradient[i] += features[c * m * m + i] * windowed[i / m, i % m].Real;
            }
        }
        Complex[,] dy = Fourier2DReference.Inverse(dY);
        return (featureGradient, windowGradient, [.. from Complex value in dy select value.Real]);
    }

    private static Complex[][,] Spectra(in CorrelationFilterSpec spec, double[] features, double[] window)
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

    private static Complex[,] Solution(in CorrelationFilterSpec spec, Complex[][,] spectra, double[] target, out double[,] k)
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
