using SiamIlgpu.Kernels;
using SiamIlgpu.Media;
using SkiaSharp;

namespace SiamIlgpu.Tests.Tools;

public sealed class ImageReaderTests
{
    // An EXIF segment whose only entry is the orientation.
    private static readonly byte[] Exif =
    [
        0xFF, 0xE1, 0, 34, (byte)'E', (byte)'x', (byte)'i', (byte)'f', 0, 0,
        (byte)'M', (byte)'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,
    ];

    private const int OrientationAt = 29;

    [Test]
    [Needs(Need.SharedData, Need.Djpeg)]
    public void Read_SharedSequences_HaveThePixelsOfDjpeg()
    {
        string root = SharedData.Require("sequences");
        ImageReader reader = new();
        Frame actual = new();
        int compared = 0;
        foreach (string folder in Directory.EnumerateDirectories(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string[] files = [.. Directory.GetFiles(folder, "*.jpg").Order(StringComparer.Ordinal)];
            for (int i = 0; i < files.Length; i += Math.Max(1, files.Length / 5))
            {
                reader.Read(files[i], actual);
                Frame expected = ReferenceTool.FromPnm(ReferenceTool.Run("djpeg", "-dct int -pnm", File.ReadAllBytes(files[i])));
                ReferenceTool.AssertClose(actual, expected, tolerance: 0, files[i]);
                compared++;
            }
        }
        Assert.That(compared, Is.GreaterThan(50));
    }

    [Test]
    public void Decode_EmbeddedJpegs_HaveTheRecordedPixels([ValueSource(typeof(EmbeddedJpeg), nameof(EmbeddedJpeg.All))] EmbeddedJpeg jpeg)
    {
        Frame actual = Decode(jpeg.Bytes);
        Assert.That(actual.Format, Is.EqualTo(jpeg.Expected.Format));
        ReferenceTool.AssertClose(actual, jpeg.Expected, tolerance: 0, jpeg.Options);
    }

    [Test]
    public void Decode_WhatPngEncoderWrote_IsTheSame([Values] PixelFormat format)
    {
        foreach ((int width, int height) in (ReadOnlySpan<(int, int)>)[(1, 1), (2, 3), (5, 9), (17, 33), (64, 48)])
        {
            Frame picture = TestImages.Make(width, height, format == PixelFormat.Gray8 ? PixelFormat.Gray8 : PixelFormat.Rgb24);
            byte[] pixels = InFormat(picture, format, out int stride);
            Frame actual = Decode(PngEncoder.Encode(new FrameView(pixels, width, height, format, stride)));
            Assert.That(actual.Format, Is.EqualTo(picture.Format));
            ReferenceTool.AssertClose(actual, picture, tolerance: 0, $"{format} {width}x{height}");
        }
    }

    [Test]
    [Needs(Need.Pngtopnm)]
    public void PngEncoder_EqualsPngtopnm([Values(PixelFormat.Gray8, PixelFormat.Rgb24)] PixelFormat format)
    {
        Frame picture = TestImages.Make(17, 33, format);
        ReferenceTool.AssertClose(ReferenceTool.FromPnm(ReferenceTool.Run("pngtopnm", "", PngEncoder.Encode(picture))), picture, tolerance: 0, $"{format}");
    }

    [Test]
    public void Decode_LosslessWebP_HasThePixels()
    {
        Frame picture = TestImages.Make(40, 30, PixelFormat.Rgb24);
        using SKBitmap bitmap = SKBitmap.Decode(PngEncoder.Encode(picture));
        using SKPixmap pixels = bitmap.PeekPixels()!;
        using SKData data = pixels.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossless, 75))!;
        ReferenceTool.AssertClose(Decode(data.ToArray()), picture, tolerance: 0, "WebP");
    }

    /// <summary>The four corners of a picture tell each of EXIF's eight orientations apart.</summary>
    [TestCase(1, "0123")]
    [TestCase(2, "1032")]
    [TestCase(3, "3210")]
    [TestCase(4, "2301")]
    [TestCase(5, "0213")]
    [TestCase(6, "2031")]
    [TestCase(7, "3120")]
    [TestCase(8, "1302")]
    public void Decode_ExifOrientation_IsTurnedUpright(int orientation, string corners)
    {
        // Corners of stored gray levels 0, 80, 160 and 240: upper left, upper right, lower left, lower right.
        Frame stored = new(24, 16, PixelFormat.Rgb24);
        for (int y = 0; y < 16; y++)
        {
            for (int x = 0; x < 24; x++)
                stored.Row(y).Slice(3 * x, 3).Fill((byte)(80 * (x / 12 + 2 * (y / 8))));
        }
        using SKBitmap bitmap = SKBitmap.Decode(PngEncoder.Encode(stored));
        using SKData encoded = bitmap.Encode(SKEncodedImageFormat.Jpeg, 100);
        byte[] plain = encoded.ToArray(), exif = [.. Exif];
        exif[OrientationAt] = (byte)orientation;

        Frame upright = Decode([.. plain[..2], .. exif, .. plain[2..]]);

        Assert.That((upright.Width, upright.Height), Is.EqualTo(orientation <= 4 ? (24, 16) : (16, 24)));
        Assert.That(string.Concat(Corners(upright)), Is.EqualTo(corners));

        static IEnumerable<int> Corners(Frame frame)
        {
            foreach ((int x, int y) in ((int, int)[])[(3, 3), (frame.Width - 4, 3), (3, frame.Height - 4), (frame.Width - 4, frame.Height - 4)])
                yield return (int)Math.Round(frame.Row(y)[3 * x] / 80.0);
        }
    }

    [Test]
    public void Jpeg_CutAnywhere_IsRefused([ValueSource(typeof(EmbeddedJpeg), nameof(EmbeddedJpeg.All))] EmbeddedJpeg jpeg)
    {
        byte[] file = jpeg.Bytes;
        for (int length = 0; length < file.Length; length++)
            AssertRefused(file[..length], $"cut to {length} of {file.Length} bytes");
    }

    [Test]
    [Needs(Need.Cjpeg)]
    public void LargeJpeg_CutInItsPixels_IsRefused([Values("", "-progressive")] string coding)
    {
        byte[] file = ReferenceTool.Run("cjpeg", coding, ReferenceTool.ToPnm(TestImages.Make(320, 240, PixelFormat.Rgb24)));
        for (int share = 1; share < 20; share++)
            AssertRefused(file[..(file.Length * share / 20)], $"{share}/20 of the file");
    }

    [Test]
    public void Png_CutAnywhere_IsRefused()
    {
        byte[] file = PngEncoder.Encode(TestImages.Make(20, 10, PixelFormat.Rgb24));
        for (int length = 0; length < file.Length; length++)
            AssertRefused(file[..length], $"cut to {length} of {file.Length} bytes");
    }

    [Test]
    public void WebP_CutAnywhere_IsRefused()
    {
        using SKBitmap bitmap = SKBitmap.Decode(PngEncoder.Encode(TestImages.Make(20, 10, PixelFormat.Rgb24)));
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Webp, 100);
        byte[] file = data.ToArray();
        for (int length = 0; length < file.Length; length++)
            AssertRefused(file[..length], $"cut to {length} of {file.Length} bytes");
    }

    [Test]
    public void Mutated_IsDecodedOrRefused([Values] bool png)
    {
        byte[] original = png ? PngEncoder.Encode(TestImages.Make(13, 7, PixelFormat.Rgb24)) : EmbeddedJpeg.All[0].Bytes;
        Random random = new(1);
        int refused = 0;
        for (int i = 0; i < 3000; i++)
        {
            byte[] file = [.. original];
            for (int change = 0; change <= i % 4; change++)
                file[random.Next(file.Length)] = (byte)random.Next(256);
            try
            {
                Decode(file);
            }
            catch (FrameException)
            {
                refused++;
            }
        }
        Assert.That(refused, Is.GreaterThan(300));
    }

    [Test]
    public void Png_OfAnAbsurdSize_IsRefusedBeforeAllocating()
    {
        // The width and height of 16384 pixels in the header, whose checksum Skia leaves to the decoding.
        byte[] file = PngEncoder.Encode(TestImages.Make(4, 4, PixelFormat.Rgb24));
        (file[18], file[19], file[22], file[23]) = (0x40, 0, 0x40, 0);
        long before = GC.GetAllocatedBytesForCurrentThread();
        AssertRefused(file, "16384x16384");
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(300_000));
    }

    [Test]
    public void Errors_NameTheFileAndTheCause()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            string text = Path.Combine(folder, "a.jpg"), empty = Path.Combine(folder, "b.jpg"), missing = Path.Combine(folder, "none", "a.png");
            File.WriteAllText(text, "text");
            File.WriteAllBytes(empty, []);
            Assert.That(() => ImageReader.Read(text), Throws.TypeOf<FrameException>().With.Message.StartWith($"{text}: not an image that can be read"));
            Assert.That(() => ImageReader.Read(empty), Throws.TypeOf<FrameException>().With.Message.EqualTo($"{empty}: the file is empty"));
            Assert.That(() => ImageReader.Read(missing), Throws.TypeOf<FrameException>().With.Message.StartWith($"{missing}: cannot be read"));
            Assert.That(
                () => PngEncoder.Write(new Frame(2, 2), missing), Throws.TypeOf<FrameException>().With.Message.StartWith($"{missing}: cannot be written"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Frame Decode(byte[] file)
    {
        Frame frame = new();
        new ImageReader().Decode(file, "test", frame);
        return frame;
    }

    private static void AssertRefused(byte[] file, string what) =>
        Assert.That(() => Decode(file), Throws.TypeOf<FrameException>().With.Message.StartWith("test: "), what);

    /// <summary>The picture's pixels in another format, with unused bytes at the end of each row.</summary>
    private static byte[] InFormat(Frame picture, PixelFormat format, out int stride)
    {
        int bytes = format switch { PixelFormat.Gray8 => 1, PixelFormat.Rgb24 or PixelFormat.Bgr24 => 3, _ => 4 };
        stride = picture.Width * bytes + 5;
        byte[] pixels = new byte[stride * picture.Height];
        (int red, int green, int blue) = new FrameView(pixels, picture.Width, picture.Height, format, stride).ChannelOffsets;
        for (int i = 0; i < picture.Width * picture.Height; i++)
        {
            Span<byte> pixel = pixels.AsSpan(i / picture.Width * stride + i % picture.Width * bytes, bytes);
            ReadOnlySpan<byte> from = picture.Pixels.Slice(i * picture.BytesPerPixel, picture.BytesPerPixel);
            pixel[red] = from[0];
            pixel[green] = from[from.Length / 2];
            pixel[blue] = from[^1];
        }
        return pixels;
    }
}
