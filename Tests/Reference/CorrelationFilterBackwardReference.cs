using System.Numerics;

namespace SiamIlgpu.Tests.Reference;

/// <summary>The gradients of the correlation filter, formula by formula, over full complex spectra in double. All arrays planar.</summary>
internal static class CorrelationFilterBackwardReference
{
    /// <summary>dL/dx of the features, dL/dh of the window and dL/dy of the target from dL/dw of the cropped filter.</summary>
    internal static (double[] Features, double[] Window, double[] Target) Gradients(
        in CorrelationFilterSpec spec, double[] features, double[] window, double[] target, double[] templateGradient)
    {
        int t = spec.TemplateSize, m = spec.Size;
        double n = (double)m * m;
        Complex[][,] spectra = CorrelationFilterReference.Spectra(spec, features, window);
        Complex[,] a = CorrelationFilterReference.Solution(spec, spectra, target, out double[,] k);
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
}
