namespace SiamIlgpu.Kernels.Ops;

/// <summary>
/// The gradients of a cross-correlation with gain 1 and bias 0, r[n,i,j] = sum over c,u,v of z[c,u,v] * x[n,c,i+u,j+v]:
/// <code>
/// dL/dz[c,u,v]   = sum over n,i,j of dL/dr[n,i,j] * x[n,c,i+u,j+v]
/// dL/dx[n,c,a,b] = sum over i,j of dL/dr[n,i,j] * z[c,a-i,b-j], where z has such a place
/// </code>
/// </summary>
public abstract class CrossCorrelationBackward(ComputeDevice device, CrossCorrelationSpec spec) : DeviceOperation(device)
{
    /// <summary>The cross-correlation whose gradients it computes.</summary>
    public CrossCorrelationSpec Spec { get; } = spec;

    /// <summary>Computes both gradients (overwritten). Responses are planar; all other views have the device's feature layout.</summary>
    public void Backward(
        TensorView template, TensorView search, TensorView responseGradient, TensorView templateGradient, TensorView searchGradient)
    {
        Require(template, Spec.Template, Device.FeatureLayout, "cross-correlation template");
        Require(search, Spec.Search, Device.FeatureLayout, "cross-correlation search");
        Require(responseGradient, Spec.Response, TensorLayout.Planar, "cross-correlation response gradient");
        Require(templateGradient, Spec.Template, Device.FeatureLayout, "cross-correlation template gradient");
        Require(searchGradient, Spec.Search, Device.FeatureLayout, "cross-correlation search gradient");
        BackwardCore(template, search, responseGradient, templateGradient, searchGradient);
    }

    /// <summary>Computes the gradients; the views have been checked.</summary>
    protected abstract void BackwardCore(
        TensorView template, TensorView search, TensorView responseGradient, TensorView templateGradient, TensorView searchGradient);
}
