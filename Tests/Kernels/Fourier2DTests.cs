using System.Numerics;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Tests.Kernels;

[Category("Conformance")]
internal sealed class Fourier2DTests
{
    // Sums of up to 127 x 127 products, against the largest value of the spectrum.
    private const double Tolerance = 2e-6;

    [TestCaseSource(typeof(Fourier2DCases), nameof(Fourier2DCases.All))]
    public void Forward_MatchesReference(Fourier2DSpec spec)
    {
        float[] planes = TestValues.Uniform(spec.Real.Count, seed: 3);
        (double[] real, double[] imaginary) = ReferenceSpectra(spec, planes);
        (float[] actualReal, float[] actualImaginary) = Forward(spec, planes, threads: 1);
        // One scale for both parts: either alone may be all but zero.
        double largest = real.Concat(imaginary).Max(Math.Abs);
        Conformance.AssertClose(actualReal, real, Tolerance * largest / real.Max(Math.Abs), spec.Spectrum);
        Conformance.AssertClose([.. actualImaginary, (float)largest], [.. imaginary, largest], Tolerance, spec.Spectrum);
    }

    [TestCaseSource(typeof(Fourier2DCases), nameof(Fourier2DCases.All))]
    public void Inverse_OfForward_IsTheInput(Fourier2DSpec spec)
    {
        float[] planes = TestValues.Uniform(spec.Real.Count, seed: 4);
        (double[] real, double[] imaginary) = ReferenceSpectra(spec, planes);
        float[] actual = Inverse(spec, [.. real.Select(v => (float)v)], [.. imaginary.Select(v => (float)v)], threads: 1);
        Conformance.AssertClose(actual, [.. planes.Select(v => (double)v)], Tolerance, spec.Real);
    }

    [TestCaseSource(typeof(Fourier2DCases), nameof(Fourier2DCases.All))]
    public void BothWays_AnyThreadCount_SameBits(Fourier2DSpec spec)
    {
        float[] planes = TestValues.Uniform(spec.Real.Count, seed: 5);
        (float[] real, float[] imaginary) = Forward(spec, planes, threads: 1);
        float[] back = Inverse(spec, real, imaginary, threads: 1);
        foreach (int threads in Conformance.ThreadCounts)
        {
            (float[] otherReal, float[] otherImaginary) = Forward(spec, planes, threads);
            Assert.That(otherReal, Is.EqualTo(real), $"{threads} threads");
            Assert.That(otherImaginary, Is.EqualTo(imaginary), $"{threads} threads");
            Assert.That(Inverse(spec, real, imaginary, threads), Is.EqualTo(back), $"{threads} threads");
        }
    }

    [Test]
    public void BothWays_SecondCall_AllocateNothing()
    {
        var spec = new Fourier2DSpec(32, 9, 10);
        using var device = new CpuDevice(2);
        using Fourier2D operation = device.Prepare(spec);
        using Tensor planes = device.Allocate(spec.Real, device.FeatureLayout);
        using Tensor real = device.Allocate(spec.Spectrum, device.FeatureLayout), imaginary = device.Allocate(spec.Spectrum, device.FeatureLayout);
        Conformance.AssertAllocatesNothing(() =>
        {
            operation.Forward(planes, real, imaginary);
            operation.Inverse(real, imaginary, planes);
        });
    }

    [Test]
    public void Forward_WrongSpectrum_SaysSo()
    {
        var spec = new Fourier2DSpec(3, 4, 6);
        using var device = new CpuDevice(1);
        using Fourier2D operation = device.Prepare(spec);
        using Tensor planes = device.Allocate(spec.Real, device.FeatureLayout);
        Assert.That(() => operation.Forward(planes, planes, planes),
            Throws.TypeOf<KernelShapeException>().With.Message.EqualTo("DFT spectrum, real part: expected [1,3,4,4] Blocked16, got [1,3,4,6] Blocked16"));
    }

    internal static (double[] Real, double[] Imaginary) ReferenceSpectra(in Fourier2DSpec spec, float[] planes)
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
            Complex[,] spectrum = Fourier2DReference.Forward(plane);
            for (int y = 0; y < spec.Height; y++)
                for (int x = 0; x < spec.SpectrumWidth; x++, at++)
                    (real[at], imaginary[at]) = (spectrum[y, x].Real, spectrum[y, x].Imaginary);
        }
        return (real, imaginary);
    }

    private static (float[] Real, float[] Imaginary) Forward(Fourier2DSpec spec, float[] values, int threads)
    {
        using var device = new CpuDevice(threads);
        using Fourier2D operation = device.Prepare(spec);
        using Tensor planes = device.Upload(values, spec.Real, device.FeatureLayout);
        using Tensor real = device.Allocate(spec.Spectrum, device.FeatureLayout), imaginary = device.Allocate(spec.Spectrum, device.FeatureLayout);
        operation.Forward(planes, real, imaginary);
        return (device.Download(real), device.Download(imaginary));
    }

    private static float[] Inverse(Fourier2DSpec spec, float[] realValues, float[] imaginaryValues, int threads)
    {
        using var device = new CpuDevice(threads);
        using Fourier2D operation = device.Prepare(spec);
        using Tensor planes = device.Allocate(spec.Real, device.FeatureLayout);
        using Tensor real = device.Upload(realValues, spec.Spectrum, device.FeatureLayout);
        using Tensor imaginary = device.Upload(imaginaryValues, spec.Spectrum, device.FeatureLayout);
        operation.Inverse(real, imaginary, planes);
        return device.Download(planes);
    }
}
