namespace SiamIlgpu.Kernels.Ops;

/// <summary>The running average of a tensor: a = (1 - rate) * a + rate * b.</summary>
/// <param name="Shape">Shape of both tensors, in the device's feature layout.</param>
public readonly record struct BlendSpec(TensorShape Shape)
{
    /// <summary>Bytes that one pass must move at least: every input and output once.</summary>
    public long Bytes => 3 * sizeof(float) * Shape.Count;

    /// <summary>Throws when the shape is empty.</summary>
    /// <exception cref="KernelShapeException">A size is not positive.</exception>
    public void Validate()
    {
        if (Shape.Batch <= 0 || Shape.Channels <= 0 || Shape.Height <= 0 || Shape.Width <= 0)
            throw new KernelShapeException($"blend: every size must be positive, got {Shape}");
    }
}

/// <summary>A prepared <see cref="BlendSpec"/>.</summary>
public abstract class Blend(ComputeDevice device, BlendSpec spec) : DeviceOperation(device)
{
    /// <summary>What it computes.</summary>
    public BlendSpec Spec { get; } = spec;

    /// <summary>average = (1 - rate) * average + rate * update.</summary>
    public void Forward(TensorView average, TensorView update, float rate)
    {
        Require(average, Spec.Shape, Device.FeatureLayout, "blend average");
        Require(update, Spec.Shape, Device.FeatureLayout, "blend update");
        ForwardCore(average, update, rate);
    }

    /// <summary>Blends views that have been checked.</summary>
    protected abstract void ForwardCore(TensorView average, TensorView update, float rate);
}
