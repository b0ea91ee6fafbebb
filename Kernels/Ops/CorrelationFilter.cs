namespace SiamIlgpu.Kernels.Ops;

/// <summary>
/// The correlation-filter layer of CFNet: the closed-form ridge regression from features x [c,m,m] to a target response
/// y [m,m], solved by the DFT. With the windowed features h*x, n = m*m and the 2-D DFT F:
/// k = (1/n) sum_c conj(F(hx)_c) F(hx)_c + lambda;  a = (1/n) F(y) / k;  F(w)_c = conj(a) F(hx)_c;  w = real(F^-1 F(w)),
/// then a margin is cut off each side of w.
/// </summary>
/// <param name="Channels">Channels of the features.</param>
/// <param name="Size">Rows and columns m of the features.</param>
/// <param name="Margin">Rows and columns that are cut off each side of the filter.</param>
/// <param name="Lambda">Regularization, greater than 0.</param>
public readonly record struct CorrelationFilterSpec(int Channels, int Size, int Margin, float Lambda)
{
    /// <summary>Rows and columns of the cropped filter.</summary>
    public int TemplateSize => Size - 2 * Margin;

    /// <summary>Shape of the features.</summary>
    public TensorShape Features => new(1, Channels, Size, Size);

    /// <summary>Shape of the cropped filter, the template that slides over the search.</summary>
    public TensorShape Template => new(1, Channels, TemplateSize, TemplateSize);

    /// <summary>Throws when the values do not describe a filter.</summary>
    /// <exception cref="KernelShapeException">The values do not fit; the message names them.</exception>
    public void Validate()
    {
        if (Channels <= 0 || Size <= 0 || Margin < 0 || TemplateSize <= 0)
            throw new KernelShapeException($"correlation filter: a margin of {Margin} leaves nothing of {Channels}x{Size}x{Size} features");
        if (!(Lambda > 0) || !float.IsFinite(Lambda))
            throw new KernelShapeException($"correlation filter: lambda must be positive, got {Lambda}");
    }

    internal void RequirePlanes(ReadOnlySpan<float> window, ReadOnlySpan<float> target)
    {
        int n = Size * Size;
        if (window.Length != n || target.Length != n)
        {
            throw new KernelShapeException(
                $"correlation filter: window and target of {Size}x{Size} take {n} values, got {window.Length} and {target.Length}");
        }
    }

    /// <summary>(1/n) F(y) of a target y [m,m], columns 0..m/2. It is computed once, so it is computed in double.</summary>
    internal (float[] Real, float[] Imaginary) SpectrumOf(ReadOnlySpan<float> target)
    {
        int size = Size;
        int width = size / 2 + 1;
        var rowReal = new double[size * width];
        var rowImaginary = new double[size * width];
        for (int i = 0; i < size; i++)
        {
            for (int l = 0; l < width; l++)
            {
                for (int j = 0; j < size; j++)
                {
                    (double sine, double cosine) = double.SinCosPi(2.0 * (l * j % size) / size);
                    rowReal[i * width + l] += target[i * size + j] * cosine;
                    rowImaginary[i * width + l] -= target[i * size + j] * sine;
                }
            }
        }
        var real = new float[size * width];
        var imaginary = new float[size * width];
        for (int k = 0; k < size; k++)
        {
            for (int l = 0; l < width; l++)
            {
                double re = 0, im = 0;
                for (int i = 0; i < size; i++)
                {
                    (double sine, double cosine) = double.SinCosPi(2.0 * (k * i % size) / size);
                    re += rowReal[i * width + l] * cosine + rowImaginary[i * width + l] * sine;
                    im += rowImaginary[i * width + l] * cosine - rowReal[i * width + l] * sine;
                }
                real[k * width + l] = (float)(re / ((double)size * size));
                imaginary[k * width + l] = (float)(im / ((double)size * size));
            }
        }
        return (real, imaginary);
    }
}

/// <summary>A prepared <see cref="CorrelationFilterSpec"/> with its window and target.</summary>
public abstract class CorrelationFilter(ComputeDevice device, CorrelationFilterSpec spec) : DeviceOperation(device)
{
    /// <summary>What it computes.</summary>
    public CorrelationFilterSpec Spec { get; } = spec;

    /// <summary>Computes the template from the features, both in the device's feature layout.</summary>
    public void Forward(TensorView features, TensorView template)
    {
        Require(features, Spec.Features, Device.FeatureLayout, "correlation filter features");
        Require(template, Spec.Template, Device.FeatureLayout, "correlation filter template");
        ForwardCore(features, template);
    }

    /// <summary>Takes a new window and target, as after a training step that learns them. Waits for the work that is enqueued.</summary>
    /// <exception cref="KernelShapeException">They are not m x m.</exception>
    public void Update(ReadOnlySpan<float> window, ReadOnlySpan<float> target)
    {
        Spec.RequirePlanes(window, target);
        UpdateCore(window, target);
    }

    /// <summary>Computes the template; the views have been checked.</summary>
    protected abstract void ForwardCore(TensorView features, TensorView template);

    /// <summary>Takes a new window and target; their lengths have been checked.</summary>
    protected abstract void UpdateCore(ReadOnlySpan<float> window, ReadOnlySpan<float> target);
}
