namespace SiamIlgpu.Kernels;

/// <summary>
/// A four-dimensional array of floats in the memory of a device. It owns that memory: dispose it when no operation needs the
/// memory any more. Operations take a <see cref="TensorView"/>; a tensor is converted to the view of its whole memory implicitly.
/// </summary>
/// <example>
/// <code>
/// using Tensor features = device.Allocate(new TensorShape(1, 96, 59, 59), device.FeatureLayout);
/// pool.Forward(input, features);                              // the tensor converts to a view
/// TensorView first = features.View.Images(0, 1);              // a part of it
/// </code>
/// </example>
public sealed class Tensor : IDisposable
{
    internal Tensor(DeviceBuffer buffer, TensorShape shape, TensorLayout layout) => View = new TensorView(buffer, 0, shape, layout);

    /// <summary>The whole tensor, for operations to read and write. It must not be used after the tensor is disposed.</summary>
    public TensorView View { get; }

    /// <summary>Batch, channels, height, width.</summary>
    public TensorShape Shape => View.Shape;

    /// <summary>The order of the elements in memory.</summary>
    public TensorLayout Layout => View.Layout;

    /// <summary>The whole tensor.</summary>
    public static implicit operator TensorView(Tensor tensor) => tensor.View;

    /// <summary>Frees the memory.</summary>
    public void Dispose() => View.Buffer.Dispose();
}
