namespace SiamIlgpu.Kernels.Gpu;

/// <summary>
/// The gradients of a convolution. <see cref="FilterGradientGpu"/> computes the gradient of the filters, another convolution that of the
/// input.
/// </summary>
internal sealed class ConvolutionBackwardGpu : ConvolutionBackward
{
    private readonly FilterGradientGpu filterGradient;
    private readonly InputGradientGpu? inputGradient;

    internal ConvolutionBackwardGpu(GpuDevice device, ConvolutionSpec spec, GpuFilters filters)
        : base(filters, spec)
    {
        filterGradient = new FilterGradientGpu(device, spec);
        // The first layer of a network needs no gradient of its input, and so no flipped filters.
        inputGradient = spec.InputLayout(device) == TensorLayout.Interleaved ? null : new InputGradientGpu(device, spec, filters);
    }

    protected override void InputCore(TensorView outputGradient, TensorView inputGradient)
    {
        if (this.inputGradient is null)
            throw new KernelShapeException($"convolution gradients: {Spec.Input} is an image, whose gradient is not computed");
        this.inputGradient.Compute(outputGradient.OnGpu(), inputGradient.OnGpu());
    }

    protected override void FiltersCore(
        TensorView input, TensorView outputGradient, TensorView filterGradient, TensorView biasGradient, GradientWrite write) =>
        this.filterGradient.Compute(input.OnGpu(), outputGradient.OnGpu(), filterGradient.OnGpu(), biasGradient.OnGpu(), write);

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!disposing)
            return;
        filterGradient.Dispose();
        inputGradient?.Dispose();
    }
}
