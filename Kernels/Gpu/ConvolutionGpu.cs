namespace SiamIlgpu.Kernels.Gpu;

internal sealed class ConvolutionGpu : Convolution
{
    private readonly ConvolutionPass pass;

    internal ConvolutionGpu(GpuDevice device, ConvolutionSpec spec, GpuFilters filters)
        : base(filters, spec) =>
        pass = new ConvolutionPass(device, spec, spec.InputLayout(device) == TensorLayout.Interleaved, filters.For(spec));

    protected override void ForwardCore(TensorView input, TensorView output) => pass.Run(input.OnGpu(), output.OnGpu());

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            pass.Dispose();
    }
}
