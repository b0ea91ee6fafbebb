using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Tests.Kernels;

[Category("Conformance")]
internal sealed class WinogradConvolutionTests
{
    // Beyond this many operations only each 61st output is compared, as for the direct convolution.
    private const long FlopsOfFullReference = 20_000_000;
    private const int SampleStep = 61;

    // Uniform values around zero are the hardest: outputs cancel, errors do not. Measured: 1.3e-6 for 3 x 3, 2.8e-6 for 5 x 5,
    // 1.8e-6 for 11 x 11; directly 0.4e-6 to 0.9e-6.
    private const double Bound = 3.5e-6;

    // With sixteen, layers change their schedule.
    private static readonly int[] ThreadCounts = [1, 2, 3, 16];

    private static IEnumerable<ConvolutionCase> Cases => [.. ConvolutionCases.Tiles, .. ConvolutionCases.Paper];

    [TestCaseSource(nameof(Cases))]
    public void Forward_MatchesReference_WithTheSameBitsForAnyThreadCount(object testCase)
    {
        var convolution = (ConvolutionCase)testCase;
        ConvolutionSpec spec = convolution.Spec;
        float[] actual = Run(convolution, ThreadCounts[0]);
        foreach (int threads in ThreadCounts.AsSpan(1))
            Assert.That(Run(convolution, threads).AsSpan().SequenceEqual(actual), Is.True, $"{threads} threads gave other bits than 1");

        float[] input = convolution.Input();
        float[] filters = convolution.Filters();
        float[] bias = convolution.Bias();
        int step = spec.Flops > FlopsOfFullReference ? SampleStep : 1;
        double squares = 0;
        double errors = 0;
        double worst = 0;
        long worstIndex = 0;
        for (long index = 0; index < actual.Length; index += step)
        {
            (int n, int o, int y, int x) = spec.Output.Position(index);
            double expected = ConvolutionReference.At(spec, input, filters, bias, n, o, y, x);
            double error = Math.Abs(actual[index] - expected);
            squares += expected * expected;
            errors += error * error;
            if (!(error <= worst))
                (worst, worstIndex) = (error, index);
        }
        double relative = Math.Sqrt(errors / squares);
        TestContext.Out.WriteLine($"relative RMS error {relative:E1}");
        // As a condition, because NUnit holds NaN to be less than anything.
        Assert.That(relative < Bound, Is.True,
            $"relative RMS error {relative:E1}, worst at (n,c,y,x) = {spec.Output.Position(worstIndex)}: got {actual[worstIndex]}");
    }

    [TestCase(ConvolutionAlgorithm.Direct, typeof(DirectConvolutionCpu))]
    [TestCase(ConvolutionAlgorithm.Winograd, typeof(WinogradConvolutionCpu<F4x3>))]
    public void Prepare_UnderAnOption_UsesThatAlgorithm(ConvolutionAlgorithm algorithm, Type expected) =>
        AssertUses(expected, new ConvolutionSpec(1, 256, 8, 8, 256, 3, 1, 1, true), algorithm);

    [Test]
    public void Prepare_WithoutTransforms_IsDirect()
    {
        var spec = new ConvolutionSpec(1, 256, 40, 40, 256, 3, 1, 1, true);
        AssertUses(typeof(DirectConvolutionCpu), spec with { Size = 4 }, ConvolutionAlgorithm.Winograd);
        AssertUses(typeof(DirectConvolutionCpu), spec with { Stride = 2 }, ConvolutionAlgorithm.Winograd);
        AssertUses(typeof(DirectConvolutionCpu), spec with { OutChannels = 24 }, ConvolutionAlgorithm.Winograd);
        AssertUses(typeof(DirectConvolutionCpu), spec with { Height = 5 }, ConvolutionAlgorithm.Winograd);
    }

    [Test]
    public void Prepare_Automatically_IsDirectWhereTilesAreFew()
    {
        Type[] search = [typeof(WinogradConvolutionCpu<F3x6>), typeof(WinogradConvolutionCpu<F4x5>), .. Enumerable.Repeat(typeof(WinogradConvolutionCpu<F4x3>), 3)];
        Type[] exemplar = [typeof(WinogradConvolutionCpu<F3x6>), typeof(WinogradConvolutionCpu<F4x5>), .. Enumerable.Repeat(typeof(DirectConvolutionCpu), 3)];
        foreach ((Type expected, ConvolutionCase layer) in search.Zip(PaperNetworks.Convolutions("siamfc", batch: 3, crop: 255)))
            AssertUses(expected, layer.Spec, ConvolutionAlgorithm.Automatic);
        foreach ((Type expected, ConvolutionCase layer) in exemplar.Zip(PaperNetworks.Convolutions("siamfc", batch: 1, crop: 127)))
            AssertUses(expected, layer.Spec, ConvolutionAlgorithm.Automatic);
    }

    [Test]
    public void Forward_OnSeveralThreadsAtOnce_IsTheSame()
    {
        using var device = new CpuDevice(threads: 2);
        // Two layers whose scratch differs in size.
        var large = new ConvolutionSpec(1, 32, 40, 40, 32, 3, 1, 1, true);
        ConvolutionSpec small = large with { Height = 20 };
        float[] expected = Forward(device, large);
        Parallel.For(0, 4, i =>
        {
            for (int k = 0; k < 5; k++)
            {
                float[] actual = Forward(device, i % 2 == 0 ? large : small);
                if (i % 2 == 0)
                    Assert.That(actual.AsSpan().SequenceEqual(expected), Is.True);
            }
        });
    }

    private static float[] Forward(CpuDevice device, ConvolutionSpec spec)
    {
        var layer = new ConvolutionCase("layer", spec);
        using Convolution convolution = device.Prepare(spec, layer.Filters(), layer.Bias());
        Assert.That(convolution, Is.TypeOf<WinogradConvolutionCpu<F4x3>>());
        using Tensor input = device.Upload(layer.Input(), spec.Input, device.FeatureLayout);
        using Tensor output = device.Allocate(spec.Output, device.FeatureLayout);
        convolution.Forward(input, output);
        float[] planar = device.Download(output);
        return planar;
    }

    private static void AssertUses(Type expected, ConvolutionSpec spec, ConvolutionAlgorithm algorithm)
    {
        using var device = new CpuDevice(new CpuDeviceOptions { Convolution = algorithm });
        using Convolution convolution = device.Prepare(spec, new float[spec.Filters.Count], new float[spec.OutChannels]);
        Assert.That(convolution, Is.TypeOf(expected), $"{spec}");
    }

    // The output starts as garbage, so that a pixel nobody writes is seen.
    private static float[] Run(ConvolutionCase testCase, int threads)
    {
        using var device = new CpuDevice(new CpuDeviceOptions { Threads = threads, Convolution = ConvolutionAlgorithm.Winograd });
        ConvolutionSpec spec = testCase.Spec;
        using Convolution convolution = device.Prepare(spec, testCase.Filters(), testCase.Bias());
        Assert.That(convolution, Is.Not.TypeOf<DirectConvolutionCpu>());
        using Tensor input = device.Upload(testCase.Input(), spec.Input, spec.InputLayout(device));
        using Tensor output = device.Allocate(spec.Output, device.FeatureLayout);
        output.View.Floats().Fill(float.NaN);
        convolution.Forward(input, output);
        float[] planar = device.Download(output);
        return planar;
    }
}
