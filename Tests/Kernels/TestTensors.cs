using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Kernels;

/// <summary>Moves test values to a device and back.</summary>
internal static class TestTensors
{
    internal static Tensor Upload(this ComputeDevice device, float[] planar, TensorShape shape, TensorLayout layout)
    {
        Tensor tensor = device.Allocate(shape, layout);
        device.Upload(planar, tensor);
        return tensor;
    }

    internal static float[] Download(this ComputeDevice device, TensorView view)
    {
        var planar = new float[view.Shape.Count];
        device.Download(view, planar);
        return planar;
    }

    /// <summary>All floats of a view as they lie in memory, padding lanes included.</summary>
    internal static float[] DownloadRaw(this ComputeDevice device, TensorView view) =>
        device.Download(view with { Shape = new TensorShape(1, 1, 1, checked((int)view.Length)), Layout = TensorLayout.Planar });
}
