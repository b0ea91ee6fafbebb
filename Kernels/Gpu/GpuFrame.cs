using ILGPU;
using SiamIlgpu.Kernels.Gpu.Ilgpu;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>
/// A frame that lies in an <see cref="ArrayView{T}"/> on the device: a tracker looks at it in place, and nothing is uploaded but where
/// to look. Only a tracker's first frame comes to the host, once, for its mean colour. Make one for a buffer that frames are written to
/// again and again; a tracker takes it wherever it takes a frame.
/// </summary>
public sealed class GpuFrame : DeviceFrame
{
    /// <summary>Looks at a frame in a view of the device's accelerator.</summary>
    /// <param name="device">The device.</param>
    /// <param name="pixels">The rows, top first.</param>
    /// <param name="width">Pixels in a row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="format">The order of a pixel's bytes.</param>
    /// <param name="strideBytes">Bytes from one row to the next; 0 when rows lie close together.</param>
    /// <exception cref="ArgumentException">
    /// A size is not positive, the view is too short for it, or of another accelerator than the device's.
    /// </exception>
    public GpuFrame(GpuDevice device, ArrayView<byte> pixels, int width, int height, PixelFormat format, int strideBytes = 0)
        : this(device, IlgpuMemory.ViewOf(device, pixels), width, height, format, strideBytes)
    {
    }

    internal GpuFrame(GpuDevice device, GpuView pixels, int width, int height, PixelFormat format, int strideBytes)
        : base(device, pixels.Length, width, height, format, strideBytes)
    {
        if (pixels.Length > int.MaxValue)
            throw new ArgumentException($"a frame on a GPU has at most {int.MaxValue} bytes, the view has {pixels.Length}");
        Pixels = pixels;
    }

    /// <summary>The rows as a kernel sees them.</summary>
    internal GpuView Pixels { get; }

    /// <inheritdoc/>
    public override unsafe byte[] Download()
    {
        GpuDriver driver = ((GpuDevice)Device).Driver;
        var rows = new byte[(Height - 1) * StrideBytes + Width * new FrameView(this).BytesPerPixel];
        fixed (byte* to = rows)
        {
            driver.Download(Pixels.Memory, Pixels.Offset, to, rows.Length);
            driver.Synchronize();
        }
        return rows;
    }
}
