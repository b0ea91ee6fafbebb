using SiamIlgpu.Kernels;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Tests.Cases;

/// <summary>A DFT with its data. Nobody cares for the unused lanes of planes and spectra.</summary>
internal sealed class Fourier2DCase(Fourier2DSpec spec, bool inverse, string? name = null)
    : OperationCase(inverse ? "Fourier2DInverse" : "Fourier2D", name ?? $"{spec.Real}")
{
    private readonly Lazy<(double[] Real, double[] Imaginary)> spectra =
        new(() => Fourier2DReference.Spectra(spec, PlanesOf(spec).Doubles()));

    internal override double Flops => FlopsOf(spec);

    internal override long Bytes => sizeof(float) * (spec.Real.Count + 2 * spec.Spectrum.Count);

    internal override bool IsSmall => spec.Real.Count * spec.Width < 40_000;

    internal override Action Prepare(CaseTensors on)
    {
        Fourier2D operation = on.Own(on.Device.Prepare(spec));
        if (!inverse)
        {
            TensorView planes = on.Input(PlanesOf(spec), spec.Real);
            TensorView toReal = on.Output(spec.Spectrum, padded: false), toImaginary = on.Output(spec.Spectrum, padded: false);
            return () => operation.Forward(planes, toReal, toImaginary);
        }
        (double[] real, double[] imaginary) = spectra.Value;
        TensorView ofReal = on.Input(real.Floats(), spec.Spectrum), ofImaginary = on.Input(imaginary.Floats(), spec.Spectrum);
        TensorView back = on.Output(spec.Real, padded: false);
        return () => operation.Inverse(ofReal, ofImaginary, back);
    }

    // Sums of up to 127 x 127 products.
    internal override IReadOnlyList<Expected> Reference()
    {
        if (inverse)
            return [new("planes", spec.Real, 2e-6, PlanesOf(spec).Doubles())];
        (double[] real, double[] imaginary) = spectra.Value;
        // One scale for both parts: either alone may be all but zero.
        double largest = real.Concat(imaginary).Max(Math.Abs);
        return
        [
            new("real part", spec.Spectrum, 2e-6, real) { Scale = _ => largest },
            new("imaginary part", spec.Spectrum, 2e-6, imaginary) { Scale = _ => largest },
        ];
    }

    /// <summary>The usual count of a transform of n real values, 2.5 n log2 n, whatever the way it is computed.</summary>
    internal static double FlopsOf(in Fourier2DSpec spec) => 2.5 * spec.Real.Count * Math.Log2(spec.Height * spec.Width);

    private static float[] PlanesOf(in Fourier2DSpec spec) => TestValues.Uniform(spec.Real.Count, seed: 3);
}

/// <summary>The transforms that every device must get right.</summary>
internal static class Fourier2DCases
{
    internal static IEnumerable<Fourier2DCase> All =>
        from inverse in (bool[])[false, true]
        from spec in Specs
        select new Fourier2DCase(spec, inverse);

    private static IEnumerable<Fourier2DSpec> Specs
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
