using ILGPU;
using SiamIlgpu.Kernels.Gpu.Ilgpu;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>
/// A frame in an <see cref="ArrayView{T}"/> on the device. A tracker takes it like any other frame, but reads its pixels on the device, so
/// they are not uploaded. Only the first frame of a tracker is copied to the host, to compute its mean color. One such object serves for
/// all frames that are written to the same buffer one after the other.
/// </summary>
/// <example>
/// <code>
/// using var device = new GpuDevice(accelerator, stream);
/// var frame = new GpuFrame(device, buffer.View, 1920, 1080, PixelFormat.Bgra32);
/// TrackResult result = tracker.Update(frame);
/// </code>
/// </example>
public sealed class GpuFrame : DeviceFrame
{
    /// <summary>Looks at a frame in a view of the device's accelerator.</summary>
    /// <param name="device">The device whose memory it is in.</param>
    /// <param name="pixels">The rows, top first.</param>
    /// <param name="width">Pixels in a row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="format">The order of a pixel's bytes.</param>
    /// <param name="strideBytes">Bytes from one row to the next; 0 when there is no gap between rows.</param>
    /// <exception cref="ArgumentException">
    /// A size is not positive, or the view is too short for the frame or of another accelerator.
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
