using BenchmarkDotNet.Attributes;
using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Bench.Micro;

/// <summary>One max pooling of a search pyramid, by one thread and by all.</summary>
public class MaxPoolBenchmarks : IDisposable
{
    private CpuDevice? device;
    private MaxPool? pool;
    private TensorView input;
    private TensorView output;

    /// <summary>Layers of SiamFC and CFNet.</summary>
    [Params("siamfc pool1", "siamfc pool2", "cfnet-conv5 pool2")]
    public string Layer { get; set; } = "";

    /// <summary>1, and 0 for all.</summary>
    [Params(1, 0)]
    public int Threads { get; set; }

    /// <summary>Prepares the layer.</summary>
    [GlobalSetup]
    public void Setup()
    {
        MaxPoolCase layer = PaperNetworks.MaxPools(Layer.Split(" ")[0], batch: 3, crop: 255).Single(c => c.Name == Layer);
        device = new CpuDevice(Threads);
        pool = device.Prepare(layer.Spec);
        input = device.Allocate(layer.Spec.Input, device.FeatureLayout);
        output = device.Allocate(layer.Spec.Output, device.FeatureLayout);
        device.Upload(layer.Input(), input);
    }

    /// <summary>Three crops through the layer.</summary>
    [Benchmark]
    public void Forward() => pool!.Forward(input, output);

    /// <summary>Frees the layer.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        pool?.Dispose();
        input.Buffer?.Dispose();
        output.Buffer?.Dispose();
        device?.Dispose();
        GC.SuppressFinalize(this);
    }
}
