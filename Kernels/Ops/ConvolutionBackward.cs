namespace SiamIlgpu.Kernels.Ops;

/// <summary>
/// The gradients of a convolution without ReLU and pooling, y[n,o,i,j] = b[o] + sum over c,u,v of w[o,c,u,v] * x[n,c,i*s+u,j*s+v]:
/// <code>
/// dL/dx[n,c,a,b]  = sum over o and all i,u with i*s+u = a, j,v with j*s+v = b of w[o,c,u,v] * dL/dy[n,o,i,j]
/// dL/dw[o,c,u,v]  = sum over n,i,j of dL/dy[n,o,i,j] * x[n,c,i*s+u,j*s+v]
/// dL/db[o]        = sum over n,i,j of dL/dy[n,o,i,j]
/// </code>
/// It uses the filters that <see cref="ConvolutionFilters.Update"/> was given last.
/// </summary>
public abstract class ConvolutionBackward : DeviceOperation
{
    private ConvolutionFilters? filters;

    /// <summary>Keeps the filters alive until the operation is disposed.</summary>
    protected ConvolutionBackward(ConvolutionFilters filters, ConvolutionSpec spec)
        : base(filters.Device)
    {
        Spec = spec;
        this.filters = filters;
        filters.Hold();
    }

    /// <summary>The convolution whose gradients it computes.</summary>
    public ConvolutionSpec Spec { get; }

    /// <summary>Computes dL/dx (overwritten) from dL/dy; both lie in the device's feature layout.</summary>
    /// <exception cref="KernelShapeException">The input is an interleaved image, which has no gradient here.</exception>
    public void Input(TensorView outputGradient, TensorView inputGradient)
    {
        ObjectDisposedException.ThrowIf(filters is null, this);
        Require(outputGradient, Spec.Output, Device.FeatureLayout, "convolution output gradient");
        Require(inputGradient, Spec.Input, Device.FeatureLayout, "convolution input gradient");
        InputCore(outputGradient, inputGradient);
    }

    /// <summary>
    /// Computes dL/dw (planar, OIHW) and dL/db (planar [1,out,1,1]) from the input (<see cref="ConvolutionSpec.InputLayout"/>) and
    /// dL/dy (feature layout).
    /// </summary>
    public void Filters(TensorView input, TensorView outputGradient, TensorView filterGradient, TensorView biasGradient, GradientWrite write)
    {
        ObjectDisposedException.ThrowIf(filters is null, this);
        Require(input, Spec.Input, Spec.InputLayout(Device), "convolution input");
        Require(outputGradient, Spec.Output, Device.FeatureLayout, "convolution output gradient");
        Require(filterGradient, Spec.Filters, TensorLayout.Planar, "convolution filter gradient");
        Require(biasGradient, new TensorShape(1, Spec.OutChannels, 1, 1), TensorLayout.Planar, "convolution bias gradient");
        FiltersCore(input, outputGradient, filterGradient, biasGradient, write);
    }

    /// <summary>Computes the input's gradient; the views have been checked.</summary>
    protected abstract void InputCore(TensorView outputGradient, TensorView inputGradient);

    /// <summary>Computes the parameters' gradients; the views have been checked.</summary>
    protected abstract void FiltersCore(
        TensorView input, TensorView outputGradient, TensorView filterGradient, TensorView biasGradient, GradientWrite write);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        filters?.Release();
        filters = null;
    }
}
