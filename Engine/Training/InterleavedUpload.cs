using SiamIlgpu.Kernels;

namespace SiamIlgpu.Training;

internal static class InterleavedUpload
{
    /// <summary>Copies pixels that already lie as the view's do, channels side by side.</summary>
    internal static void UploadInterleaved(this ComputeDevice device, ReadOnlySpan<float> pixels, TensorView images) =>
        device.Upload(pixels, images.Slice(0, new TensorShape(1, 1, 1, checked((int)images.Length)), TensorLayout.Planar));
}
