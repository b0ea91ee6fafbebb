using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Tests.Kernels;

[Category("Conformance")]
internal sealed class ConvolutionBackwardTests
{
    // Beyond so many operations only each 61st value is compared: 61 is prime, so that all rows, columns and channels take part.
    private const long FlopsOfFullReference = 20_000_000;
    private const int SampleStep = 61;

    // Of the largest value. Winograd's filtering, which computes some of the input's gradients, needs the most of it.
    private const double MaxFilterError = 3e-6;
    private const double MaxInputError = 1e-5;

    private static readonly ConvolutionSpec Small = new(2, 32, 12, 11, 48, Size: 3, Stride: 1, Groups: 1, Relu: false);

    [TestCaseSource(typeof(ConvolutionBackwardCases), nameof(ConvolutionBackwardCases.All))]
    public void Filters_MatchesReference_WithTheSameBitsForAnyThreadCount(object testCase)
    {
        var backward = (ConvolutionBackwardCase)testCase;
        ConvolutionSpec spec = backward.Spec;
        (float[] filters, float[] bias) = RunFilters(backward, threads: 1);
        foreach (int threads in Conformance.ThreadCounts.AsSpan(1))
        {
            (float[] again, float[] biasAgain) = RunFilters(backward, threads);
            bool same = again.AsSpan().SequenceEqual(filters) && biasAgain.AsSpan().SequenceEqual(bias);
            Assert.That(same, Is.True, $"{threads} threads gave other bits than 1");
        }
        float[] input = backward.Input();
        float[] outputGradient = backward.OutputGradient();
        AssertClose(spec, filters, spec.Filters, MaxFilterError,
            (o, c, u, v) => ConvolutionBackwardReference.Filter(spec, input, outputGradient, o, c, u, v));
        AssertClose(spec, bias, new TensorShape(1, spec.OutChannels, 1, 1), MaxFilterError,
            (_, o, _, _) => ConvolutionBackwardReference.Bias(spec, outputGradient, o));
    }

    [TestCaseSource(nameof(Features))]
    public void Input_MatchesReference_WithTheSameBitsForAnyThreadCount(object testCase)
    {
        var backward = (ConvolutionBackwardCase)testCase;
        ConvolutionSpec spec = backward.Spec;
        float[] raw = RunInput(backward, threads: 1, out float[] actual);
        Assert.That(raw.Count(x => x != 0), Is.EqualTo(actual.Count(x => x != 0)), "padding lanes that are not zero");
        foreach (int threads in Conformance.ThreadCounts.AsSpan(1))
            Assert.That(RunInput(backward, threads, out _).AsSpan().SequenceEqual(raw), Is.True, $"{threads} threads gave other bits than 1");
        float[] filters = backward.Filters();
        float[] outputGradient = backward.OutputGradient();
        AssertClose(spec, actual, spec.Input, MaxInputError,
            (n, c, a, b) => ConvolutionBackwardReference.Input(spec, filters, outputGradient, n, c, a, b));
    }

    [Test]
    public void Reference_IsWhatFiniteDifferencesOfTheForwardReferenceAre()
    {
        foreach (int stride in (int[])[1, 2, 3])
        {
            var testCase = new ConvolutionBackwardCase("", new(2, 4, 7, 8, 6, Size: 3, stride, Groups: 2, Relu: false));
            ConvolutionSpec spec = testCase.Spec;
            float[] input = testCase.Input(), filters = testCase.Filters(), bias = testCase.Bias(), dy = testCase.OutputGradient();
            AssertSlope(input, spec.Input, Loss, (n, c, a, b) => ConvolutionBackwardReference.Input(spec, filters, dy, n, c, a, b));
            AssertSlope(filters, spec.Filters, Loss, (o, c, u, v) => ConvolutionBackwardReference.Filter(spec, input, dy, o, c, u, v));
            AssertSlope(bias, new TensorShape(1, spec.OutChannels, 1, 1), Loss, (_, o, _, _) => ConvolutionBackwardReference.Bias(spec, dy, o));

            double Loss()
            {
                double loss = 0;
                for (int index = 0; index < dy.Length; index++)
                {
                    (int n, int o, int i, int j) = spec.Output.Position(index);
                    loss += dy[index] * ConvolutionReference.At(spec, input, filters, bias, n, o, i, j);
                }
                return loss;
            }
        }
    }

    [Test]
    public void Filters_Accumulate_AddsWhatOverwriteWrites()
    {
        using var device = new CpuDevice(threads: 2);
        using var tensors = new Tensors(device, new ConvolutionBackwardCase("", Small));
        using ConvolutionFilters filters = Load(device, tensors.Case);
        using ConvolutionBackward backward = device.PrepareBackward(Small, filters);
        tensors.FilterGradient.View.Floats().Fill(float.NaN);
        tensors.BiasGradient.View.Floats().Fill(float.NaN);
        backward.Filters(tensors.Input, tensors.OutputGradient, tensors.FilterGradient, tensors.BiasGradient, GradientWrite.Overwrite);
        float[] once = device.Download(tensors.FilterGradient);
        float[] biasOnce = device.Download(tensors.BiasGradient);
        backward.Filters(tensors.Input, tensors.OutputGradient, tensors.FilterGradient, tensors.BiasGradient, GradientWrite.Accumulate);
        Assert.That(device.Download(tensors.FilterGradient), Is.EqualTo(once.Select(x => x + x)));
        Assert.That(device.Download(tensors.BiasGradient), Is.EqualTo(biasOnce.Select(x => x + x)));
    }

    [TestCase(ConvolutionAlgorithm.Direct)]
    [TestCase(ConvolutionAlgorithm.Winograd)]
    public void Update_ForwardAndBackwardThenAreThoseOfTheNewValues(ConvolutionAlgorithm algorithm)
    {
        using var device = new CpuDevice(new CpuDeviceOptions { Threads = 2, Convolution = algorithm });
        // 24 channels of 10: lanes that belong to no channel, which must stay zero.
        ConvolutionSpec grouped = Small with { Groups = 2, OutChannels = 64 };
        ConvolutionSpec partial = Small with { InChannels = 24, OutChannels = 10 };
        foreach (ConvolutionSpec spec in (ConvolutionSpec[])[Small, grouped, partial])
        {
            using var tensors = new Tensors(device, new ConvolutionBackwardCase("", spec));
            var biasShape = new TensorShape(1, spec.OutChannels, 1, 1);
            float[] newFilters = TestValues.Uniform(spec.Filters.Count, seed: 11);
            float[] newBias = TestValues.Uniform(spec.OutChannels, seed: 12);
            using Tensor updatedFilters = device.Upload(newFilters, spec.Filters, TensorLayout.Planar);
            using Tensor updatedBias = device.Upload(newBias, biasShape, TensorLayout.Planar);
            float[] loaded = tensors.Case.Filters();
            using ConvolutionFilters filters = device.Load(spec.Filters, loaded, tensors.Case.Bias());
            using Convolution forward = device.Prepare(spec, filters);
            using ConvolutionBackward backward = device.PrepareBackward(spec, filters);
            float[] before = tensors.Run(forward, backward);
            filters.Update(updatedFilters, updatedBias);
            using Convolution late = device.Prepare(spec with { Stride = 2 }, filters);
            using ConvolutionBackward lateBackward = device.PrepareBackward(spec with { Stride = 2 }, filters);

            using ConvolutionFilters fresh = device.Load(spec.Filters, newFilters, newBias);
            using Convolution freshForward = device.Prepare(spec, fresh);
            using ConvolutionBackward freshBackward = device.PrepareBackward(spec, fresh);
            float[] after = tensors.Run(forward, backward);
            Assert.That(after, Is.EqualTo(tensors.Run(freshForward, freshBackward)));
            Assert.That(after, Is.Not.EqualTo(before));
            Assert.That(loaded, Is.EqualTo(tensors.Case.Filters()), "the caller's array");

            using var strided = new Tensors(device, new ConvolutionBackwardCase("", spec with { Stride = 2 }));
            using Convolution freshLate = device.Prepare(spec with { Stride = 2 }, fresh);
            using ConvolutionBackward freshLateBackward = device.PrepareBackward(spec with { Stride = 2 }, fresh);
            Assert.That(strided.Run(late, lateBackward), Is.EqualTo(strided.Run(freshLate, freshLateBackward)), "prepared after the update");
        }
    }

    [Test]
    public void Packed_FlippedFiltersOfTwoSizes_AreOne_AndAnImagesAreNotMade()
    {
        using var device = new CpuDevice(threads: 1);
        using var filters = (CpuFilters)Load(device, new ConvolutionBackwardCase("", Small));
        using ConvolutionBackward large = device.PrepareBackward(Small, filters);
        using ConvolutionBackward small = device.PrepareBackward(Small with { Batch = 1, Height = 6 }, filters);
        Assert.That(filters.PackedForms, Is.EqualTo((Type[])[typeof(FlippedFilters)]));

        var image = new ConvolutionBackwardCase("", Small with { InChannels = 3 });
        using var imageFilters = (CpuFilters)Load(device, image);
        using ConvolutionBackward first = device.PrepareBackward(image.Spec, imageFilters);
        Assert.That(imageFilters.PackedForms, Is.Empty);
    }

    [Test]
    public void FiltersInputAndUpdate_AllocateNothing()
    {
        using var device = new CpuDevice(threads: 2);
        using var tensors = new Tensors(device, new ConvolutionBackwardCase("", Small));
        using ConvolutionFilters filters = Load(device, tensors.Case);
        using Convolution forward = device.Prepare(Small, filters);
        using ConvolutionBackward backward = device.PrepareBackward(Small, filters);
        using Tensor values = device.Allocate(Small.Filters, TensorLayout.Planar);
        Conformance.AssertAllocatesNothing(() =>
            backward.Filters(tensors.Input, tensors.OutputGradient, tensors.FilterGradient, tensors.BiasGradient, GradientWrite.Accumulate));
        Conformance.AssertAllocatesNothing(() => backward.Input(tensors.OutputGradient, tensors.InputGradient));
        Conformance.AssertAllocatesNothing(() => filters.Update(values, tensors.BiasGradient));
    }

    [Test]
    public void PrepareBackward_ReluOrOtherFilters_SaysWhatIsWrong()
    {
        using var device = new CpuDevice(threads: 1);
        using ConvolutionFilters filters = Load(device, new ConvolutionBackwardCase("", Small));
        Assert.That(() => device.PrepareBackward(Small with { Relu = true }, filters), Throws.InstanceOf<KernelShapeException>()
            .With.Message.EqualTo("convolution gradients: ReLU and pooling have operations of their own"));
        Assert.That(() => device.PrepareBackward(Small with { Size = 5 }, filters), Throws.InstanceOf<KernelShapeException>()
            .With.Message.EqualTo("convolution: expected [48,32,5,5] filters, got [48,32,3,3]"));
    }

    [Test]
    public void InputAndFilters_WrongViews_SayWhatWasExpected()
    {
        using var device = new CpuDevice(threads: 1);
        using var tensors = new Tensors(device, new ConvolutionBackwardCase("", Small));
        using ConvolutionFilters filters = Load(device, tensors.Case);
        ConvolutionBackward backward = device.PrepareBackward(Small, filters);
        Assert.That(() => backward.Input(tensors.InputGradient, tensors.InputGradient), Throws.InstanceOf<KernelShapeException>()
            .With.Message.EqualTo("convolution output gradient: expected [2,48,10,9] Blocked16, got [2,32,12,11] Blocked16"));
        TensorView biases = tensors.BiasGradient;
        Assert.That(() => backward.Filters(tensors.Input, tensors.OutputGradient, biases, biases, GradientWrite.Overwrite),
            Throws.InstanceOf<KernelShapeException>()
            .With.Message.EqualTo("convolution filter gradient: expected [48,32,3,3] Planar, got [1,48,1,1] Planar"));
        Assert.That(() => filters.Update(tensors.FilterGradient, tensors.FilterGradient), Throws.InstanceOf<KernelShapeException>()
            .With.Message.EqualTo("convolution biases: expected [1,48,1,1] Planar, got [48,32,3,3] Planar"));
        backward.Dispose();
        Assert.That(() => backward.Input(tensors.OutputGradient, tensors.InputGradient), Throws.InstanceOf<ObjectDisposedException>());

        using var image = new Tensors(device, new ConvolutionBackwardCase("", Small with { InChannels = 3 }));
        using ConvolutionFilters imageFilters = Load(device, image.Case);
        using ConvolutionBackward first = device.PrepareBackward(image.Case.Spec, imageFilters);
        Assert.That(() => first.Input(image.OutputGradient, image.InputGradient), Throws.InstanceOf<KernelShapeException>()
            .With.Message.EqualTo("convolution gradients: [2,3,12,11] is an image, whose gradient is not computed"));
    }

    private static IEnumerable<ConvolutionBackwardCase> Features => ConvolutionBackwardCases.All.Where(c => c.Spec.InChannels > 4);

    private static ConvolutionFilters Load(CpuDevice device, ConvolutionBackwardCase testCase) =>
        device.Load(testCase.Spec.Filters, testCase.Filters(), testCase.Bias());

    private static (float[] Filters, float[] Bias) RunFilters(ConvolutionBackwardCase testCase, int threads)
    {
        using var device = new CpuDevice(threads);
        using var tensors = new Tensors(device, testCase);
        using ConvolutionFilters filters = Load(device, testCase);
        using ConvolutionBackward backward = device.PrepareBackward(testCase.Spec, filters);
        tensors.FilterGradient.View.Floats().Fill(float.NaN);
        backward.Filters(tensors.Input, tensors.OutputGradient, tensors.FilterGradient, tensors.BiasGradient, GradientWrite.Overwrite);
        return (device.Download(tensors.FilterGradient), device.Download(tensors.BiasGradient));
    }

    private static float[] RunInput(ConvolutionBackwardCase testCase, int threads, out float[] planar)
    {
        using var device = new CpuDevice(threads);
        using var tensors = new Tensors(device, testCase);
        using ConvolutionFilters filters = Load(device, testCase);
        using ConvolutionBackward backward = device.PrepareBackward(testCase.Spec, filters);
        tensors.InputGradient.View.Floats().Fill(float.NaN);
        backward.Input(tensors.OutputGradient, tensors.InputGradient);
        planar = device.Download(tensors.InputGradient);
        return device.DownloadRaw(tensors.InputGradient);
    }

    // Values, or each 61st of them, against the reference, relative to the largest or to one where all are smaller.
    private static void AssertClose(
        in ConvolutionSpec spec, float[] actual, TensorShape shape, double maxError, Func<int, int, int, int, double> reference)
    {
        int step = spec.Flops > FlopsOfFullReference ? SampleStep : 1;
        double scale = 1;
        double worst = 0;
        long worstIndex = 0;
        for (long index = 0; index < actual.Length; index += step)
        {
            (int n, int c, int y, int x) = shape.Position(index);
            double expected = reference(n, c, y, x);
            scale = Math.Max(scale, Math.Abs(expected));
            double error = Math.Abs(actual[index] - expected);
            if (!(error <= worst))
                (worst, worstIndex) = (error, index);
        }
        // As a condition, because NUnit holds NaN to be less than anything.
        Assert.That(worst / scale < maxError, Is.True,
            $"worst at {shape.Position(worstIndex)} of {shape}: got {actual[worstIndex]}, off by {worst / scale:e2} of the largest");
    }

    // The loss is linear in each single value, so a difference as large as the value itself is exact but for rounding.
    private static void AssertSlope(float[] values, TensorShape shape, Func<double> loss, Func<int, int, int, int, double> gradient)
    {
        for (int index = 0; index < values.Length; index += 3)
        {
            float value = values[index];
            values[index] = value + 0.5f;
            double above = loss();
            double step = values[index];
            values[index] = value - 0.5f;
            step -= values[index];
            double slope = (above - loss()) / step;
            values[index] = value;
            (int n, int c, int y, int x) = shape.Position(index);
            Assert.That(gradient(n, c, y, x), Is.EqualTo(slope).Within(1e-6), $"at {shape.Position(index)} of {shape}");
        }
    }

    // All tensors of a case.
    private sealed class Tensors(CpuDevice device, ConvolutionBackwardCase testCase) : IDisposable
    {
        internal ConvolutionBackwardCase Case => testCase;

        internal Tensor Input { get; } = device.Upload(testCase.Input(), testCase.Spec.Input, testCase.Spec.InputLayout(device));

        internal Tensor Output { get; } = device.Allocate(testCase.Spec.Output, device.FeatureLayout);

        internal Tensor OutputGradient { get; } = device.Upload(testCase.OutputGradient(), testCase.Spec.Output, device.FeatureLayout);

        internal Tensor InputGradient { get; } = device.Allocate(testCase.Spec.Input, device.FeatureLayout);

        internal Tensor FilterGradient { get; } = device.Allocate(testCase.Spec.Filters, TensorLayout.Planar);

        internal Tensor BiasGradient { get; } = device.Allocate(new TensorShape(1, testCase.Spec.OutChannels, 1, 1), TensorLayout.Planar);

        // The output, then the input's gradient.
        internal float[] Run(Convolution forward, ConvolutionBackward backward)
        {
            forward.Forward(Input, Output);
            backward.Input(OutputGradient, InputGradient);
            return [.. device.DownloadRaw(Output), .. device.DownloadRaw(InputGradient)];
        }

        public void Dispose()
        {
            foreach (Tensor tensor in (Tensor[])[Input, Output, OutputGradient, InputGradient, FilterGradient, BiasGradient])
                tensor.Dispose();
        }
    }
}
