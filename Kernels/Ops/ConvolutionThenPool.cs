namespace SiamIlgpu.Kernels.Ops;

/// <summary>A pooled convolution as two operations, with the map between them: for kernels that do not pool what they compute.</summary>
internal sealed class ConvolutionThenPool : Convolution
{
    private readonly Convolution convolution;
    private readonly MaxPool pool;
    private readonly Tensor map;

    internal ConvolutionThenPool(ConvolutionFilters filters, ConvolutionSpec spec)
        : base(filters, spec)
    {
        convolution = Device.Prepare(spec with { Pool = null }, filters);
        pool = Device.Prepare(spec.Pooling(spec.Pool!.Value));
        map = Device.Allocate(spec.Map, Device.FeatureLayout);
    }

    protected override void ForwardCore(TensorView input, TensorView output)
    {
        convolution.Forward(input, map);
        pool.Forward(map, output);
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!disposing)
            return;
        convolution.Dispose();
        pool.Dispose();
        map.Dispose();
    }
}
