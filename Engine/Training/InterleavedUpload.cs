using SiamIlgpu.Kernels;

namespace SiamIlgpu.Training;

internal static class InterleavedUpload
{
    /// <summary>Copies pixels that are already in the order of the interleaved view, so nothing has to be rearranged.</summary>
    internal static void UploadInterleaved(this ComputeDevice device, ReadOnlySpan<float> pixels, TensorView images) =>
        device.Upload(pixels, images.Slice(0, new TensorShape(1, 1, 1, checked((int)images.Length)), TensorLayout.Planar));
}
