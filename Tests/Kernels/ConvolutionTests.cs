using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Tests.Kernels;

[Category("Conformance")]
internal sealed class ConvolutionTests
{
    // Beyond this many operations only each 61st output is compared: 61 is prime, so that all rows, columns and channels
    // take part. A full reference in double would take minutes at four vector widths.
    private const long FlopsOfFullReference = 20_000_000;
    private const int SampleStep = 61;

    // Of the largest output. The longest sums have 2304 terms; without fused multiply-adds they lose up to 2e-6.
    private const double MaxError = 5e-6;

    private static readonly int[] ThreadCounts = [1, 2, 3];

    [TestCaseSource(typeof(ConvolutionCases), nameof(ConvolutionCases.All))]
    public void Forward_MatchesReference_WithTheSameBitsForAnyThreadCount(object testCase)
    {
        var convolution = (ConvolutionCase)testCase;
        ConvolutionSpec spec = convolution.Spec;
        float[] raw = Run(convolution, ThreadCounts[0], out float[] actual);
        Assert.That(raw.Count(x => x != 0), Is.EqualTo(actual.Count(x => x != 0)), "padding lanes that are not zero");
        foreach (int threads in ThreadCounts.AsSpan(1))
            Assert.That(Run(convolution, threads, out _).AsSpan().SequenceEqual(raw), Is.True, $"{threads} threads gave other bits than 1");

        float[] input = convolution.Input();
        float[] filters = convolution.Filters();
        float[] bias = convolution.Bias();
        int step = spec.Flops > FlopsOfFullReference ? SampleStep : 1;
        double scale = 0;
        double worst = 0;
        long worstIndex = 0;
        for (long index = 0; index < actual.Length; index += step)
        {
            (int n, int o, int y, int x) = spec.Output.Position(index);
            double expected = ConvolutionReference.At(spec, input, filters, bias, n, o, y, x);
            scale = Math.Max(scale, Math.Abs(expected));
            double error = Math.Abs(actual[index] - expected);
            if (!(error <= worst))
                (worst, worstIndex) = (error, index);
        }
        Assert.That(worst / Math.Max(scale, 1), Is.LessThan(MaxError),
            $"worst at (n,c,y,x) = {spec.Output.Position(worstIndex)}: got {actual[worstIndex]}");
    }

    // The raw floats and the planar values of a run; the output starts as garbage, so that nobody relies on a cleared one.
    private static float[] Run(ConvolutionCase testCase, int threads, out float[] planar)
    {
        using var device = new CpuDevice(threads);
        ConvolutionSpec spec = testCase.Spec;
        using Convolution convolution = device.Prepare(spec, testCase.Filters(), testCase.Bias());
        TensorView input = device.Upload(testCase.Input(), spec.Input, spec.InputLayout(device));
        TensorView output = device.Allocate(spec.Output, device.FeatureLayout);
        output.Floats().Fill(float.NaN);
        convolution.Forward(input, output);
        planar = device.Download(output);
        float[] raw = device.DownloadRaw(output);
        input.Buffer.Dispose();
        output.Buffer.Dispose();
        return raw;
    }
}
