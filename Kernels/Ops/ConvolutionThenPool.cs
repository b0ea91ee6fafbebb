namespace SiamIlgpu.Kernels;

/// <summary>A pooled convolution as two operations, with the map between them: for kernels that do not pool what they compute.</summary>
internal sealed class ConvolutionThenPool : Convolution
{
    private readonly Convolution convolution;
    private readonly MaxPool pool;
    private readonly TensorView map;

    internal ConvolutionThenPool(ComputeDevice device, ConvolutionSpec spec, ReadOnlySpan<float> filters, ReadOnlySpan<float> bias)
        : base(device, spec)
    {
        convolution = device.Prepare(spec with { Pool = null }, filters, bias);
        pool = device.Prepare(spec.Pooling(spec.Pool!.Value));
        map = device.Allocate(spec.Map, device.FeatureLayout);
    }

    protected override void ForwardCore(TensorView input, TensorView output)
    {
        convolution.Forward(input, map);
        pool.Forward(map, output);
    }

    protected override void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        convolution.Dispose();
        pool.Dispose();
        map.Buffer.Dispose();
    }
}
