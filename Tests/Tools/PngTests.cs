using SiamIlgpu.Kernels;
using SiamIlgpu.Media;

namespace SiamIlgpu.Tests.Tools;

public sealed class PngTests
{
    private static readonly (int Width, int Height)[] Sizes = [(1, 1), (2, 3), (3, 2), (5, 9), (8, 8), (17, 33), (64, 48)];

    [Test]
    public void Decode_WhatPnmtopngWrites_EqualsPngtopnm(
        [Values("", "-interlace")] string interlace,
        [Values("grey 1", "grey 3", "grey 15", "grey 255", "grey 65535", "colours 255", "colours 65535", "few colours", "alpha grey", "alpha colours")] string kind)
    {
        ReferenceTool.Require("pnmtopng", "netpbm");
        ReferenceTool.Require("pngtopnm", "netpbm");
        PngDecoder decoder = new();
        Frame actual = new();
        string alphaFile = Path.GetTempFileName();
        try
        {
            foreach ((int width, int height) in Sizes)
            {
                bool grey = kind.Contains("grey", StringComparison.Ordinal);
                Frame picture = TestImages.Make(width, height, grey ? PixelFormat.Gray8 : PixelFormat.Rgb24);
                byte[] pnm = ReferenceTool.ToPnm(picture);
                string options = $"-force {interlace}";
                if (kind.StartsWith("alpha", StringComparison.Ordinal))
                {
                    File.WriteAllBytes(alphaFile, ReferenceTool.ToPnm(TestImages.Make(width, height, PixelFormat.Gray8, seed: 2)));
                    options += $" -alpha {alphaFile}";
                }
                else if (kind == "few colours")
                {
                    pnm = WithRange(picture, 3);
                    options = interlace;
                }
                else if (!kind.EndsWith(" 255", StringComparison.Ordinal))
                {
                    pnm = WithRange(picture, int.Parse(kind.Split(' ')[1]));
                }
                byte[] png = ReferenceTool.Run("pnmtopng", options, pnm);
                decoder.Decode(png, "test.png", actual);
                Frame expected = ReferenceTool.FromPnm(ReferenceTool.Run("pngtopnm", "", png));
                ReferenceTool.AssertClose(actual, expected, tolerance: 0, $"{kind} {interlace} {width}x{height}, PNG type {png[25]}, {png[24]} bits");
            }
        }
        finally
        {
            File.Delete(alphaFile);
        }
    }

    [Test]
    public void Encode_EveryFormat_EqualsPngtopnm([Values] PixelFormat format)
    {
        ReferenceTool.Require("pngtopnm", "netpbm");
        foreach ((int width, int height) in Sizes)
        {
            (FrameView view, Frame expected) = MakeView(width, height, format);
            Frame actual = ReferenceTool.FromPnm(ReferenceTool.Run("pngtopnm", "", PngEncoder.Encode(view)));
            ReferenceTool.AssertClose(actual, expected, tolerance: 0, $"{format} {width}x{height}");
        }
    }

    [Test]
    public void Decode_WhatWasEncoded_IsTheSame([Values] PixelFormat format)
    {
        PngDecoder decoder = new();
        Frame actual = new();
        foreach ((int width, int height) in Sizes)
        {
            (FrameView view, Frame expected) = MakeView(width, height, format);
            decoder.Decode(PngEncoder.Encode(view), "test.png", actual);
            Assert.That(actual.Format, Is.EqualTo(expected.Format));
            ReferenceTool.AssertClose(actual, expected, tolerance: 0, $"{format} {width}x{height}");
        }
    }

    [Test]
    public void Write_ReplacesTheFileAndLeavesNothingElse()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            string path = Path.Combine(folder, "a.png");
            File.WriteAllText(path, "old");
            Frame frame = TestImages.Make(20, 10, PixelFormat.Rgb24);
            PngEncoder.Write(frame, path);
            Assert.That(Directory.GetFiles(folder), Is.EqualTo(new[] { path }));
            ReferenceTool.AssertClose(ImageReader.Read(path), frame, tolerance: 0, path);

            string missing = Path.Combine(folder, "none", "a.png");
            FrameException error = Assert.Throws<FrameException>(() => PngEncoder.Write(frame, missing))!;
            Assert.That(error.Message, Does.StartWith(missing + ": cannot be written"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static FrameViewAndFrame MakeView(int width, int height, PixelFormat format)
    {
        Frame expected = TestImages.Make(width, height, format == PixelFormat.Gray8 ? PixelFormat.Gray8 : PixelFormat.Rgb24);
        int bytes = format switch { PixelFormat.Gray8 => 1, PixelFormat.Rgb24 or PixelFormat.Bgr24 => 3, _ => 4 };
        int stride = width * bytes + 5;
        byte[] pixels = new byte[stride * height];
        FrameView view = new(pixels, width, height, format, stride);
        (int red, int green, int blue) = view.ChannelOffsets;
        for (int i = 0; i < width * height; i++)
        {
            Span<byte> pixel = pixels.AsSpan(i / width * stride + i % width * bytes, bytes);
            ReadOnlySpan<byte> from = expected.Pixels.Slice(i * expected.BytesPerPixel, expected.BytesPerPixel);
            pixel[red] = from[0];
            pixel[green] = from[from.Length / 2];
            pixel[blue] = from[^1];
        }
        return new FrameViewAndFrame(view, expected);
    }

    /// <summary>The picture with samples 0..most instead of 0..255, as a PNM.</summary>
    private static byte[] WithRange(Frame picture, int most)
    {
        List<byte> pnm = [.. System.Text.Encoding.ASCII.GetBytes(
            $"P{(picture.Format == PixelFormat.Gray8 ? 5 : 6)}\n{picture.Width} {picture.Height}\n{most}\n")];
        int seed = 7;
        foreach (byte value in picture.Pixels)
        {
            seed = unchecked(seed * 1103515245 + 12345);
            int scaled = most < 256 ? value * (most + 1) / 256 : (value << 8) | ((seed >> 16) & 255);
            if (most > 255)
                pnm.Add((byte)(scaled >> 8));
            pnm.Add((byte)scaled);
        }
        return [.. pnm];
    }

    private readonly ref struct FrameViewAndFrame(FrameView view, Frame expected)
    {
        private readonly FrameView view = view;

        public void Deconstruct(out FrameView outView, out Frame outExpected)
        {
            outView = view;
            outExpected = expected;
        }
    }
}
