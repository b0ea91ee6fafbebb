using SiamIlgpu.Kernels;
using SiamIlgpu.Media;

namespace SiamIlgpu.Tests.Tools;

public sealed class JpegDecoderTests
{
    private static readonly (int Width, int Height)[] Sizes = [(1, 1), (2, 3), (3, 2), (5, 4), (7, 9), (8, 8), (16, 16), (17, 33), (31, 15), (64, 48), (127, 57)];

    private static readonly string[] Samplings = ["1x1", "2x1", "1x2", "2x2", "4x1", "1x4", "4x2", "2x4", "2x2,1x2,2x1", "2x2,2x1,1x1", "1x1,2x2,1x1", "2x1,1x1,2x1"];

    private static readonly string[] Codings = ["", "-optimize", "-progressive", "-restart 1", "-restart 3B", "-progressive -restart 2B", "-quality 100", "-quality 5 -progressive"];

    [Test]
    public void Decode_EverySamplingCodingAndSize_MatchesDjpeg()
    {
        RequireTools();
        JpegDecoder decoder = new();
        Frame actual = new();
        foreach ((int width, int height) in Sizes)
        {
            byte[] picture = ReferenceTool.ToPnm(TestImages.Make(width, height, PixelFormat.Rgb24));
            foreach (string sampling in Samplings)
            {
                // All codings with the four common samplings; two with the rest.
                foreach (string coding in Array.IndexOf(Samplings, sampling) < 4 ? Codings : Codings[..3])
                {
                    string options = $"-sample {sampling} {coding}";
                    byte[] jpeg = ReferenceTool.Run("cjpeg", options, picture);
                    decoder.Decode(jpeg, "test.jpg", actual);
                    Compare(actual, jpeg, $"cjpeg {options}, {width}x{height}");
                }
            }
        }
    }

    [Test]
    public void Decode_GreyAndRgb_MatchesDjpeg([Values("-grayscale", "-grayscale -progressive", "-grayscale -sample 2x2", "-rgb", "-rgb -progressive", "-rgb -restart 1")] string options)
    {
        RequireTools();
        JpegDecoder decoder = new();
        Frame actual = new();
        foreach ((int width, int height) in Sizes)
        {
            byte[] jpeg = ReferenceTool.Run("cjpeg", options, ReferenceTool.ToPnm(TestImages.Make(width, height, PixelFormat.Rgb24)));
            decoder.Decode(jpeg, "test.jpg", actual);
            Assert.That(actual.Format, Is.EqualTo(options.StartsWith("-rgb", StringComparison.Ordinal) ? PixelFormat.Rgb24 : PixelFormat.Gray8));
            Compare(actual, jpeg, $"cjpeg {options}, {width}x{height}");
        }
    }

    [Test]
    public void Decode_SharedSequences_MatchDjpeg()
    {
        string root = SharedData.Require("sequences");
        RequireTools();
        ImageReader reader = new();
        Frame actual = new();
        int compared = 0;
        foreach (string folder in Directory.EnumerateDirectories(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string[] files = [.. Directory.GetFiles(folder, "*.jpg").Order(StringComparer.Ordinal)];
            for (int i = 0; i < files.Length; i += Math.Max(1, files.Length / 5))
            {
                reader.Read(files[i], actual);
                Compare(actual, File.ReadAllBytes(files[i]), files[i]);
                compared++;
            }
        }
        Assert.That(compared, Is.GreaterThan(50));
    }

    [Test]
    public void Decode_EmbeddedFiles_HaveTheRecordedPixels([ValueSource(typeof(EmbeddedJpeg), nameof(EmbeddedJpeg.All))] EmbeddedJpeg jpeg)
    {
        Frame actual = new();
        new JpegDecoder().Decode(jpeg.Bytes, "test.jpg", actual);
        Assert.That(actual.Format, Is.EqualTo(jpeg.Expected.Format));
        ReferenceTool.AssertClose(actual, jpeg.Expected, tolerance: 0, jpeg.Options);
    }

    private static void RequireTools()
    {
        ReferenceTool.Require("cjpeg", "libjpeg-turbo-progs");
        ReferenceTool.Require("djpeg", "libjpeg-turbo-progs");
    }

    private static void Compare(Frame actual, byte[] jpeg, string what)
        => ReferenceTool.AssertClose(actual, ReferenceTool.FromPnm(ReferenceTool.Run("djpeg", "-dct int -pnm", jpeg)), tolerance: 0, what);
}
