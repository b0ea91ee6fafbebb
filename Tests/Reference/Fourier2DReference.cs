using System.Numerics;

namespace SiamIlgpu.Tests.Reference;

/// <summary>The DFT by its definition, one dimension after the other, in double.</summary>
internal static class Fourier2DReference
{
    /// <summary>The columns of the planes' spectra that are no mirror image of another, planar.</summary>
    internal static (double[] Real, double[] Imaginary) Spectra(in Fourier2DSpec spec, double[] planes)
    {
        var real = new double[spec.Spectrum.Count];
        var imaginary = new double[spec.Spectrum.Count];
        int at = 0;
        for (int c = 0; c < spec.Channels; c++)
        {
            var plane = new Complex[spec.Height, spec.Width];
            for (int y = 0; y < spec.Height; y++)
                for (int x = 0; x < spec.Width; x++)
                    plane[y, x] = planes[(c * spec.Height + y) * spec.Width + x];
            Complex[,] spectrum = Forward(plane);
            for (int y = 0; y < spec.Height; y++)
                for (int x = 0; x < spec.SpectrumWidth; x++, at++)
                    (real[at], imaginary[at]) = (spectrum[y, x].Real, spectrum[y, x].Imaginary);
        }
        return (real, imaginary);
    }

    internal static Complex[,] Forward(Complex[,] plane) => Transform(plane, -1);

    internal static Complex[,] Inverse(Complex[,] spectrum)
    {
        Complex[,] plane = Transform(spectrum, +1);
        for (int y = 0; y < plane.GetLength(0); y++)
            for (int x = 0; x < plane.GetLength(1); x++)
                plane[y, x] /= plane.Length;
        return plane;
    }

    private static Complex[,] Transform(Complex[,] plane, int sign)
    {
        (int height, int width) = (plane.GetLength(0), plane.GetLength(1));
        Complex[] turnsAlong = Turns(width, sign), turnsDown = Turns(height, sign);
        var rows = new Complex[height, width];
        for (int y = 0; y < height; y++)
            for (int l = 0; l < width; l++)
                for (int x = 0; x < width; x++)
                    rows[y, l] += plane[y, x] * turnsAlong[l * x % width];
        var result = new Complex[height, width];
        for (int k = 0; k < height; k++)
            for (int l = 0; l < width; l++)
                for (int y = 0; y < height; y++)
                    result[k, l] += rows[y, l] * turnsDown[k * y % height];
        return result;
    }

    private static Complex[] Turns(int length, int sign) =>
        [.. Enumerable.Range(0, length).Select(i => Complex.FromPolarCoordinates(1, sign * 2 * Math.PI * i / length))];
}
