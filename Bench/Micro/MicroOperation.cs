using SiamIlgpu.Kernels;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Bench.Micro;

/// <summary>One operation of a tracked frame at its real size, and the work that it does at least.</summary>
/// <param name="Name">Its name, on the command line too.</param>
/// <param name="Flops">Floating-point operations of one pass, by the definition; 0 where they are not what takes the time.</param>
/// <param name="Bytes">Bytes of one pass: everything read and written once.</param>
/// <param name="Prepare">Makes it on a device.</param>
internal sealed record MicroOperation(string Name, double Flops, long Bytes, Func<ComputeDevice, PreparedOperation> Prepare)
{
    /// <summary>Every operation, as SiamFC and CFNet-conv2 use it on three search crops.</summary>
    internal static IEnumerable<MicroOperation> All => [.. Convolutions, .. Others];

    /// <inheritdoc cref="All"/>
    internal static IEnumerable<MicroOperation> Convolutions
    {
        get
        {
            foreach (ConvolutionCase layer in PaperNetworks.Convolutions("siamfc", batch: 3, crop: 255))
                yield return Convolution(layer);
            foreach (ConvolutionCase layer in PaperNetworks.PooledConvolutions("siamfc", batch: 3, crop: 255))
                yield return Convolution(layer);
            yield return Convolution(PaperNetworks.Convolutions("cfnet-conv1", batch: 3, crop: 255).Last());
            yield return Convolution(PaperNetworks.Convolutions("cfnet-conv2", batch: 3, crop: 255).Last());
        }
    }

    /// <inheritdoc cref="All"/>
    internal static IEnumerable<MicroOperation> Others
    {
        get
        {
            foreach (MaxPoolCase layer in PaperNetworks.MaxPools("siamfc", batch: 3, crop: 255))
                yield return MaxPool(layer);
            yield return CrossCorrelation("siamfc join", new CrossCorrelationSpec(3, 256, 6, 22));
            yield return CrossCorrelation("cfnet-conv2 join", new CrossCorrelationSpec(3, 32, 25, 57));
            yield return Fourier("DFT 32x57x57", new Fourier2DSpec(32, 57, 57));
            yield return CorrelationFilter("correlation filter 32x57x57", new CorrelationFilterSpec(32, 57, 16, 10));
            yield return Crop(CropResizeCases.All.Single(c => c.Name == "pyramid"));
            foreach (ResponsePeakCase search in ResponsePeakCases.All.Where(c => c.Name is "SiamFC-3s" or "CFNet-conv2"))
                yield return Peak(search);
            yield return Blend("cfnet-conv2 template update", new BlendSpec(new TensorShape(1, 32, 25, 25)));
        }
    }

    private static MicroOperation Convolution(ConvolutionCase layer) => new(layer.Name, layer.Spec.Flops, layer.Spec.Bytes, device =>
    {
        Convolution operation = device.Prepare(layer.Spec, layer.Filters(), layer.Bias());
        var made = new PreparedOperation(device, operation);
        TensorView input = made.Tensor(layer.Spec.Input, layer.Spec.InputLayout(device));
        TensorView output = made.Tensor(layer.Spec.Output, device.FeatureLayout);
        return made.Runs(() => operation.Forward(input, output));
    });

    private static MicroOperation MaxPool(MaxPoolCase layer) => new(layer.Name, 0, layer.Spec.Bytes, device =>
    {
        MaxPool operation = device.Prepare(layer.Spec);
        var made = new PreparedOperation(device, operation);
        TensorView input = made.Tensor(layer.Spec.Input, device.FeatureLayout);
        TensorView output = made.Tensor(layer.Spec.Output, device.FeatureLayout);
        return made.Runs(() => operation.Forward(input, output));
    });

    private static MicroOperation CrossCorrelation(string name, CrossCorrelationSpec spec) => new(name, spec.Flops, spec.Bytes, device =>
    {
        CrossCorrelation operation = device.Prepare(spec);
        var made = new PreparedOperation(device, operation);
        TensorView template = made.Tensor(spec.Template, device.FeatureLayout);
        TensorView search = made.Tensor(spec.Search, device.FeatureLayout);
        TensorView response = made.Tensor(spec.Response, TensorLayout.Planar);
        return made.Runs(() => operation.Forward(template, search, response));
    });

    private static MicroOperation Fourier(string name, Fourier2DSpec spec) => new(name, FlopsOf(spec), sizeof(float) * (spec.Real.Count + 2 * spec.Spectrum.Count), device =>
    {
        Fourier2D operation = device.Prepare(spec);
        var made = new PreparedOperation(device, operation);
        TensorView planes = made.Tensor(spec.Real, device.FeatureLayout);
        TensorView real = made.Tensor(spec.Spectrum, device.FeatureLayout);
        TensorView imaginary = made.Tensor(spec.Spectrum, device.FeatureLayout);
        return made.Runs(() => operation.Forward(planes, real, imaginary));
    });

    private static MicroOperation CorrelationFilter(string name, CorrelationFilterSpec spec) => new(
        name,
        2 * FlopsOf(new Fourier2DSpec(spec.Channels, spec.Size, spec.Size)),
        sizeof(float) * (spec.Features.Count + spec.Template.Count),
        device =>
        {
            CorrelationFilter operation = device.Prepare(spec, CorrelationFilterCases.Window(spec), CorrelationFilterCases.Target(spec));
            var made = new PreparedOperation(device, operation);
            TensorView features = made.Tensor(spec.Features, device.FeatureLayout);
            TensorView template = made.Tensor(spec.Template, device.FeatureLayout);
            return made.Runs(() => operation.Forward(features, template));
        });

    private static MicroOperation Crop(CropResizeCase crop) => new(
        "siamfc search crops", 0, 3L * crop.Region.Side * crop.Region.Side + sizeof(float) * crop.Spec.Crops.Count, device =>
    {
        CropResize operation = device.Prepare(crop.Spec);
        var made = new PreparedOperation(device, operation);
        TensorView crops = made.Tensor(crop.Spec.Crops, TensorLayout.Interleaved);
        byte[] pixels = crop.Pixels();
        return made.Runs(() => operation.Forward(crop.View(pixels), crop.Pyramid(), crops), meetsHost: true);
    });

    private static MicroOperation Peak(ResponsePeakCase search) => new(
        $"{search.Name} peak", 0, sizeof(float) * (search.Spec.Responses.Count + (long)search.Spec.Scales * search.Spec.MapSize * search.Spec.MapSize), device =>
    {
        ResponsePeak operation = device.Prepare(search.Spec);
        var made = new PreparedOperation(device, operation);
        TensorView responses = made.Tensor(search.Spec.Responses, TensorLayout.Planar);
        device.Upload(search.Responses(), responses);
        return made.Runs(() =>
        {
            operation.Forward(responses);
            operation.Read();
        }, meetsHost: true);
    });

    private static MicroOperation Blend(string name, BlendSpec spec) => new(name, 3.0 * spec.Shape.Count, spec.Bytes, device =>
    {
        Blend operation = device.Prepare(spec);
        var made = new PreparedOperation(device, operation);
        TensorView average = made.Tensor(spec.Shape, device.FeatureLayout);
        TensorView update = made.Tensor(spec.Shape, device.FeatureLayout);
        return made.Runs(() => operation.Forward(average, update, 0.01f));
    });

    // The usual count of a transform of n real values, 2.5 n log2 n, whatever the way it is computed.
    private static double FlopsOf(Fourier2DSpec spec) => 2.5 * spec.Real.Count * Math.Log2(spec.Height * spec.Width);
}
