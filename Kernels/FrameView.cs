using System.Numerics;

namespace SiamIlgpu.Kernels;

/// <summary>The order of a pixel's bytes.</summary>
public enum PixelFormat
{
    /// <summary>One byte, luminance.</summary>
    Gray8,

    /// <summary>Three bytes: red, green, blue.</summary>
    Rgb24,

    /// <summary>Three bytes: blue, green, red (OpenCV's order).</summary>
    Bgr24,

    /// <summary>Four bytes: red, green, blue, ignored.</summary>
    Rgba32,

    /// <summary>Four bytes: blue, green, red, ignored (SkiaSharp's and most cameras' order).</summary>
    Bgra32,
}

/// <summary>
/// The pixels of one frame, which are not copied. They are in the host's memory, as in a bitmap, a decoded image or a camera buffer, or in
/// a device's memory, as a <see cref="DeviceFrame"/>.
/// </summary>
public readonly ref struct FrameView
{
    /// <summary>Looks at <paramref name="height"/> rows of <paramref name="width"/> pixels, <paramref name="strideBytes"/> apart.</summary>
    /// <param name="pixels">The rows, top first.</param>
    /// <param name="width">Pixels in a row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="format">The order of a pixel's bytes.</param>
    /// <param name="strideBytes">Bytes from one row to the next; 0 when there is no gap between rows.</param>
    /// <exception cref="ArgumentException">A size is not positive, or the span is too short for the frame.</exception>
    public FrameView(ReadOnlySpan<byte> pixels, int width, int height, PixelFormat format, int strideBytes = 0)
    {
        StrideBytes = CheckedStride(pixels.Length, width, height, format, strideBytes);
        Pixels = pixels;
        Width = width;
        Height = height;
        Format = format;
    }

    internal FrameView(DeviceFrame frame)
    {
        OnDevice = frame;
        Width = frame.Width;
        Height = frame.Height;
        Format = frame.Format;
        StrideBytes = frame.StrideBytes;
    }

    /// <summary>The rows, top first; empty when the frame is in a device's memory.</summary>
    public ReadOnlySpan<byte> Pixels { get; }

    /// <summary>The frame in a device's memory; null when it is in the host's.</summary>
    public DeviceFrame? OnDevice { get; }

    /// <summary>Pixels in a row.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>The order of a pixel's bytes.</summary>
    public PixelFormat Format { get; }

    /// <summary>Bytes from one row to the next.</summary>
    public int StrideBytes { get; }

    /// <summary>Bytes of one pixel.</summary>
    public int BytesPerPixel => BytesOf(Format);

    /// <summary>Offsets of red, green and blue within a pixel; all 0 for <see cref="PixelFormat.Gray8"/>.</summary>
    public (int Red, int Green, int Blue) ChannelOffsets => Format switch
    {
        PixelFormat.Gray8 => (0, 0, 0),
        PixelFormat.Rgb24 or PixelFormat.Rgba32 => (0, 1, 2),
        _ => (2, 1, 0),
    };

    /// <summary>The pixels of row <paramref name="y"/> of a frame in the host's memory, without the gap after the row.</summary>
    public ReadOnlySpan<byte> Row(int y) => Pixels.Slice(y * StrideBytes, Width * BytesPerPixel);

    /// <summary>
    /// The same pixels in the host's memory: this view itself or, if the frame is in a device's memory, a copy. To copy, it waits for the
    /// device.
    /// </summary>
    public FrameView OnHost() => OnDevice is null ? this : new FrameView(OnDevice.Download(), Width, Height, Format, StrideBytes);

    /// <summary>The bytes from one row to the next of a frame that fits into the available bytes.</summary>
    /// <exception cref="ArgumentException">A size is not positive, or there are too few bytes for the frame.</exception>
    internal static int CheckedStride(long available, int width, int height, PixelFormat format, int strideBytes)
    {
        int bytes = BytesOf(format);
        if (width <= 0 || height <= 0)
            throw new ArgumentException($"a frame must have at least one pixel, got {width}x{height}");
        long stride = strideBytes == 0 ? (long)width * bytes : strideBytes;
        if (stride < (long)width * bytes)
            throw new ArgumentException($"a row of {width} {format} pixels takes {(long)width * bytes} bytes, the stride is {strideBytes}");
        long needed = (height - 1) * stride + (long)width * bytes;
        if (available < needed)
            throw new ArgumentException($"a {width}x{height} {format} frame takes {needed} bytes, there are {available}");
        return (int)stride;
    }

    private static int BytesOf(PixelFormat format) => format switch
    {
        PixelFormat.Gray8 => 1,
        PixelFormat.Rgb24 or PixelFormat.Bgr24 => 3,
        PixelFormat.Rgba32 or PixelFormat.Bgra32 => 4,
        _ => throw new ArgumentException($"unknown pixel format {format}"),
    };
}

/// <summary>
/// A frame in the memory of a device, where a decoder or a camera's driver has written it. A tracker on that device reads it there. The
/// device reads it when its queue comes to the tracker's work. So write the next frame through the same queue, or wait before writing it.
/// </summary>
public abstract class DeviceFrame
{
    /// <summary>Looks at a frame.</summary>
    /// <param name="device">The device whose memory it is in.</param>
    /// <param name="bytes">Number of bytes of the memory.</param>
    /// <param name="width">Pixels in a row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="format">The order of a pixel's bytes.</param>
    /// <param name="strideBytes">Bytes from one row to the next; 0 when there is no gap between rows.</param>
    /// <exception cref="ArgumentException">A size is not positive, or there are too few bytes for the frame.</exception>
    protected DeviceFrame(ComputeDevice device, long bytes, int width, int height, PixelFormat format, int strideBytes)
    {
        StrideBytes = FrameView.CheckedStride(bytes, width, height, format, strideBytes);
        Device = device;
        Width = width;
        Height = height;
        Format = format;
    }

    /// <summary>The device whose memory it is in.</summary>
    public ComputeDevice Device { get; }

    /// <summary>Pixels in a row.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>The order of a pixel's bytes.</summary>
    public PixelFormat Format { get; }

    /// <summary>Bytes from one row to the next.</summary>
    public int StrideBytes { get; }

    /// <summary>The view that trackers take.</summary>
    public static implicit operator FrameView(DeviceFrame frame) => new(frame);

    /// <summary>Waits for the device, and copies the rows, with the gaps between them, to the host.</summary>
    public abstract byte[] Download();
}

/// <summary>A color; each channel is 0..255.</summary>
public readonly record struct RgbColor(float Red, float Green, float Blue)
{
    /// <summary>The mean color of a frame, which SiamFC and CFNet pad crops with. The sums are exact.</summary>
    public static RgbColor MeanOf(in FrameView frame)
    {
        // Integer sums are exact, so their order does not matter. As many registers as a pixel has bytes are read at a time; each byte of
        // this stretch then always belongs to the same channel, and has a sum of its own.
        (int red, int green, int blue) = frame.ChannelOffsets;
        int step = frame.BytesPerPixel;
        int stretch = step * Vector<byte>.Count;
        Span<uint> places = stackalloc uint[stretch];
        Span<long> sums = stackalloc long[step];
        sums.Clear();
        for (int y = 0; y < frame.Height; y++)
        {
            ReadOnlySpan<byte> row = frame.Row(y);
            places.Clear();
            for (; row.Length >= stretch; row = row[stretch..])
            {
                for (int i = 0; i < stretch; i += Vector<byte>.Count)
                    AddTo(places[i..], new Vector<byte>(row[i..]));
            }
            for (int i = 0; i < row.Length; i++)
                sums[i % step] += row[i];
            for (int i = 0; i < stretch; i++)
                sums[i % step] += places[i];
        }
        double pixels = (double)frame.Width * frame.Height;
        return new RgbColor((float)(sums[red] / pixels), (float)(sums[green] / pixels), (float)(sums[blue] / pixels));
    }

    private static void AddTo(Span<uint> sums, Vector<byte> bytes)
    {
        int n = Vector<uint>.Count;
        Vector.Widen(bytes, out Vector<ushort> low, out Vector<ushort> high);
        Vector.Widen(low, out Vector<uint> v0, out Vector<uint> v1);
        Vector.Widen(high, out Vector<uint> v2, out Vector<uint> v3);
        (new Vector<uint>(sums) + v0).CopyTo(sums);
        (new Vector<uint>(sums[n..]) + v1).CopyTo(sums[n..]);
        (new Vector<uint>(sums[(2 * n)..]) + v2).CopyTo(sums[(2 * n)..]);
        (new Vector<uint>(sums[(3 * n)..]) + v3).CopyTo(sums[(3 * n)..]);
    }
}
