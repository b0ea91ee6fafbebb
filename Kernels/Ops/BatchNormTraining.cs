namespace SiamIlgpu.Kernels.Ops;

/// <summary>
/// Batch normalization in training. Each call normalizes every channel by the mean and the deviation of its own batch, taken over
/// images and pixels.
/// With N = batch * height * width: mean = (1/N) sum x; sigma = sqrt((1/N) sum (x - mean)^2 + epsilon); h = (x - mean) / sigma;
/// y = gain * h + offset, followed by a ReLU if <paramref name="Relu"/> says so.
/// </summary>
/// <param name="Batch">Number of images.</param>
/// <param name="Channels">Channels of an image.</param>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
/// <param name="Relu">Whether negative results become 0.</param>
/// <param name="Epsilon">Added to the variance; MatConvNet's is 1e-5.</param>
public readonly record struct BatchNormSpec(int Batch, int Channels, int Height, int Width, bool Relu, float Epsilon = 1e-5f)
{
    /// <summary>Shape of input and output.</summary>
    public TensorShape Features => new(Batch, Channels, Height, Width);

    /// <summary>Shape of gain and of offset, planar.</summary>
    public TensorShape Parameters => new(1, Channels, 1, 1);

    /// <summary>Shape of the moments, planar: image 0 holds the means, image 1 the sigmas.</summary>
    public TensorShape Moments => new(2, Channels, 1, 1);

    /// <summary>The layout of input and output: planar for one channel (responses), else the device's feature layout.</summary>
    public TensorLayout Layout(ComputeDevice device) => Channels == 1 ? TensorLayout.Planar : device.FeatureLayout;

    /// <summary>Throws when the values do not describe a normalization.</summary>
    /// <exception cref="KernelShapeException">A size or epsilon is not positive.</exception>
    public void Validate()
    {
        if (Batch <= 0 || Channels <= 0 || Height <= 0 || Width <= 0 || !(Epsilon > 0))
            throw new KernelShapeException($"batch norm: every size and epsilon must be positive, got {this}");
    }
}

/// <summary>A prepared <see cref="BatchNormSpec"/>.</summary>
public abstract class BatchNormTraining(ComputeDevice device, BatchNormSpec spec) : DeviceOperation(device)
{
    /// <summary>What it computes.</summary>
    public BatchNormSpec Spec { get; } = spec;

    /// <summary>Computes the output and the batch's moments. <see cref="Backward"/> needs these moments.</summary>
    public void Forward(TensorView input, TensorView gain, TensorView offset, TensorView moments, TensorView output)
    {
        Require(input, Spec.Features, Spec.Layout(Device), "batch norm input");
        Require(gain, Spec.Parameters, TensorLayout.Planar, "batch norm gain");
        Require(offset, Spec.Parameters, TensorLayout.Planar, "batch norm offset");
        Require(moments, Spec.Moments, TensorLayout.Planar, "batch norm moments");
        Require(output, Spec.Features, Spec.Layout(Device), "batch norm output");
        ForwardCore(input, gain, offset, moments, output);
    }

    /// <summary>
    /// Computes the gradients from dL/dy, which counts as 0 where a ReLU made y 0. Let g be the sum of dL/dy * h and o the sum of dL/dy,
    /// both over images and pixels. Then dL/dgain = g, dL/doffset = o and dL/dx = gain / sigma * (dL/dy - o / N - h * g / N).
    /// The moments of the batch are written to <paramref name="momentsGradient"/>, where the optimizer's running average finds them.
    /// <paramref name="inputGradient"/> is overwritten. It may be the same view as <paramref name="outputGradient"/>.
    /// </summary>
    public void Backward(
        TensorView input, TensorView output, TensorView gain, TensorView moments, TensorView outputGradient,
        TensorView inputGradient, TensorView gainGradient, TensorView offsetGradient, TensorView momentsGradient, GradientWrite write)
    {
        Require(input, Spec.Features, Spec.Layout(Device), "batch norm input");
        Require(output, Spec.Features, Spec.Layout(Device), "batch norm output");
        Require(gain, Spec.Parameters, TensorLayout.Planar, "batch norm gain");
        Require(moments, Spec.Moments, TensorLayout.Planar, "batch norm moments");
        Require(outputGradient, Spec.Features, Spec.Layout(Device), "batch norm output gradient");
        Require(inputGradient, Spec.Features, Spec.Layout(Device), "batch norm input gradient");
        Require(gainGradient, Spec.Parameters, TensorLayout.Planar, "batch norm gain gradient");
        Require(offsetGradient, Spec.Parameters, TensorLayout.Planar, "batch norm offset gradient");
        Require(momentsGradient, Spec.Moments, TensorLayout.Planar, "batch norm moments gradient");
        BackwardCore(input, output, gain, moments, outputGradient, inputGradient, gainGradient, offsetGradient, momentsGradient, write);
    }

    /// <summary>Computes output and moments; the views have been checked.</summary>
    protected abstract void ForwardCore(TensorView input, TensorView gain, TensorView offset, TensorView moments, TensorView output);

    /// <summary>Computes the gradients; the views have been checked.</summary>
    protected abstract void BackwardCore(
        TensorView input, TensorView output, TensorView gain, TensorView moments, TensorView outputGradient,
        TensorView inputGradient, TensorView gainGradient, TensorView offsetGradient, TensorView momentsGradient, GradientWrite write);
}
