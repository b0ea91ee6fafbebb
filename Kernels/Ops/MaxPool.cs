namespace SiamIlgpu.Kernels.Ops;

/// <summary>Maximum over square windows, unpadded: y[n,c,i,j] = max over u,v of x[n,c,i*stride+u,j*stride+v].</summary>
/// <param name="Batch">Number of images.</param>
/// <param name="Channels">Channels of an image.</param>
/// <param name="Height">Rows of the input.</param>
/// <param name="Width">Columns of the input.</param>
/// <param name="Size">Rows and columns of a window.</param>
/// <param name="Stride">Step between windows.</param>
public readonly record struct MaxPoolSpec(int Batch, int Channels, int Height, int Width, int Size, int Stride)
{
    /// <summary>Rows of the output.</summary>
    public int OutHeight => (Height - Size) / Stride + 1;

    /// <summary>Columns of the output.</summary>
    public int OutWidth => (Width - Size) / Stride + 1;

    /// <summary>Shape of the input.</summary>
    public TensorShape Input => new(Batch, Channels, Height, Width);

    /// <summary>Shape of the output.</summary>
    public TensorShape Output => new(Batch, Channels, OutHeight, OutWidth);

    /// <summary>Bytes that one pass must move at least: every input and output once.</summary>
    public long Bytes => sizeof(float) * (Input.Count + Output.Count);

    /// <summary>Throws when the values do not describe a pooling.</summary>
    /// <exception cref="KernelShapeException">The sizes do not fit; the message names them.</exception>
    public void Validate()
    {
        if (Batch <= 0 || Channels <= 0 || Size <= 0 || Stride <= 0)
        {
            throw new KernelShapeException(
                $"max pool: every size must be positive, got batch {Batch}, channels {Channels}, size {Size}, stride {Stride}");
        }
        if (Height < Size || Width < Size)
            throw new KernelShapeException($"max pool: a {Size}x{Size} window does not fit into {Height}x{Width}");
    }
}

/// <summary>A prepared <see cref="MaxPoolSpec"/>.</summary>
/// <example>
/// <code>
/// using MaxPool pool = device.Prepare(new MaxPoolSpec(Batch: 1, Channels: 96, Height: 123, Width: 123, Size: 3, Stride: 2));
/// using Tensor pooled = device.Allocate(pool.Spec.Output, device.FeatureLayout);
/// pool.Forward(features, pooled);
/// </code>
/// </example>
public abstract class MaxPool(ComputeDevice device, MaxPoolSpec spec) : DeviceOperation(device)
{
    /// <summary>What it computes.</summary>
    public MaxPoolSpec Spec { get; } = spec;

    /// <summary>Computes the output; both views have the device's feature layout.</summary>
    public void Forward(TensorView input, TensorView output)
    {
        Require(input, Spec.Input, Device.FeatureLayout, "max pool input");
        Require(output, Spec.Output, Device.FeatureLayout, "max pool output");
        ForwardCore(input, output);
    }

    /// <summary>Computes the output; the views have been checked.</summary>
    protected abstract void ForwardCore(TensorView input, TensorView output);
}
