namespace SiamIlgpu.Kernels.Ops;

/// <summary>
/// The join of a Siamese network. One template slides over a batch of search features:
/// r[n,i,j] = gain * (sum over c,u,v of z[c,u,v] * x[n,c,i+u,j+v]) + bias.
/// </summary>
/// <param name="Batch">Number of searches, one for each scale.</param>
/// <param name="Channels">Channels of template and search.</param>
/// <param name="TemplateSize">Rows and columns of the template.</param>
/// <param name="SearchSize">Rows and columns of a search.</param>
/// <param name="Gain">The factor of every response.</param>
/// <param name="Bias">Is added to every response.</param>
public readonly record struct CrossCorrelationSpec(
    int Batch, int Channels, int TemplateSize, int SearchSize, float Gain = 1, float Bias = 0)
{
    /// <summary>Rows and columns of a response.</summary>
    public int ResponseSize => SearchSize - TemplateSize + 1;

    /// <summary>Shape of the template.</summary>
    public TensorShape Template => new(1, Channels, TemplateSize, TemplateSize);

    /// <summary>Shape of the searches.</summary>
    public TensorShape Search => new(Batch, Channels, SearchSize, SearchSize);

    /// <summary>Shape of the responses.</summary>
    public TensorShape Response => new(Batch, 1, ResponseSize, ResponseSize);

    /// <summary>Floating-point operations of one pass; a multiply-add counts as two.</summary>
    public long Flops => 2 * Response.Count * Template.Count;

    /// <summary>Bytes that one pass must move at least: every input and output once.</summary>
    public long Bytes => sizeof(float) * (Template.Count + Search.Count + Response.Count);

    /// <summary>Throws when the values do not describe a cross-correlation.</summary>
    /// <exception cref="KernelShapeException">The sizes do not fit; the message names them.</exception>
    public void Validate()
    {
        if (Batch <= 0 || Channels <= 0 || TemplateSize <= 0)
            throw new KernelShapeException($"cross-correlation: every size must be positive, got {this}");
        if (SearchSize < TemplateSize)
        {
            throw new KernelShapeException(
                $"cross-correlation: a {TemplateSize}x{TemplateSize} template does not fit into a {SearchSize}x{SearchSize} search");
        }
    }
}

/// <summary>A prepared <see cref="CrossCorrelationSpec"/>.</summary>
public abstract class CrossCorrelation(ComputeDevice device, CrossCorrelationSpec spec) : DeviceOperation(device)
{
    /// <summary>What it computes.</summary>
    public CrossCorrelationSpec Spec { get; } = spec;

    /// <summary>Computes the responses (planar) from the template and the searches (both in the device's feature layout).</summary>
    public void Forward(TensorView template, TensorView search, TensorView response)
    {
        Require(template, Spec.Template, Device.FeatureLayout, "cross-correlation template");
        Require(search, Spec.Search, Device.FeatureLayout, "cross-correlation search");
        Require(response, Spec.Response, TensorLayout.Planar, "cross-correlation response");
        ForwardCore(template, search, response);
    }

    /// <summary>Computes the responses; the views have been checked.</summary>
    protected abstract void ForwardCore(TensorView template, TensorView search, TensorView response);
}
