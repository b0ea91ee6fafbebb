using SiamIlgpu.Kernels;

namespace SiamIlgpu.Training;

internal static class InterleavedUpload
{
    /// <summary>Copies pixels that already lie as the view's do, channels side by side.</summary>
    internal static void UploadInterleaved(this ComputeDevice device, ReadOnlySpan<float> pixels, TensorView images) =>
        device.Upload(pixels, images with { Shape = new TensorShape(1, 1, 1, checked((int)images.Length)), Layout = TensorLayout.Planar });
}
