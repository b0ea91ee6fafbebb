using SiamIlgpu.Kernels;

namespace SiamIlgpu.Bench.Gpu;

/// <summary>Tensors of a device that live as long as this.</summary>
internal sealed class Scratch(ComputeDevice device) : IDisposable
{
    private readonly List<Tensor> owned = [];

    /// <summary>A tensor with values in planar order.</summary>
    internal TensorView Of(float[] planar, TensorShape shape, TensorLayout layout)
    {
        Tensor tensor = device.Allocate(shape, layout);
        owned.Add(tensor);
        device.Upload(planar, tensor);
        return tensor;
    }

    /// <summary>A tensor of NaN, so that nothing relies on cleared memory.</summary>
    internal TensorView Garbage(TensorShape shape, TensorLayout layout)
    {
        Tensor tensor = device.Allocate(shape, layout);
        owned.Add(tensor);
        var garbage = new float[tensor.View.Length];
        garbage.AsSpan().Fill(float.NaN);
        device.Upload(garbage, Raw(tensor));
        return tensor;
    }

    /// <summary>All floats of a tensor as they lie in memory, padding lanes included.</summary>
    internal float[] Read(TensorView view)
    {
        var values = new float[view.Length];
        device.Download(Raw(view), values);
        return values;
    }

    public void Dispose() => owned.ForEach(tensor => tensor.Dispose());

    private static TensorView Raw(TensorView view) =>
        view with { Shape = new TensorShape(1, 1, 1, checked((int)view.Length)), Layout = TensorLayout.Planar };
}
