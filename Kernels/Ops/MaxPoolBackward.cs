namespace SiamIlgpu.Kernels.Ops;

/// <summary>
/// The gradient of a max pooling. The gradient of an output goes to the maximum of its window; of several equal maxima it goes to the
/// first one, row by row. Where windows overlap, gradients add up.
/// </summary>
public abstract class MaxPoolBackward(ComputeDevice device, MaxPoolSpec spec) : DeviceOperation(device)
{
    /// <summary>The pooling whose gradient it computes.</summary>
    public MaxPoolSpec Spec { get; } = spec;

    /// <summary>Computes dL/dx (overwritten); all views have the device's feature layout.</summary>
    public void Backward(TensorView input, TensorView output, TensorView outputGradient, TensorView inputGradient)
    {
        Require(input, Spec.Input, Device.FeatureLayout, "max pool input");
        Require(output, Spec.Output, Device.FeatureLayout, "max pool output");
        Require(outputGradient, Spec.Output, Device.FeatureLayout, "max pool output gradient");
        Require(inputGradient, Spec.Input, Device.FeatureLayout, "max pool input gradient");
        BackwardCore(input, output, outputGradient, inputGradient);
    }

    /// <summary>Computes the gradient; the views have been checked.</summary>
    protected abstract void BackwardCore(TensorView input, TensorView output, TensorView outputGradient, TensorView inputGradient);
}
