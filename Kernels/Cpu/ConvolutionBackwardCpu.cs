namespace SiamIlgpu.Kernels.Cpu;

/// <summary>The gradients of a convolution: the filters' by <see cref="FilterGradientCpu"/>, the input's by another convolution.</summary>
internal sealed class ConvolutionBackwardCpu : ConvolutionBackward
{
    private readonly FilterGradientCpu filterGradient;
    private readonly InputGradientCpu? inputGradient;

    internal ConvolutionBackwardCpu(CpuFilters filters, ConvolutionSpec spec)
        : base(filters, spec)
    {
        var device = (CpuDevice)filters.Device;
        filterGradient = new FilterGradientCpu(device, spec);
        // The first layer of a network needs no gradient of its input, and so no flipped filters.
        inputGradient = spec.InputLayout(device) == TensorLayout.Interleaved ? null : new InputGradientCpu(device, spec, filters);
    }

    protected override void InputCore(TensorView outputGradient, TensorView inputGradient)
    {
        if (this.inputGradient is null)
            throw new KernelShapeException($"convolution gradients: {Spec.Input} is an image, whose gradient is not computed");
        this.inputGradient.Compute(outputGradient, inputGradient);
    }

    protected override void FiltersCore(
        TensorView input, TensorView outputGradient, TensorView filterGradient, TensorView biasGradient, GradientWrite write) =>
        this.filterGradient.Compute(input, outputGradient, filterGradient, biasGradient, write);

    protected override void Dispose(bool disposing)
    {
        inputGradient?.Dispose();
        base.Dispose(disposing);
    }
}
