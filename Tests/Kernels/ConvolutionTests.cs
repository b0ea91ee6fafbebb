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
        float[] raw = Run(convolution, ThreadCounts[0], out float[] actual);
        Assert.That(raw.Count(x => x != 0), Is.EqualTo(actual.Count(x => x != 0)), "padding lanes that are not zero");
        foreach (int threads in ThreadCounts.AsSpan(1))
            Assert.That(Run(convolution, threads, out _).AsSpan().SequenceEqual(raw), Is.True, $"{threads} threads gave other bits than 1");
        AssertMatchesReference(convolution, actual, MaxError);
    }

    [Test]
    public void Forward_AllocatesNothing()
    {
        using var device = new CpuDevice(threads: 2);
        var spec = new ConvolutionSpec(1, 16, 9, 9, 32, 3, 1, 1, Relu: true);
        using Convolution convolution = device.Prepare(spec, new float[spec.Filters.Count], new float[32]);
        using Tensor input = device.Allocate(spec.Input, device.FeatureLayout);
        using Tensor output = device.Allocate(spec.Output, device.FeatureLayout);
        convolution.Forward(input, output);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
            convolution.Forward(input, output);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void Prepare_ImpossibleSizes_SaysWhich()
    {
        using var device = new CpuDevice(threads: 1);
        var spec = new ConvolutionSpec(1, 16, 9, 9, 32, 3, 1, 1, Relu: true);
        Assert.Multiple(() =>
        {
            AssertRefused(spec with { Stride = 0 }, "every size must be positive");
            AssertRefused(spec with { Groups = 3 }, "3 groups must divide 16 input and 32 output channels");
            AssertRefused(spec with { Size = 10 }, "a 10x10 filter does not fit into 9x9");
            Assert.That(() => device.Prepare(spec, new float[7], new float[32]), Throws.InstanceOf<KernelShapeException>()
                .With.Message.EqualTo("convolution: [32,16,3,3] filters take 4608 values, got 7"));
            Assert.That(() => device.Prepare(spec, new float[4608], new float[3]), Throws.InstanceOf<KernelShapeException>()
                .With.Message.EqualTo("convolution: expected 32 biases, got 3"));
        });

        void AssertRefused(ConvolutionSpec impossible, string message) => Assert.That(
            () => device.Prepare(impossible, [], []), Throws.InstanceOf<KernelShapeException>().With.Message.Contains(message));
    }

    [Test]
    public void Forward_WrongShapeLayoutOrDevice_SaysWhatWasExpected()
    {
        using var device = new CpuDevice(threads: 1);
        using var other = new CpuDevice(threads: 1);
        var spec = new ConvolutionSpec(1, 16, 9, 9, 32, 3, 1, 1, Relu: true);
        using Convolution convolution = device.Prepare(spec, new float[spec.Filters.Count], new float[32]);
        using Tensor input = device.Allocate(spec.Input, device.FeatureLayout);
        using Tensor output = device.Allocate(spec.Output, device.FeatureLayout);
        using Tensor foreign = other.Allocate(spec.Output, other.FeatureLayout);
        Assert.Multiple(() =>
        {
            Assert.That(() => convolution.Forward(output, output), Throws.InstanceOf<KernelShapeException>()
                .With.Message.EqualTo("convolution input: expected [1,16,9,9] Blocked16, got [1,32,7,7] Blocked16"));
            Assert.That(() => convolution.Forward(input, output.View with { Layout = TensorLayout.Planar }), Throws.InstanceOf<KernelShapeException>()
                .With.Message.EqualTo("convolution output: expected [1,32,7,7] Blocked16, got [1,32,7,7] Planar"));
            Assert.That(() => convolution.Forward(input, foreign), Throws.InstanceOf<DeviceMismatchException>());
        });
    }

    /// <summary>Fails when an output is off by more than a share of the largest, or of one where all are smaller; names the worst.</summary>
    internal static void AssertMatchesReference(ConvolutionCase convolution, float[] actual, double maxError)
    {
        ConvolutionSpec spec = convolution.Spec;
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
        // As a condition, because NUnit holds NaN to be less than anything.
        Assert.That(worst / Math.Max(scale, 1) < maxError, Is.True,
            $"worst at (n,c,y,x) = {spec.Output.Position(worstIndex)}: got {actual[worstIndex]}, off by {worst / Math.Max(scale, 1):e2} of the largest");
    }

    // The raw floats and the planar values of a run; the output starts as garbage, so that nobody relies on a cleared one.
    private static float[] Run(ConvolutionCase testCase, int threads, out float[] planar)
    {
        // Winograd has tests of its own, with its own bounds.
        using var device = new CpuDevice(new CpuDeviceOptions { Threads = threads, Convolution = ConvolutionAlgorithm.Direct });
        ConvolutionSpec spec = testCase.Spec;
        using Convolution convolution = device.Prepare(spec, testCase.Filters(), testCase.Bias());
        using Tensor input = device.Upload(testCase.Input(), spec.Input, spec.InputLayout(device));
        using Tensor output = device.Allocate(spec.Output, device.FeatureLayout);
        output.View.Floats().Fill(float.NaN);
        convolution.Forward(input, output);
        planar = device.Download(output);
        float[] raw = device.DownloadRaw(output);
        return raw;
    }
}
