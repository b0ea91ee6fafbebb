using BenchmarkDotNet.Attributes;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Bench.Micro;

/// <summary>One convolution of a search pyramid, by one thread and by all.</summary>
public class ConvolutionBenchmarks : IDisposable
{
    private CpuDevice? device;
    private Convolution? convolution;
    private TensorView input;
    private TensorView output;

    /// <summary>Layers of SiamFC.</summary>
    [Params("siamfc conv1", "siamfc conv2", "siamfc conv3", "siamfc conv4", "siamfc conv5")]
    public string Layer { get; set; } = "";

    /// <summary>1, and 0 for all.</summary>
    [Params(1, 0)]
    public int Threads { get; set; }

    /// <summary>Prepares the layer.</summary>
    [GlobalSetup]
    public void Setup()
    {
        ConvolutionCase layer = PaperNetworks.Convolutions("siamfc", batch: 3, crop: 255).Single(c => c.Name == Layer);
        device = new CpuDevice(Threads);
        convolution = device.Prepare(layer.Spec, layer.Filters(), layer.Bias());
        input = device.Allocate(layer.Spec.Input, layer.Spec.InputLayout(device));
        output = device.Allocate(layer.Spec.Output, device.FeatureLayout);
        device.Upload(layer.Input(), input);
    }

    /// <summary>Three crops through the layer.</summary>
    [Benchmark]
    public void Forward() => convolution!.Forward(input, output);

    /// <summary>Frees the layer.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        convolution?.Dispose();
        input.Buffer?.Dispose();
        output.Buffer?.Dispose();
        device?.Dispose();
        GC.SuppressFinalize(this);
    }
}
