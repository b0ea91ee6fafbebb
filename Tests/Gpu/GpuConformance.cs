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

    internal static void Check(ComputeDevice device, ConvolutionCase testCase, double maxError = 5e-6 * Slack)
    {
        ConvolutionSpec spec = testCase.Spec;
        using Convolution convolution = device.Prepare(spec, testCase.Filters(), testCase.Bias());
        TensorView input = device.Upload(testCase.Input(), spec.Input, spec.InputLayout(device));
        TensorView output = device.Garbage(spec.Output, device.FeatureLayout);
        using DeviceBuffer a = input.Buffer, b = output.Buffer;
        convolution.Forward(input, output);
        float[] actual = device.Download(output);
        AssertEmptyPadding(device, output, actual);
        ConvolutionTests.AssertMatchesReference(testCase, actual, maxError);
    }

    internal static void Check(ComputeDevice device, MaxPoolCase testCase)
    {
        MaxPoolSpec spec = testCase.Spec;
        float[] values = testCase.Input();
        using MaxPool pool = device.Prepare(spec);
        TensorView input = device.Upload(values, spec.Input, device.FeatureLayout);
        TensorView output = device.Garbage(spec.Output, device.FeatureLayout);
        using DeviceBuffer a = input.Buffer, b = output.Buffer;
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
        TensorView template = device.Upload(templates, spec.Template, device.FeatureLayout);
        TensorView search = device.Upload(searches, spec.Search, device.FeatureLayout);
        TensorView response = device.Garbage(spec.Response, TensorLayout.Planar);
        using DeviceBuffer a = template.Buffer, b = search.Buffer, c = response.Buffer;
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
        TensorView planes = device.Upload(values, spec.Real, device.FeatureLayout);
        TensorView real = device.Garbage(spec.Spectrum, device.FeatureLayout), imaginary = device.Garbage(spec.Spectrum, device.FeatureLayout);
        TensorView back = device.Garbage(spec.Real, device.FeatureLayout);
        using DeviceBuffer a = planes.Buffer, b = real.Buffer, c = imaginary.Buffer, d = back.Buffer;
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
        TensorView features = device.Upload(values, spec.Features, device.FeatureLayout);
        TensorView template = device.Garbage(spec.Template, device.FeatureLayout);
        using DeviceBuffer a = features.Buffer, b = template.Buffer;
        operation.Forward(features, template);
        float[] actual = device.Download(template);
        AssertEmptyPadding(device, template, actual);
        Conformance.AssertClose(actual, CorrelationFilterReference.Template(spec, values, window, target), 5e-6 * Slack, spec.Template);
    }

    internal static void Check(ComputeDevice device, BlendSpec spec)
    {
        float[] averages = TestValues.Uniform(spec.Shape.Count, seed: 1), updates = TestValues.Uniform(spec.Shape.Count, seed: 2);
        using Blend operation = device.Prepare(spec);
        TensorView update = device.Upload(updates, spec.Shape, device.FeatureLayout);
        TensorView average = device.Allocate(spec.Shape, device.FeatureLayout);
        using DeviceBuffer a = average.Buffer, b = update.Buffer;
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
        TensorView crops = device.Garbage(testCase.Spec.Crops, TensorLayout.Interleaved);
        using DeviceBuffer buffer = crops.Buffer;
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

    internal static PeakResult Search(ComputeDevice device, ResponsePeakSpec spec, float[] values)
    {
        using ResponsePeak operation = device.Prepare(spec);
        TensorView responses = device.Upload(values, spec.Responses, TensorLayout.Planar);
        using DeviceBuffer buffer = responses.Buffer;
        operation.Forward(responses);
        return operation.Read();
    }

    private static TensorView Garbage(this ComputeDevice device, TensorShape shape, TensorLayout layout)
    {
        TensorView view = device.Allocate(shape, layout);
        float[] garbage = new float[view.Length];
        garbage.AsSpan().Fill(float.NaN);
        device.Upload(garbage, view with { Shape = new TensorShape(1, 1, 1, garbage.Length), Layout = TensorLayout.Planar });
        return view;
    }

    private static void AssertEmptyPadding(ComputeDevice device, TensorView view, float[] planar) => Assert.That(
        device.DownloadRaw(view).Count(v => v != 0), Is.EqualTo(planar.Count(v => v != 0)), "padding lanes that are not zero");
}
