using SiamIlgpu.Kernels;

namespace SiamIlgpu.Bench.Gpu;

/// <summary>Tensors of a device that live as long as this.</summary>
internal sealed class Scratch(ComputeDevice device) : IDisposable
{
    private readonly List<DeviceBuffer> buffers = [];

    /// <summary>A tensor with values in planar order.</summary>
    internal TensorView Of(float[] planar, TensorShape shape, TensorLayout layout)
    {
        TensorView view = device.Allocate(shape, layout);
        buffers.Add(view.Buffer);
        device.Upload(planar, view);
        return view;
    }

    /// <summary>A tensor of NaN, so that nothing relies on cleared memory.</summary>
    internal TensorView Garbage(TensorShape shape, TensorLayout layout)
    {
        TensorView view = device.Allocate(shape, layout);
        buffers.Add(view.Buffer);
        var garbage = new float[view.Length];
        garbage.AsSpan().Fill(float.NaN);
        device.Upload(garbage, Raw(view));
        return view;
    }

    /// <summary>All floats of a tensor as they lie in memory, padding lanes included.</summary>
    internal float[] Read(TensorView view)
    {
        var values = new float[view.Length];
        device.Download(Raw(view), values);
        return values;
    }

    public void Dispose() => buffers.ForEach(buffer => buffer.Dispose());

    private static TensorView Raw(TensorView view) =>
        view with { Shape = new TensorShape(1, 1, 1, checked((int)view.Length)), Layout = TensorLayout.Planar };
}
