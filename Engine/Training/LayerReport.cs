using SiamIlgpu.Weights;

namespace SiamIlgpu.Training;

/// <summary>How much the filters of a convolution learn.</summary>
/// <param name="Layer">The convolution's name.</param>
/// <param name="UpdateRatio">
/// The length of the last step divided by the length of the filters, each as one long vector. About 1e-3 is usual; at 1e-5 a layer
/// hardly learns.
/// </param>
/// <param name="CosineWithStart">The cosine of the angle between the filters and those that training started from; 1 where nothing moved.</param>
/// <param name="HighFrequencies">
/// The share of the filters' energy at more than 0.25 cycles per pixel. White noise, with which filters start, has about 0.8;
/// learned edges and blobs have less.
/// </param>
public sealed record LayerReport(string Layer, double UpdateRatio, double CosineWithStart, double HighFrequencies)
{
    private const double LowestHighFrequency = 0.25;

    /// <summary>Compares filters with those at the start.</summary>
    /// <param name="layer">The convolution's name.</param>
    /// <param name="filters">The filters [output, input, height, width].</param>
    /// <param name="start">The filters that training started from.</param>
    /// <param name="step">What the last step added to the filters.</param>
    internal static LayerReport Of(string layer, WeightTensor filters, float[] start, ReadOnlySpan<float> step)
    {
        double length = Dot(filters.Values, filters.Values);
        double cosine = Dot(filters.Values, start) / Math.Sqrt(length * Dot(start, start));
        return new LayerReport(layer, Math.Sqrt(Dot(step, step) / length), cosine, HighFrequenciesOf(filters));
    }

    /// <summary>The share of energy at high frequencies, by the definition of the discrete Fourier transform: filters are small.</summary>
    internal static double HighFrequenciesOf(WeightTensor filters)
    {
        int height = filters.Shape[2], width = filters.Shape[3];
        double high = 0, all = 0;
        for (int v = 0; v < height; v++)
        {
            for (int u = 0; u < width; u++)
            {
                (float[] cos, float[] sin) = Wave(height, width, v, u);
                double energy = 0;
                for (int plane = 0; plane < filters.Values.Length; plane += height * width)
                {
                    ReadOnlySpan<float> values = filters.Values.AsSpan(plane, height * width);
                    double real = Dot(values, cos), imaginary = Dot(values, sin);
                    energy += real * real + imaginary * imaginary;
                }
                all += energy;
                double vertical = Math.Min(v, height - v) / (double)height, horizontal = Math.Min(u, width - u) / (double)width;
                if (double.Hypot(vertical, horizontal) > LowestHighFrequency)
                    high += energy;
            }
        }
        return high / all;
    }

    private static (float[] Cos, float[] Sin) Wave(int height, int width, int v, int u)
    {
        var cos = new float[height * width];
        var sin = new float[height * width];
        for (int i = 0; i < cos.Length; i++)
        {
            (double s, double c) = Math.SinCos(2 * Math.PI * ((double)(i / width) * v / height + (double)(i % width) * u / width));
            (cos[i], sin[i]) = ((float)c, (float)s);
        }
        return (cos, sin);
    }

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
            sum += (double)a[i] * b[i];
        return sum;
    }
}
