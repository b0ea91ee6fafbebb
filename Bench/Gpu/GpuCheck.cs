using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Kernels.Gpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Bench.Gpu;

/// <summary>
/// Every operation of a GPU over the tests' cases against the CPU device, which the tests hold against references in double.
/// Tolerances are four times the CPU device's own: sums are as long, but come in other orders.
/// </summary>
internal sealed class GpuCheck(GpuDevice gpu, CpuDevice cpu)
{
    private const double Convolution = 2e-5, CrossCorrelation = 8e-6, Fourier = 8e-6, Filter = 2e-5, Crop = 8e-6, Blend = 8e-7;
    private const double Response = 4e-5, PeakToSidelobe = 8e-6;

    // Products of factors that are rounded to eleven bits.
    private const double Tf32Convolution = 5e-4;

    private readonly List<string> failures = [];

    /// <summary>Prints a table, and a line for each case that fails.</summary>
    /// <returns>Whether all pass.</returns>
    internal bool Run()
    {
        Console.WriteLine("| operation | cases | largest difference / largest value | allowed | in case |");
        Console.WriteLine("|---|---|---|---|---|");
        Convolutions("convolution", gpu, ConvolutionCases.All, Convolution);
        if (!gpu.LikeProcessor)
            Convolutions("convolution, cut for 1 unit", new GpuDevice(gpu.Driver) { ComputeUnits = 1 }, ConvolutionCases.Odd, Convolution);
        if (gpu.Driver.HasTensorCores)
        {
            Convolutions("convolution, TF32", new GpuDevice(gpu.Driver, ConvolutionMath.Tf32), ConvolutionCases.All, Tf32Convolution);
            Convolutions(
                "convolution, TF32, cut for 1 unit", new GpuDevice(gpu.Driver, ConvolutionMath.Tf32) { ComputeUnits = 1 }, ConvolutionCases.Odd,
                Tf32Convolution);
        }
        Compare("max pooling", MaxPoolCases.All, Of, 0);
        Compare("cross-correlation", CrossCorrelationCases.All, Of, CrossCorrelation);
        Compare("DFT", Fourier2DCases.All, Of, Fourier);
        Compare("inverse DFT", Fourier2DCases.All, OfInverse, Fourier);
        Compare("correlation filter", CorrelationFilterCases.All, Of, Filter);
        Compare("blend", BlendCases.All, Of, Blend);
        Compare("crops", CropResizeCases.All, Of, Crop);
        string places = Peaks();
        Console.WriteLine();
        Console.WriteLine(places);
        foreach (string failure in failures)
            Console.WriteLine($"FAILED: {failure}");
        return failures.Count == 0;
    }

    // A difference counts in shares of the largest value, or of 1 where all are less.
    private void Convolutions(string operation, GpuDevice device, IEnumerable<ConvolutionCase> cases, double tolerance) =>
        Compare(operation, cases, Of, tolerance, leastScale: 1, device);

    private void Compare<T>(
        string operation, IEnumerable<T> cases, Func<ComputeDevice, T, float[]> compute, double tolerance, double leastScale = 0,
        GpuDevice? device = null)
    {
        int count = 0;
        double worst = -1;
        string worstCase = "";
        foreach (T testCase in cases)
        {
            count++;
            float[] expected = compute(cpu, testCase);
            double difference;
            try
            {
                difference = Difference(compute(device ?? gpu, testCase), expected, leastScale);
            }
            catch (DeviceException e) when (e is not DeviceLostException)
            {
                failures.Add($"{operation}, {NameOf(testCase)}: {e.Message}");
                continue;
            }
            if (!(difference <= tolerance))
                failures.Add($"{operation}, {NameOf(testCase)}: off by {difference:0.0E+0}");
            if (!(difference <= worst))
                (worst, worstCase) = (difference, NameOf(testCase));
        }
        Console.WriteLine($"| {operation} | {count} | {worst:0.0E+0} | {tolerance:0E+0} | {(worst == 0 ? "" : worstCase)} |");
    }

    private static string NameOf<T>(T testCase) => testCase switch
    {
        CrossCorrelationSpec spec => $"{spec.Template} in {spec.Search}",
        Fourier2DSpec spec => $"{spec.Real}",
        CorrelationFilterSpec spec => $"{spec.Features}, margin {spec.Margin}",
        BlendSpec spec => $"{spec.Shape}",
        _ => $"{testCase}",
    };

    // The largest difference over the largest value; NaN where one is NaN.
    private static double Difference(float[] actual, float[] expected, double leastScale)
    {
        double worst = 0, scale = leastScale;
        for (int i = 0; i < expected.Length; i++)
        {
            worst = Math.Max(worst, Math.Abs((double)actual[i] - expected[i]));
            scale = Math.Max(scale, Math.Abs((double)expected[i]));
        }
        return scale > 0 ? worst / scale : worst;
    }

    private static float[] Of(ComputeDevice device, ConvolutionCase layer)
    {
        using Convolution operation = device.Prepare(layer.Spec, layer.Filters(), layer.Bias());
        using var tensors = new Scratch(device);
        TensorView output = tensors.Garbage(layer.Spec.Output, device.FeatureLayout);
        operation.Forward(tensors.Of(layer.Input(), layer.Spec.Input, layer.Spec.InputLayout(device)), output);
        return tensors.Read(output);
    }

    private static float[] Of(ComputeDevice device, MaxPoolCase layer)
    {
        using MaxPool operation = device.Prepare(layer.Spec);
        using var tensors = new Scratch(device);
        TensorView output = tensors.Garbage(layer.Spec.Output, device.FeatureLayout);
        operation.Forward(tensors.Of(layer.Input(), layer.Spec.Input, device.FeatureLayout), output);
        return tensors.Read(output);
    }

    private static float[] Of(ComputeDevice device, CrossCorrelationSpec spec)
    {
        using CrossCorrelation operation = device.Prepare(spec);
        using var tensors = new Scratch(device);
        TensorView response = tensors.Garbage(spec.Response, TensorLayout.Planar);
        operation.Forward(
            tensors.Of(TestValues.Uniform(spec.Template.Count, seed: 1), spec.Template, device.FeatureLayout),
            tensors.Of(TestValues.Uniform(spec.Search.Count, seed: 2), spec.Search, device.FeatureLayout), response);
        return tensors.Read(response);
    }

    // Both parts at once: either alone may be all but zero.
    private static float[] Of(ComputeDevice device, Fourier2DSpec spec)
    {
        (float[] real, float[] imaginary) = Spectrum(device, spec);
        return [.. real, .. imaginary];
    }

    // From the CPU device's spectrum, whoever transforms it back.
    private float[] OfInverse(ComputeDevice device, Fourier2DSpec spec)
    {
        (float[] real, float[] imaginary) = Spectrum(cpu, spec);
        using Fourier2D operation = device.Prepare(spec);
        using var tensors = new Scratch(device);
        TensorView planes = tensors.Garbage(spec.Real, device.FeatureLayout);
        operation.Inverse(
            tensors.Of(real, spec.Spectrum, device.FeatureLayout), tensors.Of(imaginary, spec.Spectrum, device.FeatureLayout), planes);
        return Planar(device, planes);
    }

    private static (float[] Real, float[] Imaginary) Spectrum(ComputeDevice device, Fourier2DSpec spec)
    {
        using Fourier2D operation = device.Prepare(spec);
        using var tensors = new Scratch(device);
        TensorView real = tensors.Garbage(spec.Spectrum, device.FeatureLayout);
        TensorView imaginary = tensors.Garbage(spec.Spectrum, device.FeatureLayout);
        operation.Forward(tensors.Of(TestValues.Uniform(spec.Real.Count, seed: 3), spec.Real, device.FeatureLayout), real, imaginary);
        return (Planar(device, real), Planar(device, imaginary));
    }

    // Unused lanes of planes and spectra are nobody's.
    private static float[] Planar(ComputeDevice device, TensorView view)
    {
        var values = new float[view.Shape.Count];
        device.Download(view, values);
        return values;
    }

    private static float[] Of(ComputeDevice device, CorrelationFilterSpec spec)
    {
        using CorrelationFilter operation = device.Prepare(spec, CorrelationFilterCases.Window(spec), CorrelationFilterCases.Target(spec));
        using var tensors = new Scratch(device);
        TensorView template = tensors.Garbage(spec.Template, device.FeatureLayout);
        operation.Forward(tensors.Of(CorrelationFilterCases.Features(spec), spec.Features, device.FeatureLayout), template);
        return tensors.Read(template);
    }

    private static float[] Of(ComputeDevice device, BlendSpec spec)
    {
        using Blend operation = device.Prepare(spec);
        using var tensors = new Scratch(device);
        TensorView average = tensors.Of(TestValues.Uniform(spec.Shape.Count, seed: 1), spec.Shape, device.FeatureLayout);
        TensorView update = tensors.Of(TestValues.Uniform(spec.Shape.Count, seed: 2), spec.Shape, device.FeatureLayout);
        var results = new List<float>();
        foreach (float rate in (float[])[0, 0.005f, 0.5f, 1])
        {
            operation.Forward(average, update, rate);
            results.AddRange(tensors.Read(average));
        }
        return [.. results];
    }

    private static float[] Of(ComputeDevice device, CropResizeCase crop)
    {
        using CropResize operation = device.Prepare(crop.Spec);
        using var tensors = new Scratch(device);
        TensorView crops = tensors.Garbage(crop.Spec.Crops, TensorLayout.Interleaved);
        byte[] pixels = crop.Pixels();
        operation.Forward(crop.View(pixels), crop.Pyramid(), crops);
        // When Forward returns the pixels are the caller's again.
        pixels.AsSpan().Fill(77);
        return tensors.Read(crops);
    }

    // Where a peak is flat rounding decides, so that its place may differ; its scale and height may not.
    private string Peaks()
    {
        int elsewhere = 0;
        ResponsePeakCase[] cases = [.. ResponsePeakCases.All];
        foreach (ResponsePeakCase search in cases)
        {
            PeakResult expected = Search(cpu, search), actual = Search(gpu, search);
            if (actual.Scale != expected.Scale)
                failures.Add($"peak, {search}: scale {actual.Scale}, expected {expected.Scale}");
            if ((actual.Row, actual.Column) != (expected.Row, expected.Column))
                elsewhere++;
        }
        Compare("peak's response", cases, (device, search) => [Search(device, search).Response], Response, leastScale: 1);
        Compare("peak to sidelobe", cases, (device, search) => [Search(device, search).PeakToSidelobe], PeakToSidelobe);
        return $"Of {cases.Length} peaks {elsewhere} lie at another place than on the CPU.";
    }

    private static PeakResult Search(ComputeDevice device, ResponsePeakCase search)
    {
        using ResponsePeak operation = device.Prepare(search.Spec);
        using var tensors = new Scratch(device);
        operation.Forward(tensors.Of(search.Responses(), search.Spec.Responses, TensorLayout.Planar));
        return operation.Read();
    }
}
