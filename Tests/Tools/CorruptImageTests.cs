using System.Buffers.Binary;
using System.Diagnostics;
using SiamIlgpu.Kernels;
using SiamIlgpu.Media;

namespace SiamIlgpu.Tests.Tools;

/// <summary>Whatever is done to a file, one FrameException comes out, soon, and memory stays within what the file could hold.</summary>
public sealed class CorruptImageTests
{
    private const int Mutations = 3000;

    private static readonly byte[] StartOfImage = [0xFF, 0xD8];
    private static readonly byte[] EndOfImage = [0xFF, 0xD9];

    // One code, the bit 0, for the symbol 0: "no difference" for DC, "end of block" for AC.
    private static readonly byte[] Tables =
    [
        .. Segment(0xDB, [0, .. Enumerable.Repeat((byte)1, 64)]),
        .. Segment(0xC4, [0x00, 1, .. new byte[15], 0]),
        .. Segment(0xC4, [0x10, 1, .. new byte[15], 0]),
    ];

    [Test]
    public void Jpeg_CutAnywhere_IsRefused([ValueSource(typeof(EmbeddedJpeg), nameof(EmbeddedJpeg.All))] EmbeddedJpeg jpeg)
    {
        byte[] file = jpeg.Bytes;
        JpegDecoder decoder = new();
        for (int length = 0; length < file.Length; length++)
        {
            FrameException error = Assert.Throws<FrameException>(() => decoder.Decode(file.AsSpan(0, length), "cut.jpg", new Frame()), $"cut to {length} bytes")!;
            Assert.That(error.Message, Does.StartWith("cut.jpg: "));
        }
        decoder.Decode(file, "whole.jpg", new Frame());
    }

    [Test]
    public void Jpeg_Mutated_IsDecodedOrRefused([ValueSource(typeof(EmbeddedJpeg), nameof(EmbeddedJpeg.All))] EmbeddedJpeg jpeg)
    {
        // A bit can stand for one block: 64 samples, 64 coefficients of two bytes, and at most 171 bytes of pixels (18 blocks
        // of a 4x4-subsampled unit make 32 x 32 x 3 bytes). The rest is for tables and messages.
        Mutate(jpeg.Bytes, length => 8L * length * (64 + 128 + 171) + 200_000, file => new JpegDecoder().Decode(file, "mutated.jpg", new Frame()));
    }

    [Test]
    public void Png_CutAnywhere_IsRefused()
    {
        byte[] file = PngEncoder.Encode(TestImages.Make(20, 10, PixelFormat.Rgb24));
        PngDecoder decoder = new();
        for (int length = 0; length < file.Length; length++)
            Assert.Throws<FrameException>(() => decoder.Decode(file.AsSpan(0, length), "cut.png", new Frame()), $"cut to {length} bytes");
    }

    [Test]
    public void Png_Mutated_IsDecodedOrRefused([Values] bool checksumsFixed, [Values(PixelFormat.Rgb24, PixelFormat.Gray8)] PixelFormat format)
    {
        // Deflate's best is 1032 bytes for one, eight palette pixels to a byte, three bytes a pixel; plus inflate's window.
        byte[] original = PngEncoder.Encode(TestImages.Make(13, 7, format));
        Mutate(original, length => 1032L * length * 24 + 500_000, file =>
        {
            if (checksumsFixed)
                FixChecksums(file);
            new PngDecoder().Decode(file, "mutated.png", new Frame());
        });
    }

    [TestCase(0xC3, 8, 1, "lossless")]
    [TestCase(0xC5, 8, 1, "hierarchical")]
    [TestCase(0xC9, 8, 1, "arithmetic")]
    [TestCase(0xCA, 8, 1, "arithmetic")]
    [TestCase(0xC1, 12, 1, "12-bit")]
    [TestCase(0xC0, 8, 4, "CMYK")]
    [TestCase(0xC0, 8, 2, "2 components")]
    public void Jpeg_OfAnotherKind_IsRefusedByName(int marker, int precision, int components, string word)
    {
        byte[] file = [.. StartOfImage, .. FrameHeader((byte)marker, 8, 8, components, (byte)precision), .. EndOfImage];
        Assert.That(Refusal(file), Does.Contain(word));
    }

    [Test]
    public void Jpeg_WithFractionalSubsampling_IsRefusedByName()
    {
        byte[] header = FrameHeader(0xC0, 8, 8, 3);
        header[11] = 0x31;
        header[14] = 0x21;
        Assert.That(Refusal([.. StartOfImage, .. header, .. EndOfImage]), Does.Contain("subsampling"));
    }

    [TestCase(65535, 65535, "more than 16384x16384")]
    [TestCase(16384, 16384, "cannot hold")]
    [TestCase(2000, 1, "cannot hold")]
    [TestCase(0, 8, "0 pixels wide")]
    [TestCase(8, 0, "height")]
    public void Jpeg_OfAnAbsurdSize_IsRefusedBeforeAllocating(int width, int height, string word)
    {
        byte[] file = [.. StartOfImage, .. FrameHeader(0xC0, width, height, 1), .. EndOfImage];
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(Refusal(file), Does.Contain(word));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(300_000));
    }

    [Test]
    public void Jpeg_WithTooManyScans_IsRefused()
    {
        // One grey block: a DC scan and one scan for each of the other 63 coefficients are 64 scans, which is allowed.
        List<byte> file = [.. StartOfImage, .. Tables, .. FrameHeader(0xC2, 8, 8, 1), .. Scan(0, 0, 0x01)];
        for (int k = 1; k < 64; k++)
            file.AddRange(Scan(k, k, 0x00));
        Frame frame = new();
        new JpegDecoder().Decode([.. file, .. EndOfImage], "scans.jpg", frame);
        Assert.That(frame.Pixels.ToArray(), Is.All.EqualTo(128));

        // The DC coefficient's last bit would be the 65th.
        file.AddRange(Scan(0, 0, 0x10));
        Assert.That(Refusal([.. file, .. EndOfImage]), Does.Contain("more than 64 scans"));
    }

    [Test]
    public void Jpeg_WithARepeatedScan_IsRefused()
    {
        byte[] file = [.. StartOfImage, .. Tables, .. FrameHeader(0xC2, 8, 8, 1), .. Scan(0, 0, 0), .. Scan(0, 0, 0), .. EndOfImage];
        Assert.That(Refusal(file), Does.Contain("do not follow"));
    }

    [Test]
    public void Jpeg_WithImageDataLeftOver_IsRefusedUnlessItIsPadding()
    {
        byte[] start = [.. StartOfImage, .. Tables, .. FrameHeader(0xC0, 8, 8, 1), .. Scan(0, 63, 0)];
        // The scan's byte is the two codes 00 and padding; zeros may follow, anything else is data that nothing reads.
        new JpegDecoder().Decode([.. start, 0, 0, .. EndOfImage], "padded.jpg", new Frame());
        Assert.That(Refusal([.. start, 0x12, .. EndOfImage]), Does.Contain("left over"));
    }

    [TestCase(20000u, 1u, "more than 16384x16384")]
    [TestCase(uint.MaxValue, uint.MaxValue, "more than 16384x16384")]
    [TestCase(16384u, 16384u, "cannot hold")]
    [TestCase(0u, 1u, "no pixels")]
    public void Png_OfAnAbsurdSize_IsRefusedBeforeAllocating(uint width, uint height, string word)
    {
        byte[] file = PngEncoder.Encode(TestImages.Make(4, 4, PixelFormat.Rgb24));
        BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(16), width);
        BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(20), height);
        FixChecksums(file);
        long before = GC.GetAllocatedBytesForCurrentThread();
        FrameException error = Assert.Throws<FrameException>(() => new PngDecoder().Decode(file, "size.png", new Frame()))!;
        Assert.That(error.Message, Does.Contain(word));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(100_000));
    }

    [Test]
    public void Png_WithAWrongChecksum_IsRefused()
    {
        byte[] file = PngEncoder.Encode(TestImages.Make(4, 4, PixelFormat.Rgb24));
        file[^13] ^= 1;
        FrameException error = Assert.Throws<FrameException>(() => new PngDecoder().Decode(file, "sum.png", new Frame()))!;
        Assert.That(error.Message, Does.Contain("checksum"));
    }

    [Test]
    public void Png_WithAWrongChecksumOfItsPixels_IsRefused()
    {
        // The last four bytes of the image data, before its CRC and the end chunk's 12 bytes, are zlib's own checksum.
        byte[] file = PngEncoder.Encode(TestImages.Make(4, 4, PixelFormat.Rgb24));
        file[^20] ^= 1;
        FixChecksums(file);
        FrameException error = Assert.Throws<FrameException>(() => new PngDecoder().Decode(file, "sum.png", new Frame()))!;
        Assert.That(error.Message, Does.Contain("cannot be expanded"));
    }

    private static void Mutate(byte[] original, Func<int, long> allowedBytes, Action<byte[]> decode)
    {
        Random random = new(20240917);
        int refused = 0;
        for (int trial = 0; trial < Mutations; trial++)
        {
            byte[] file = [.. original];
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                int at = random.Next(2, file.Length);
                switch (random.Next(4))
                {
                    case 0:
                        file[at] ^= (byte)(1 << random.Next(8));
                        break;
                    case 1:
                        file[at] = (byte)random.Next(256);
                        break;
                    case 2:
                        file[at] = random.Next(2) == 0 ? (byte)0xFF : (byte)0;
                        break;
                    default:
                        file.AsSpan(random.Next(file.Length), 1).CopyTo(file.AsSpan(at));
                        break;
                }
            }
            long before = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            try
            {
                decode(file);
            }
            catch (FrameException)
            {
                refused++;
            }
            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(allowedBytes(file.Length)), $"trial {trial}");
            Assert.That(Stopwatch.GetElapsedTime(start), Is.LessThan(TimeSpan.FromSeconds(10)), $"trial {trial}");
        }
        Assert.That(refused, Is.GreaterThan(Mutations / 10));
    }

    private static string Refusal(byte[] file)
        => Assert.Throws<FrameException>(() => new JpegDecoder().Decode(file, "test.jpg", new Frame()))!.Message;

    private static byte[] Segment(byte marker, byte[] content)
        => [0xFF, marker, (byte)((content.Length + 2) >> 8), (byte)(content.Length + 2), .. content];

    private static byte[] FrameHeader(byte marker, int width, int height, int components, byte precision = 8)
    {
        List<byte> content = [precision, (byte)(height >> 8), (byte)height, (byte)(width >> 8), (byte)width, (byte)components];
        for (int i = 1; i <= components; i++)
            content.AddRange([(byte)i, 0x11, 0]);
        return Segment(marker, [.. content]);
    }

    /// <summary>A scan of the one block of component 1, all bits 0, padded with ones.</summary>
    private static byte[] Scan(int bandStart, int bandEnd, byte approximation)
        => [.. Segment(0xDA, [1, 1, 0, (byte)bandStart, (byte)bandEnd, approximation]), (byte)(bandStart == 0 && bandEnd == 63 ? 0x3F : 0x7F)];

    private static void FixChecksums(byte[] png)
    {
        for (int position = 8; png.Length - position >= 12;)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(png.AsSpan(position));
            if (length > png.Length - position - 12)
                return;
            ReadOnlySpan<byte> checkedBytes = png.AsSpan(position + 4, 4 + (int)length);
            BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(position + 8 + (int)length), Crc(checkedBytes));
            position += 12 + (int)length;
        }
    }

    /// <summary>CRC-32, bit by bit.</summary>
    private static uint Crc(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in data)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
        }
        return ~crc;
    }
}
