using SiamIlgpu.Kernels;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Tests.Cases;

/// <summary>A frame and the crops cut from it. All formats show the same pixels, gray ones their red channel.</summary>
internal sealed class CropResizeCase(
    string name, int width, int height, PixelFormat format, int gap, CropSquare region, int regionSize, int size,
    params CropSquare[] levels)
    : OperationCase("CropResize", name)
{
    internal static readonly RgbColor Padding = new(101.25f, 87.5f, 130.75f);

    internal CropResizeSpec Spec => new(levels.Length, size);

    internal CropSquare Region => region;

    internal override long Bytes => 3L * region.Side * region.Side + sizeof(float) * Spec.Crops.Count;

    internal override bool MeetsHost => true;

    internal override bool IsSmall => size < 40;

    private int StrideBytes => width * BytesPerPixel + gap;

    private int BytesPerPixel => format == PixelFormat.Gray8 ? 1 : format is PixelFormat.Rgb24 or PixelFormat.Bgr24 ? 3 : 4;

    internal override Action Prepare(CaseTensors on)
    {
        CropResize operation = on.Own(on.Device.Prepare(Spec));
        TensorView crops = on.Output(Spec.Crops, TensorLayout.Interleaved);
        byte[] pixels = on.Lent(Pixels());
        return () => operation.Forward(View(pixels), Pyramid(), crops);
    }

    internal override IReadOnlyList<Expected> Reference() => [Reference(Pixels())];

    /// <summary>The crops of a frame with these bytes.</summary>
    // Two passes of a few taps, twice, on values up to 255: about ten roundings.
    internal Expected Reference(byte[] pixels) =>
        new("crops", Spec.Crops, 2e-6, CropResizeReference.Crops(View(pixels), region, regionSize, levels, Padding, size));

    /// <summary>The frame's bytes; what lies between rows and in ignored bytes is noise.</summary>
    internal byte[] Pixels()
    {
        var bytes = new byte[StrideBytes * (height - 1) + width * BytesPerPixel];
        new Random(1).NextBytes(bytes);
        var random = new Random(2);
        (int red, int green, int blue) = View(bytes).ChannelOffsets;
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
            {
                int at = y * StrideBytes + x * BytesPerPixel;
                // Red last: it is what a gray frame keeps.
                byte r = (byte)random.Next(256), g = (byte)random.Next(256), b = (byte)random.Next(256);
                (bytes[at + green], bytes[at + blue], bytes[at + red]) = (g, b, r);
            }
        return bytes;
    }

    internal FrameView View(byte[] pixels) => new(pixels, width, height, format, StrideBytes);

    internal CropPyramid Pyramid() => new() { Region = region, RegionSize = regionSize, Levels = levels, Padding = Padding };
}

/// <summary>The crops that every device must get right.</summary>
internal static class CropResizeCases
{
    internal static IEnumerable<CropResizeCase> All
    {
        get
        {
            // The three scales of a tracked frame: 255 from a region of 300 pixels, partly outside.
            yield return new("siamfc search crops", 480, 360, PixelFormat.Rgb24, 0, new(-40, 100, 301), 274, 255,
                new CropSquare(10, 10, 255), new CropSquare(5, 5, 264), new CropSquare(0, 0, 274));
            yield return new("exemplar", 176, 144, PixelFormat.Bgra32, 0, new(60, 50, 83), 127, 127, new CropSquare(0, 0, 127));

            foreach (PixelFormat format in Enum.GetValues<PixelFormat>())
            {
                yield return new($"shrink {format}", 57, 31, format, 5, new(-3, -20, 71), 33, 17, new CropSquare(4, 2, 29));
                yield return new($"enlarge {format}", 17, 9, format, 0, new(1, 2, 8), 15, 31, new CropSquare(-2, 3, 15), new CropSquare(0, 0, 15));
            }
            foreach (int size in (int[])[1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 57, 127])
            {
                yield return new($"to {size}", 40, 30, PixelFormat.Rgb24, 0, new(2, 1, 27), 31, size, new CropSquare(1, 1, 30));
                yield return new($"from {size}", size, size, PixelFormat.Bgr24, 1, new(0, 0, size), 20, 13, new CropSquare(0, 0, 20));
                yield return new($"from {size} in the middle", size, size, PixelFormat.Gray8, 0, new(-9, -11, 2 * size + 20), 23, 19, new CropSquare(0, 0, 23));
            }
            yield return new("same size", 30, 20, PixelFormat.Rgb24, 0, new(3, 2, 16), 16, 16, new CropSquare(0, 0, 16));
            yield return new("1x1 frame", 1, 1, PixelFormat.Rgba32, 0, new(0, 0, 1), 5, 7, new CropSquare(0, 0, 5));
            yield return new("one pixel", 20, 20, PixelFormat.Rgb24, 0, new(19, 19, 1), 3, 9, new CropSquare(1, 1, 1));
            yield return new("frame in a corner", 20, 10, PixelFormat.Rgb24, 0, new(-50, -45, 60), 41, 21, new CropSquare(0, 0, 41));
            yield return new("region outside", 20, 10, PixelFormat.Rgb24, 0, new(25, -3, 17), 17, 21, new CropSquare(0, 0, 17));
            yield return new("region beside, same rows", 20, 10, PixelFormat.Rgb24, 0, new(-40, 2, 17), 12, 21, new CropSquare(0, 0, 12));
            yield return new("level outside", 20, 10, PixelFormat.Rgb24, 0, new(2, 2, 17), 17, 21, new CropSquare(-30, 0, 17), new CropSquare(3, 3, 5));
            yield return new("levels around the region", 20, 20, PixelFormat.Rgb24, 0, new(2, 2, 17), 17, 21, new CropSquare(-10, -5, 40));
            yield return new("region dwarfs the frame", 16, 12, PixelFormat.Rgb24, 0, new(-500, -700, 1500), 64, 32, new CropSquare(3, 2, 60));
        }
    }
}
