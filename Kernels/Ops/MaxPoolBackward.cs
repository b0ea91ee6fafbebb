namespace SiamIlgpu.Kernels;

/// <summary>
/// The gradient of a max pooling: each output's gradient goes to the first maximum of its window, row by row; where windows
/// overlap, gradients add up.
/// </summary>
public abstract class MaxPoolBackward(ComputeDevice device, MaxPoolSpec spec) : DeviceOperation(device)
{
    /// <summary>The pooling whose gradient it computes.</summary>
    public MaxPoolSpec Spec { get; } = spec;

    /// <summary>Computes dL/dx (overwritten); all views lie in the device's feature layout.</summary>
    public void Backward(TensorView input, TensorView output, TensorView outputGradient, TensorView inputGradient)
    {
        Require(input, Spec.Input, Device.FeatureLayout, "max pool input");
        Require(output, Spec.Output, Device.FeatureLayout, "max pool output");
        Require(outputGradient, Spec.Output, Device.FeatureLayout, "max pool output gradient");
        Require(inputGradient, Spec.Input, Device.FeatureLayout, "max pool input gradient");
        BackwardCore(input, output, outputGradient, inputGradient);
    }

    /// <summary>Computes the gradient of checked views.</summary>
    protected abstract void BackwardCore(TensorView input, TensorView output, TensorView outputGradient, TensorView inputGradient);
}
