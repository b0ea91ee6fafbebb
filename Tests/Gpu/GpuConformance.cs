using SiamIlgpu.Kernels;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Kernels;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Tests.Gpu;

/// <summary>
/// Every operation of a GPU device against the scalar references in double, within four times the CPU device's bounds: sums are
/// as long, but come in other orders, and are not fused on every device. Outputs start as NaN, so that nothing relies on
/// cleared memory.
/// </summary>
internal static class GpuConformance
{
    private const double Slack = 4;

    // A reference of more products is compared at each 61st value only: 61 is prime, so that all rows, columns and channels take part.
    private const long ProductsOfFullReference = 20_000_000;
    private const int SampleStep = 61;

    internal static void Check(ComputeDevice device, ConvolutionCase testCase, double maxError = 5e-6 * Slack)
    {
        ConvolutionSpec spec = testCase.Spec;
        using Convolution convolution = device.Prepare(spec, testCase.Filters(), testCase.Bias());
        using Tensor input = device.Upload(testCase.Input(), spec.Input, spec.InputLayout(device));
        using Tensor output = device.Garbage(spec.Output, device.FeatureLayout);
        convolution.Forward(input, output);
        float[] actual = device.Download(output);
        AssertEmptyPadding(device, output, actual);
        ConvolutionTests.AssertMatchesReference(testCase, actual, maxError);
    }

    internal static void Check(ComputeDevice device, ConvolutionBackwardCase testCase, double maxInputError = 5e-6 * Slack)
    {
        ConvolutionSpec spec = testCase.Spec;
        float[] x = testCase.Input(), w = testCase.Filters(), dy = testCase.OutputGradient();
        using ConvolutionFilters filters = device.Load(spec.Filters, w, testCase.Bias());
        using ConvolutionBackward operation = device.PrepareBackward(spec, filters);
        using var tensors = new ConvolutionTensors(device, spec, x, dy);
        float[] filterGradient = tensors.Filters(operation, GradientWrite.Overwrite, out float[] biasGradient);
        AssertClose(filterGradient, spec.Filters, spec.Output.Count / spec.OutChannels, 3e-6 * Slack,
            (o, c, u, v) => ConvolutionBackwardReference.Filter(spec, x, dy, o, c, u, v));
        AssertClose(biasGradient, tensors.BiasGradient.Shape, spec.Output.Count / spec.OutChannels, 3e-6 * Slack,
            (_, o, _, _) => ConvolutionBackwardReference.Bias(spec, dy, o));
        float[] twice = tensors.Filters(operation, GradientWrite.Accumulate, out float[] biasTwice);
        Assert.That(twice.AsSpan().SequenceEqual(Doubled(filterGradient)), "filters: accumulates what overwriting writes");
        Assert.That(biasTwice.AsSpan().SequenceEqual(Doubled(biasGradient)), "biases: accumulates what overwriting writes");

        if (spec.InputLayout(device) == TensorLayout.Interleaved)
        {
            Assert.That(() => tensors.InputGradientOf(operation), Throws.TypeOf<KernelShapeException>()
                .With.Message.EqualTo($"convolution gradients: {spec.Input} is an image, whose gradient is not computed"));
            return;
        }
        float[] inputGradient = tensors.InputGradientOf(operation);
        AssertEmptyPadding(device, tensors.InputGradient, inputGradient);
        AssertClose(inputGradient, spec.Input, spec.OutChannels / spec.Groups * spec.MapHeight * (long)spec.MapWidth, maxInputError,
            (n, c, a, b) => ConvolutionBackwardReference.Input(spec, w, dy, n, c, a, b));
    }

    /// <summary>Filters that took other values are as if they had been loaded with them, for what was prepared before and after.</summary>
    internal static void CheckUpdate(ComputeDevice device, ConvolutionSpec spec)
    {
        var testCase = new ConvolutionBackwardCase("", spec);
        float[] w = TestValues.Uniform(spec.Filters.Count, seed: 11), b = TestValues.Uniform(spec.OutChannels, seed: 12);
        using var tensors = new ConvolutionTensors(device, spec, testCase.Input(), testCase.OutputGradient());
        using ConvolutionFilters fresh = device.Load(spec.Filters, w, b), updated = device.Load(spec.Filters, testCase.Filters(), testCase.Bias());
        float[] expected = tensors.Run(fresh), before = tensors.Run(updated);
        Assert.That(before, Is.Not.EqualTo(expected));
        using Convolution forward = device.Prepare(spec, updated);
        using ConvolutionBackward backward = device.PrepareBackward(spec, updated);
        using ConvolutionFilters late = device.Load(spec.Filters, testCase.Filters(), testCase.Bias());
        using Tensor filters = device.Upload(w, spec.Filters, TensorLayout.Planar);
        using Tensor bias = device.Upload(b, tensors.BiasGradient.Shape, TensorLayout.Planar);
        updated.Update(filters, bias);
        late.Update(filters, bias);
        // What the views hold later is of no concern: the values were taken.
        device.Upload(testCase.Filters(), filters);
        device.Upload(testCase.Bias(), bias);
        Assert.That(tensors.Run(forward, backward), Is.EqualTo(expected), "prepared before");
        Assert.That(tensors.Run(late), Is.EqualTo(expected), "prepared after");
        updated.Dispose();
        Assert.That(tensors.Run(forward, backward), Is.EqualTo(expected), "once no more can be prepared");
    }

    internal static void Check(ComputeDevice device, ReluSpec spec)
    {
        float[] y = ReluBackwardCases.Output(spec), dy = ReluBackwardCases.Gradient(spec);
        using ReluBackward operation = device.PrepareBackward(spec);
        using Tensor output = device.Upload(y, spec.Shape, device.FeatureLayout);
        using Tensor gradient = device.Upload(dy, spec.Shape, device.FeatureLayout);
        operation.Backward(output, gradient);
        float[] actual = device.Download(gradient);
        AssertEmptyPadding(device, gradient, actual);
        double[] expected = ReluBackwardReference.Gradient([.. y.Select(v => (double)v)], [.. dy.Select(v => (double)v)]);
        Assert.That(actual, Is.EqualTo(expected));
    }

    internal static void Check(ComputeDevice device, MaxPoolCase testCase)
    {
        MaxPoolSpec spec = testCase.Spec;
        float[] values = testCase.Input();
        using MaxPool pool = device.Prepare(spec);
        using Tensor input = device.Upload(values, spec.Input, device.FeatureLayout);
        using Tensor output = device.Garbage(spec.Output, device.FeatureLayout);
        pool.Forward(input, output);
        float[] actual = device.Download(output);
        AssertEmptyPadding(device, output, actual);
        for (int index = 0; index < actual.Length; index++)
        {
            (int n, int c, int y, int x) = spec.Output.Position(index);
            float expected = MaxPoolReference.At(spec, values, n, c, y, x);
            if (!actual[index].Equals(expected))
                Assert.Fail($"(n,c,y,x) = {(n, c, y, x)}: expected {expected}, got {actual[index]}");
        }
    }

    internal static void Check(ComputeDevice device, CrossCorrelationSpec spec)
    {
        float[] templates = TestValues.Uniform(spec.Template.Count, seed: 1), searches = TestValues.Uniform(spec.Search.Count, seed: 2);
        using CrossCorrelation operation = device.Prepare(spec);
        using Tensor template = device.Upload(templates, spec.Template, device.FeatureLayout);
        using Tensor search = device.Upload(searches, spec.Search, device.FeatureLayout);
        using Tensor response = device.Garbage(spec.Response, TensorLayout.Planar);
        operation.Forward(template, search, response);
        Conformance.AssertClose(
            device.Download(response), CrossCorrelationReference.Responses(spec, templates, searches), 2e-6 * Slack, spec.Response);
    }

    internal static void Check(ComputeDevice device, Fourier2DSpec spec)
    {
        float[] values = TestValues.Uniform(spec.Real.Count, seed: 3);
        (double[] expectedReal, double[] expectedImaginary) = Fourier2DTests.ReferenceSpectra(spec, values);
        double largest = expectedReal.Concat(expectedImaginary).Max(Math.Abs);

        using Fourier2D operation = device.Prepare(spec);
        using Tensor planes = device.Upload(values, spec.Real, device.FeatureLayout);
        using Tensor real = device.Garbage(spec.Spectrum, device.FeatureLayout), imaginary = device.Garbage(spec.Spectrum, device.FeatureLayout);
        using Tensor back = device.Garbage(spec.Real, device.FeatureLayout);
        operation.Forward(planes, real, imaginary);
        // One scale for both parts: either alone may be all but zero.
        Conformance.AssertClose([.. device.Download(real), (float)largest], [.. expectedReal, largest], 2e-6 * Slack, spec.Spectrum);
        Conformance.AssertClose([.. device.Download(imaginary), (float)largest], [.. expectedImaginary, largest], 2e-6 * Slack, spec.Spectrum);

        device.Upload([.. expectedReal.Select(v => (float)v)], real);
        device.Upload([.. expectedImaginary.Select(v => (float)v)], imaginary);
        operation.Inverse(real, imaginary, back);
        Conformance.AssertClose(device.Download(back), [.. values.Select(v => (double)v)], 2e-6 * Slack, spec.Real);
    }

    internal static void Check(ComputeDevice device, CorrelationFilterSpec spec)
    {
        float[] values = CorrelationFilterCases.Features(spec);
        float[] window = CorrelationFilterCases.Window(spec), target = CorrelationFilterCases.Target(spec);
        using CorrelationFilter operation = device.Prepare(spec, window, target);
        using Tensor features = device.Upload(values, spec.Features, device.FeatureLayout);
        using Tensor template = device.Garbage(spec.Template, device.FeatureLayout);
        operation.Forward(features, template);
        float[] actual = device.Download(template);
        AssertEmptyPadding(device, template, actual);
        Conformance.AssertClose(actual, CorrelationFilterReference.Template(spec, values, window, target), 5e-6 * Slack, spec.Template);
    }

    internal static void CheckBackward(ComputeDevice device, CrossCorrelationSpec spec)
    {
        float[] templates = CrossCorrelationBackwardCases.Template(spec), searches = CrossCorrelationBackwardCases.Search(spec);
        float[] gradients = CrossCorrelationBackwardCases.ResponseGradient(spec);
        (double[] expectedTemplate, double[] expectedSearch) =
            CrossCorrelationBackwardReference.Gradients(spec, Doubles(templates), Doubles(searches), Doubles(gradients));

        using CrossCorrelationBackward operation = device.PrepareBackward(spec);
        using Tensor template = device.Upload(templates, spec.Template, device.FeatureLayout);
        using Tensor search = device.Upload(searches, spec.Search, device.FeatureLayout);
        using Tensor responseGradient = device.Upload(gradients, spec.Response, TensorLayout.Planar);
        using Tensor templateGradient = device.Garbage(spec.Template, device.FeatureLayout);
        using Tensor searchGradient = device.Garbage(spec.Search, device.FeatureLayout);
        operation.Backward(template, search, responseGradient, templateGradient, searchGradient);
        float[] ofTemplate = device.Download(templateGradient), ofSearch = device.Download(searchGradient);
        AssertEmptyPadding(device, templateGradient, ofTemplate);
        AssertEmptyPadding(device, searchGradient, ofSearch);
        Conformance.AssertClose(ofTemplate, expectedTemplate, 2e-6 * Slack, spec.Template);
        Conformance.AssertClose(ofSearch, expectedSearch, 2e-6 * Slack, spec.Search);
    }

    internal static void CheckBackward(ComputeDevice device, CorrelationFilterSpec spec)
    {
        float[] values = CorrelationFilterCases.Features(spec), gradients = CorrelationFilterBackwardCases.TemplateGradient(spec);
        float[] window = CorrelationFilterCases.Window(spec), target = CorrelationFilterCases.Target(spec);
        (double[] expectedFeatures, double[] expectedWindow, double[] expectedTarget) = CorrelationFilterBackwardReference.Gradients(
            spec, Doubles(values), Doubles(window), Doubles(target), Doubles(gradients));

        using CorrelationFilterBackward operation = device.PrepareBackward(spec, window, target);
        using Tensor features = device.Upload(values, spec.Features, device.FeatureLayout);
        using Tensor templateGradient = device.Upload(gradients, spec.Template, device.FeatureLayout);
        using Tensor featureGradient = device.Garbage(spec.Features, device.FeatureLayout);
        using Tensor windowGradient = device.Garbage(operation.Plane, TensorLayout.Planar);
        using Tensor targetGradient = device.Garbage(operation.Plane, TensorLayout.Planar);
        operation.Backward(features, templateGradient, featureGradient, windowGradient, targetGradient, GradientWrite.Overwrite);
        float[] ofFeatures = device.Download(featureGradient);
        float[] ofWindow = device.Download(windowGradient), ofTarget = device.Download(targetGradient);
        AssertEmptyPadding(device, featureGradient, ofFeatures);
        Conformance.AssertClose(ofFeatures, expectedFeatures, 1e-6 * Slack, spec.Features);
        Conformance.AssertClose(ofWindow, expectedWindow, 1e-6 * Slack, operation.Plane);
        Conformance.AssertClose(ofTarget, expectedTarget, 1e-6 * Slack, operation.Plane);

        operation.Backward(features, templateGradient, featureGradient, windowGradient, targetGradient, GradientWrite.Accumulate);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(device.Download(featureGradient), Is.EqualTo(ofFeatures), "features are overwritten, with the same bits");
            Assert.That(device.Download(windowGradient), Is.EqualTo(Doubled(ofWindow)), "the window's accumulate");
            Assert.That(device.Download(targetGradient), Is.EqualTo(Doubled(ofTarget)), "the target's accumulate");
        }
    }

    /// <summary>
    /// After an update a filter and its gradients are those of the new window and target, to the last bit; what was enqueued before
    /// is of the old ones. Neither plane is like the other, so they serve as each other's update.
    /// </summary>
    internal static void CheckUpdate(ComputeDevice device, CorrelationFilterSpec spec)
    {
        float[] window = CorrelationFilterCases.Window(spec), target = CorrelationFilterCases.Target(spec);
        using Tensor features = device.Upload(CorrelationFilterCases.Features(spec), spec.Features, device.FeatureLayout);
        using Tensor gradient = device.Upload(CorrelationFilterBackwardCases.TemplateGradient(spec), spec.Template, device.FeatureLayout);
        var outputs = new List<Tensor>();
        using (CorrelationFilter filter = device.Prepare(spec, window, target))
        using (CorrelationFilterBackward backward = device.PrepareBackward(spec, window, target))
        {
            Run(filter, backward);
            filter.Update(target, window);
            backward.Update(target, window);
            Run(filter, backward);
        }
        using (CorrelationFilter filter = device.Prepare(spec, window, target))
        using (CorrelationFilterBackward backward = device.PrepareBackward(spec, window, target))
            Run(filter, backward);
        using (CorrelationFilter filter = device.Prepare(spec, target, window))
        using (CorrelationFilterBackward backward = device.PrepareBackward(spec, target, window))
            Run(filter, backward);

        float[][] results = [.. outputs.Select(output => device.Download(output))];
        foreach (Tensor output in outputs)
            output.Dispose();
        const int Each = 4;
        using (Assert.EnterMultipleScope())
        {
            for (int i = 0; i < Each; i++)
            {
                Assert.That(results[i], Is.EqualTo(results[2 * Each + i]), $"output {i}, enqueued before the update");
                Assert.That(results[Each + i], Is.EqualTo(results[3 * Each + i]), $"output {i}, after the update");
                Assert.That(results[i], Is.Not.EqualTo(results[Each + i]), $"output {i}: the update makes a difference");
            }
        }

        void Run(CorrelationFilter filter, CorrelationFilterBackward backward)
        {
            Tensor template = device.Garbage(spec.Template, device.FeatureLayout);
            Tensor ofFeatures = device.Garbage(spec.Features, device.FeatureLayout);
            Tensor ofWindow = device.Garbage(backward.Plane, TensorLayout.Planar);
            Tensor ofTarget = device.Garbage(backward.Plane, TensorLayout.Planar);
            filter.Forward(features, template);
            backward.Backward(features, gradient, ofFeatures, ofWindow, ofTarget, GradientWrite.Overwrite);
            outputs.AddRange([template, ofFeatures, ofWindow, ofTarget]);
        }
    }

    internal static void Check(ComputeDevice device, BlendSpec spec)
    {
        float[] averages = TestValues.Uniform(spec.Shape.Count, seed: 1), updates = TestValues.Uniform(spec.Shape.Count, seed: 2);
        using Blend operation = device.Prepare(spec);
        using Tensor update = device.Upload(updates, spec.Shape, device.FeatureLayout);
        using Tensor average = device.Allocate(spec.Shape, device.FeatureLayout);
        foreach (float rate in (float[])[0, 0.005f, 0.5f, 1])
        {
            device.Upload(averages, average);
            operation.Forward(average, update, rate);
            Conformance.AssertClose(device.Download(average), BlendReference.Average(averages, updates, rate), 2e-7 * Slack, spec.Shape);
        }
        Assert.That(device.Download(average), Is.EqualTo(updates), "the rate 1 replaces");
    }

    internal static void Check(ComputeDevice device, CropResizeCase testCase)
    {
        using CropResize operation = device.Prepare(testCase.Spec);
        using Tensor crops = device.Garbage(testCase.Spec.Crops, TensorLayout.Interleaved);
        byte[] pixels = testCase.Pixels();
        double[] expected = CropResizeReference.Crops(
            testCase.View(pixels), testCase.Region, testCase.RegionSize, testCase.Levels, CropResizeCase.Padding, testCase.Size);
        operation.Forward(testCase.View(pixels), testCase.Pyramid(), crops);
        // When Forward returns the pixels are the caller's again.
        pixels.AsSpan().Fill(77);
        Conformance.AssertClose(device.Download(crops), expected, 2e-6 * Slack, testCase.Spec.Crops);
    }

    internal static void Check(ComputeDevice device, ResponsePeakCase testCase)
    {
        ResponsePeakSpec spec = testCase.Spec;
        PeakResult actual = Search(device, spec, testCase.Responses());
        if (spec.ResponseSize == 1)
        {
            // A constant, of which the reference divides by zero: the window alone decides, of its equal middles the first.
            Assert.That((actual.Row, actual.Column, actual.PeakToSidelobe), Is.EqualTo(((spec.MapSize - 1) / 2, (spec.MapSize - 1) / 2, 0f)));
            return;
        }

        (PeakResult expected, double[,] mixed) = ResponsePeakReference.Search(spec, testCase.Responses());
        using (Assert.EnterMultipleScope())
        {
            Assert.That(actual.Scale, Is.EqualTo(expected.Scale));
            Assert.That(actual.Response, Is.EqualTo(expected.Response).Within(1e-5 * Slack));
            Assert.That(actual.PeakToSidelobe, Is.EqualTo(expected.PeakToSidelobe).Within(1e-4 * Slack).Percent);
            // Where the peak is flat, rounding decides; so the place may differ, but not the height.
            double height = mixed[expected.Row, expected.Column];
            Assert.That(mixed[actual.Row, actual.Column], Is.EqualTo(height).Within(1e-5 * Slack).Percent,
                $"expected ({expected.Row},{expected.Column}), got ({actual.Row},{actual.Column})");
        }
    }

    internal static void CheckBackward(ComputeDevice device, MaxPoolSpec spec)
    {
        float[] values = MaxPoolBackwardCases.Input(spec), gradients = MaxPoolBackwardCases.OutputGradient(spec);
        double[] outputs = MaxPoolBackwardReference.Forward(spec, Doubles(values));
        using MaxPoolBackward operation = device.PrepareBackward(spec);
        using Tensor input = device.Upload(values, spec.Input, device.FeatureLayout);
        using Tensor output = device.Upload(Floats(outputs), spec.Output, device.FeatureLayout);
        using Tensor outputGradient = device.Upload(gradients, spec.Output, device.FeatureLayout);
        using Tensor inputGradient = device.Garbage(spec.Input, device.FeatureLayout);
        operation.Backward(input, output, outputGradient, inputGradient);
        float[] actual = device.Download(inputGradient);
        AssertEmptyPadding(device, inputGradient, actual);
        Conformance.AssertClose(actual, MaxPoolBackwardReference.Gradient(spec, Doubles(values), Doubles(gradients)), 1e-6, spec.Input);
    }

    internal static void Check(ComputeDevice device, BatchNormSpec spec) => Check(device, spec, BatchNormTrainingCases.Input(spec));

    internal static void Check(ComputeDevice device, BatchNormSpec spec, float[] values)
    {
        const double Tolerance = 5e-6 * Slack;
        float[] gains = BatchNormTrainingCases.Gain(spec), offsets = BatchNormTrainingCases.Offset(spec);
        float[] gradients = BatchNormTrainingCases.OutputGradient(spec);
        (double[] outputs, double[] ownMoments) = BatchNormTrainingReference.Forward(spec, Doubles(values), Doubles(gains), Doubles(offsets));
        TensorLayout layout = spec.Layout(device);
        using BatchNormTraining operation = device.PrepareTraining(spec);
        using Tensor input = device.Upload(values, spec.Features, layout);
        using Tensor gain = device.Upload(gains, spec.Parameters, TensorLayout.Planar);
        using Tensor offset = device.Upload(offsets, spec.Parameters, TensorLayout.Planar);
        using Tensor moments = device.Garbage(spec.Moments, TensorLayout.Planar), output = device.Garbage(spec.Features, layout);
        operation.Forward(input, gain, offset, moments, output);
        float[] actual = device.Download(output);
        AssertEmptyPadding(device, output, actual);
        Conformance.AssertClose(actual, outputs, Tolerance, spec.Features);
        float[] actualMoments = device.Download(moments);
        for (int i = 0; i < actualMoments.Length; i++)
        {
            double bound = 1e-6 * Slack * Math.Max(1, Math.Abs(ownMoments[i]));
            Assert.That(actualMoments[i], Is.EqualTo(ownMoments[i]).Within(bound), $"moment {i}");
        }

        // From the reference's results, so that an output close to zero is on the same side of it.
        (outputs, ownMoments) = (Doubles(Floats(outputs)), Doubles(Floats(ownMoments)));
        device.Upload(Floats(outputs), output);
        device.Upload(Floats(ownMoments), moments);
        (double[] inputGradients, double[] gainGradients, double[] offsetGradients) = BatchNormTrainingReference.Backward(
            spec, Doubles(values), outputs, Doubles(gains), ownMoments, Doubles(gradients));
        using Tensor outputGradient = device.Allocate(spec.Features, layout);
        using Tensor gainGradient = device.Garbage(spec.Parameters, TensorLayout.Planar);
        using Tensor offsetGradient = device.Garbage(spec.Parameters, TensorLayout.Planar);
        using Tensor momentsGradient = device.Garbage(spec.Moments, TensorLayout.Planar);
        using Tensor inputGradient = device.Garbage(spec.Features, layout);
        // Once into memory of its own and overwriting, once in place and on top.
        for (int times = 1; times <= 2; times++)
        {
            device.Upload(gradients, outputGradient);
            TensorView to = times == 1 ? inputGradient : outputGradient;
            operation.Backward(
                input, output, gain, moments, outputGradient, to, gainGradient, offsetGradient, momentsGradient,
                times == 1 ? GradientWrite.Overwrite : GradientWrite.Accumulate);
            actual = device.Download(to);
            AssertEmptyPadding(device, to, actual);
            Conformance.AssertClose(actual, inputGradients, Tolerance, spec.Features);
            Conformance.AssertClose(device.Download(gainGradient), Times(gainGradients, times), Tolerance, spec.Parameters);
            Conformance.AssertClose(device.Download(offsetGradient), Times(offsetGradients, times), Tolerance, spec.Parameters);
            Assert.That(device.Download(momentsGradient), Is.EqualTo(Floats(Times(ownMoments, times))));
        }
    }

    /// <summary>A mean of 170 spreads, and in one channel a first row that is none of them.</summary>
    internal static void CheckFarFromZero(ComputeDevice device)
    {
        var spec = new BatchNormSpec(2, 3, 40, 9, Relu: false);
        float[] values = [.. TestValues.Uniform(spec.Features.Count, seed: 1).Select(x => 100 + x)];
        values.AsSpan(360, 9).Clear();
        Check(device, spec, values);
    }

    internal static void Check(ComputeDevice device, ScoreAdjustSpec spec)
    {
        const double Tolerance = 1e-6 * Slack;
        float[] values = ScoreAdjustCases.Responses(spec), gradients = ScoreAdjustCases.ScoreGradient(spec);
        using ScoreAdjust operation = device.PrepareTraining(spec);
        using Tensor responses = device.Upload(values, spec.Maps, TensorLayout.Planar);
        using Tensor gain = device.Upload([ScoreAdjustCases.Gain], spec.Parameter, TensorLayout.Planar);
        using Tensor bias = device.Upload([ScoreAdjustCases.Bias], spec.Parameter, TensorLayout.Planar);
        using Tensor scores = device.Garbage(spec.Maps, TensorLayout.Planar), scoreGradient = device.Allocate(spec.Maps, TensorLayout.Planar);
        using Tensor responseGradient = device.Garbage(spec.Maps, TensorLayout.Planar);
        using Tensor gainGradient = device.Garbage(spec.Parameter, TensorLayout.Planar);
        using Tensor biasGradient = device.Garbage(spec.Parameter, TensorLayout.Planar);
        operation.Forward(responses, gain, bias, scores);
        double[] expected = ScoreAdjustReference.Forward(Doubles(values), ScoreAdjustCases.Gain, ScoreAdjustCases.Bias);
        Conformance.AssertClose(device.Download(scores), expected, Tolerance, spec.Maps);

        (expected, double ofGain, double ofBias) = ScoreAdjustReference.Backward(Doubles(values), ScoreAdjustCases.Gain, Doubles(gradients));
        // Once into memory of its own and overwriting, once in place and on top.
        for (int times = 1; times <= 2; times++)
        {
            device.Upload(gradients, scoreGradient);
            TensorView to = times == 1 ? responseGradient : scoreGradient;
            operation.Backward(
                responses, gain, scoreGradient, to, gainGradient, biasGradient,
                times == 1 ? GradientWrite.Overwrite : GradientWrite.Accumulate);
            Conformance.AssertClose(device.Download(to), expected, Tolerance, spec.Maps);
            // Sums of many signs are small: their rounding is measured by what was added.
            double largest = gradients.Sum(v => (double)Math.Abs(v));
            Conformance.AssertClose([.. device.Download(gainGradient), (float)largest], [times * ofGain, largest], Tolerance, spec.Parameter);
            Conformance.AssertClose([.. device.Download(biasGradient), (float)largest], [times * ofBias, largest], Tolerance, spec.Parameter);
        }
    }

    internal static void Check(ComputeDevice device, LogisticLossSpec spec) => Check(
        device, spec, LogisticLossCases.Scores(spec), LogisticLossCases.Labels(spec), LogisticLossCases.Weights(spec));

    internal static void Check(ComputeDevice device, LogisticLossSpec spec, float[] values, float[] signs, float[] shares)
    {
        const double Tolerance = 1e-6 * Slack;
        using LogisticLoss operation = device.PrepareLoss(spec);
        using Tensor scores = device.Upload(values, spec.Maps, TensorLayout.Planar);
        using Tensor labels = device.Upload(signs, spec.Maps, TensorLayout.Planar);
        using Tensor weights = device.Upload(shares, spec.Maps, TensorLayout.Planar);
        using Tensor losses = device.Garbage(spec.Losses, TensorLayout.Planar), gradient = device.Garbage(spec.Maps, TensorLayout.Planar);
        operation.Run(scores, labels, weights, losses, gradient);
        double[] expected = LogisticLossReference.Losses(spec, Doubles(values), Doubles(signs), Doubles(shares));
        Conformance.AssertClose(device.Download(losses), expected, Tolerance, spec.Losses);
        expected = LogisticLossReference.Gradient(spec, Doubles(values), Doubles(signs), Doubles(shares));
        Conformance.AssertClose(device.Download(gradient), expected, Tolerance, spec.Maps);
    }

    internal static void Check(ComputeDevice device, TripletLossSpec spec) =>
        Check(device, spec, TripletLossCases.Scores(spec), TripletLossCases.Labels(spec));

    internal static void Check(ComputeDevice device, TripletLossSpec spec, float[] values, float[] signs)
    {
        const double Tolerance = 1e-6 * Slack;
        using TripletLoss operation = device.PrepareLoss(spec);
        using Tensor scores = device.Upload(values, spec.Maps, TensorLayout.Planar);
        using Tensor labels = device.Upload(signs, spec.Maps, TensorLayout.Planar);
        using Tensor losses = device.Garbage(spec.Losses, TensorLayout.Planar), gradient = device.Garbage(spec.Maps, TensorLayout.Planar);
        operation.Run(scores, labels, losses, gradient);
        (double[] expected, double[] expectedGradient) = TripletLossReference.Run(spec, Doubles(values), Doubles(signs));
        Conformance.AssertClose(device.Download(losses), expected, Tolerance, spec.Losses);
        Conformance.AssertClose(device.Download(gradient), expectedGradient, Tolerance, spec.Maps);
    }

    internal static void CheckLargeScores(ComputeDevice device)
    {
        Check(device, new LogisticLossSpec(1, 2), [1e4f, -1e4f, 1e4f, -1e4f], [1, 1, -1, -1], [1, 1, 1, 0.5f]);
        Check(device, new LogisticLossSpec(1, 2), [87.3f, -88, 20, -16], [1, 1, 1, -1], [1, 0, 1, 1]);
        foreach (int hardNegatives in (int[])[0, 1, 2])
            Check(device, new TripletLossSpec(1, 2, hardNegatives), [0, 1e4f, -1e4f, 0], [1, -1, -1, 0]);
    }

    internal static void Check(ComputeDevice device, SgdSpec spec)
    {
        const double Tolerance = 1e-6 * Slack;
        float[] given = SgdStepCases.Gradients(spec);
        double[] expected = Doubles(SgdStepCases.Parameters(spec)), expectedVelocities = Doubles(SgdStepCases.Velocities(spec));
        using SgdStep operation = device.PrepareStep(spec);
        using Tensor parameters = device.Upload(SgdStepCases.Parameters(spec), spec.Arena, TensorLayout.Planar);
        using Tensor velocities = device.Upload(SgdStepCases.Velocities(spec), spec.Arena, TensorLayout.Planar);
        using Tensor gradients = device.Upload(given, spec.Arena, TensorLayout.Planar);
        for (int step = 0; step < 2; step++)
        {
            operation.Step(parameters, gradients, velocities, SgdStepCases.LearningRate);
            SgdStepReference.Step(spec, expected, Doubles(given), expectedVelocities, SgdStepCases.LearningRate);
        }
        float[] actual = device.Download(parameters), actualVelocities = device.Download(velocities);
        Conformance.AssertClose(actual, expected, Tolerance, spec.Arena);
        Conformance.AssertClose(actualVelocities, expectedVelocities, Tolerance, spec.Arena);
        Assert.That(device.Download(gradients), Is.EqualTo(given), "gradients are read only");
        float[] parametersBefore = SgdStepCases.Parameters(spec), velocitiesBefore = SgdStepCases.Velocities(spec);
        for (int i = 0; i < actual.Length; i++)
        {
            SgdSegment? of = spec.Segments.Where(s => i >= s.Offset && i < s.Offset + s.Length).Cast<SgdSegment?>().FirstOrDefault();
            if (of is null && actual[i] != parametersBefore[i])
                Assert.Fail($"parameter {i} of no segment was moved");
            if (of is null or { AverageOf: > 0 } && actualVelocities[i] != velocitiesBefore[i])
                Assert.Fail($"velocity {i} follows no gradient and was moved");
        }
    }

    internal static PeakResult Search(ComputeDevice device, ResponsePeakSpec spec, float[] values)
    {
        using ResponsePeak operation = device.Prepare(spec);
        using Tensor responses = device.Upload(values, spec.Responses, TensorLayout.Planar);
        operation.Forward(responses);
        return operation.Read();
    }

    private static float[] Doubled(float[] values) => [.. values.Select(v => v + v)];

    /// <summary>All values, or samples of them, against a reference that takes so many products for each.</summary>
    private static void AssertClose(
        float[] actual, TensorShape shape, long products, double tolerance, Func<int, int, int, int, double> reference)
    {
        int step = actual.Length * products > ProductsOfFullReference ? SampleStep : 1;
        var expected = new double[(actual.Length - 1) / step + 1];
        var sampled = new float[expected.Length];
        for (int i = 0; i < expected.Length; i++)
        {
            (int n, int c, int y, int x) = shape.Position(i * step);
            expected[i] = reference(n, c, y, x);
            sampled[i] = actual[i * step];
        }
        Conformance.AssertClose(sampled, expected, tolerance, shape);
    }

    private static double[] Doubles(float[] values) => Array.ConvertAll(values, value => (double)value);

    private static float[] Floats(double[] values) => Array.ConvertAll(values, value => (float)value);

    private static double[] Times(double[] values, int factor) => Array.ConvertAll(values, value => factor * value);


    private static Tensor Garbage(this ComputeDevice device, TensorShape shape, TensorLayout layout)
    {
        Tensor tensor = device.Allocate(shape, layout);
        float[] garbage = new float[tensor.View.Length];
        garbage.AsSpan().Fill(float.NaN);
        device.Upload(garbage, tensor.View.Slice(0, new TensorShape(1, 1, 1, garbage.Length), TensorLayout.Planar));
        return tensor;
    }

    private static void AssertEmptyPadding(ComputeDevice device, TensorView view, float[] planar) => Assert.That(
        device.DownloadRaw(view).Count(v => v != 0), Is.EqualTo(planar.Count(v => v != 0)), "padding lanes that are not zero");

    /// <summary>What a convolution and its gradients read and write. Whatever is written starts as garbage.</summary>
    private sealed class ConvolutionTensors(ComputeDevice device, ConvolutionSpec spec, float[] x, float[] dy) : IDisposable
    {
        private readonly Tensor input = device.Upload(x, spec.Input, spec.InputLayout(device));
        private readonly Tensor output = device.Garbage(spec.Output, device.FeatureLayout);
        private readonly Tensor outputGradient = device.Upload(dy, spec.Output, device.FeatureLayout);
        private readonly Tensor filterGradient = device.Garbage(spec.Filters, TensorLayout.Planar);

        internal Tensor InputGradient { get; } = device.Garbage(spec.Input, device.FeatureLayout);

        internal Tensor BiasGradient { get; } = device.Garbage(new TensorShape(1, spec.OutChannels, 1, 1), TensorLayout.Planar);

        internal float[] Filters(ConvolutionBackward operation, GradientWrite write, out float[] bias)
        {
            operation.Filters(input, outputGradient, filterGradient, BiasGradient, write);
            bias = device.Download(BiasGradient);
            return device.Download(filterGradient);
        }

        internal float[] InputGradientOf(ConvolutionBackward operation)
        {
            operation.Input(outputGradient, InputGradient);
            return device.Download(InputGradient);
        }

        /// <summary>The output and, of features, the input's gradient: all that depends on the filters.</summary>
        internal float[] Run(Convolution forward, ConvolutionBackward backward)
        {
            forward.Forward(input, output);
            bool image = spec.InputLayout(device) == TensorLayout.Interleaved;
            return [.. device.Download(output), .. image ? [] : InputGradientOf(backward)];
        }

        internal float[] Run(ConvolutionFilters filters)
        {
            using Convolution forward = device.Prepare(spec, filters);
            using ConvolutionBackward backward = device.PrepareBackward(spec, filters);
            return Run(forward, backward);
        }

        public void Dispose()
        {
            foreach (Tensor tensor in (Tensor[])[input, output, outputGradient, filterGradient, InputGradient, BiasGradient])
                tensor.Dispose();
        }
    }
}
