using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Tests.Kernels;

[Category("Conformance")]
internal sealed class WinogradConvolutionTests
{
    // Uniform values around zero are the hardest: outputs cancel, errors do not. Measured: 1.3e-6 for 3 x 3, 2.8e-6 for 5 x 5,
    // 1.8e-6 for 11 x 11; directly 0.4e-6 to 0.9e-6.
    private const double MaxRootMeanSquare = 3.5e-6;

    // With sixteen, layers change their schedule.
    private static readonly int[] ThreadCounts = [1, 2, 3, 16];

    private static IEnumerable<TestCaseData> Cases =>
    [
        .. ConvolutionCases.Tiles.Select(tile => new TestCaseData(tile)),
        .. ConvolutionCases.Paper.Select(layer => new TestCaseData(layer).SetCategory("Slow")),
    ];

    [TestCaseSource(nameof(Cases))]
    public void Forward_MatchesReference_WithTheSameBitsForAnyThreadCount(object testCase)
    {
        var convolution = (ConvolutionCase)testCase;
        using CpuDevice device = Winograd(ThreadCounts[0]);
        using (Convolution prepared = device.Prepare(convolution.Spec, convolution.Filters(), convolution.Bias()))
            Assert.That(prepared, Is.Not.TypeOf<DirectConvolutionCpu>());
        CaseResult result = convolution.Check(device);
        Deviation output = result.Deviations.Single();
        TestContext.Out.WriteLine($"relative RMS error {output.RootMeanSquare:E1}");
        Assert.That(result.Faults, Is.Empty);
        // As a condition, because NUnit holds NaN to be less than anything.
        Assert.That(output.RootMeanSquare < MaxRootMeanSquare, Is.True, $"relative RMS error {output.RootMeanSquare:E1}, worst {output.Where}");
        foreach (int threads in ThreadCounts.AsSpan(1))
        {
            using CpuDevice other = Winograd(threads);
            Conformance.AssertSameBits(other, convolution, result.Raw);
        }
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
        AssertUses(typeof(DirectConvolutionCpu), spec with { OutChannels = 48, Groups = 2 }, ConvolutionAlgorithm.Winograd);
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
        AssertUses(typeof(WinogradConvolutionCpu<F4x3>), large, ConvolutionAlgorithm.Automatic);
        AssertUses(typeof(WinogradConvolutionCpu<F4x3>), small, ConvolutionAlgorithm.Automatic);
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

    private static float[] Forward(CpuDevice device, ConvolutionSpec spec) => new ConvolutionCase("layer", spec).Run(device)[0];

    private static void AssertUses(Type expected, ConvolutionSpec spec, ConvolutionAlgorithm algorithm)
    {
        using var device = new CpuDevice(new CpuDeviceOptions { Convolution = algorithm });
        using Convolution convolution = device.Prepare(spec, new float[spec.Filters.Count], new float[spec.OutChannels]);
        Assert.That(convolution, Is.TypeOf(expected), $"{spec}");
    }

    private static CpuDevice Winograd(int threads) =>
        new(new CpuDeviceOptions { Threads = threads, Convolution = ConvolutionAlgorithm.Winograd });
}
