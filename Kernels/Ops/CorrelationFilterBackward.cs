namespace SiamIlgpu.Kernels.Ops;

/// <summary>
/// The gradients of the correlation filter with respect to the features, the window and the target: the way back through the cut-off
/// margin, the ridge regression in the Fourier domain and the window.
/// </summary>
public abstract class CorrelationFilterBackward(ComputeDevice device, CorrelationFilterSpec spec) : DeviceOperation(device)
{
    /// <summary>The filter whose gradients it computes.</summary>
    public CorrelationFilterSpec Spec { get; } = spec;

    /// <summary>Shape of window and target, planar.</summary>
    public TensorShape Plane => new(1, 1, Spec.Size, Spec.Size);

    /// <summary>
    /// Computes dL/dx of the features (overwritten) from dL/dw of the template, both in the device's feature layout. Also computes dL/dh
    /// of the window and dL/dy of the target, both planar [1,1,m,m].
    /// </summary>
    public void Backward(
        TensorView features, TensorView templateGradient, TensorView featureGradient,
        TensorView windowGradient, TensorView targetGradient, GradientWrite write)
    {
        Require(features, Spec.Features, Device.FeatureLayout, "correlation filter features");
        Require(templateGradient, Spec.Template, Device.FeatureLayout, "correlation filter template gradient");
        Require(featureGradient, Spec.Features, Device.FeatureLayout, "correlation filter feature gradient");
        Require(windowGradient, Plane, TensorLayout.Planar, "correlation filter window gradient");
        Require(targetGradient, Plane, TensorLayout.Planar, "correlation filter target gradient");
        BackwardCore(features, templateGradient, featureGradient, windowGradient, targetGradient, write);
    }

    /// <summary>Takes a new window and target. Waits for the work that is enqueued.</summary>
    /// <exception cref="KernelShapeException">They are not m x m.</exception>
    public void Update(ReadOnlySpan<float> window, ReadOnlySpan<float> target)
    {
        Spec.RequirePlanes(window, target);
        UpdateCore(window, target);
    }

    /// <summary>Computes the gradients; the views have been checked.</summary>
    protected abstract void BackwardCore(
        TensorView features, TensorView templateGradient, TensorView featureGradient,
        TensorView windowGradient, TensorView targetGradient, GradientWrite write);

    /// <summary>Takes a new window and target; their lengths have been checked.</summary>
    protected abstract void UpdateCore(ReadOnlySpan<float> window, ReadOnlySpan<float> target);
}
