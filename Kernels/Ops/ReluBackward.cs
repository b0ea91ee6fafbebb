namespace SiamIlgpu.Kernels.Ops;

/// <summary>The gradient of y = max(x, 0): dL/dx = dL/dy where y is positive, else 0.</summary>
/// <param name="Shape">Shape of the features, in the device's feature layout.</param>
public readonly record struct ReluSpec(TensorShape Shape)
{
    /// <summary>Throws when the shape is empty.</summary>
    /// <exception cref="KernelShapeException">A size is not positive.</exception>
    public void Validate()
    {
        if (Shape.Batch <= 0 || Shape.Channels <= 0 || Shape.Height <= 0 || Shape.Width <= 0)
            throw new KernelShapeException($"ReLU: every size must be positive, got {Shape}");
    }
}

/// <summary>A prepared <see cref="ReluSpec"/>.</summary>
public abstract class ReluBackward(ComputeDevice device, ReluSpec spec) : DeviceOperation(device)
{
    /// <summary>What it computes.</summary>
    public ReluSpec Spec { get; } = spec;

    /// <summary>Turns dL/dy into dL/dx, in place. Both views have the device's feature layout.</summary>
    public void Backward(TensorView output, TensorView gradient)
    {
        Require(output, Spec.Shape, Device.FeatureLayout, "ReLU output");
        Require(gradient, Spec.Shape, Device.FeatureLayout, "ReLU gradient");
        BackwardCore(output, gradient);
    }

    /// <summary>Computes the gradient; the views have been checked.</summary>
    protected abstract void BackwardCore(TensorView output, TensorView gradient);
}
