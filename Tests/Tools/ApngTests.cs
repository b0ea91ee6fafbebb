using System.Text;
using SiamIlgpu.Kernels;
using SiamIlgpu.Media;

namespace SiamIlgpu.Tests.Tools;

/// <summary>Animated PNG, read back by ffmpeg and by Skia, which shows the first frame as any viewer does.</summary>
public sealed class ApngTests
{
    private string folder = "";

    [SetUp]
    public void MakeFolder() => folder = Directory.CreateTempSubdirectory().FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(folder, recursive: true);

    [TestCase(1, 1, 1)]
    [TestCase(17, 9, 2)]
    [TestCase(40, 30, 5)]
    [Needs(Need.Ffmpeg)]
    public void Frames_AreWhatFfmpegReads(int width, int height, int frames)
    {
        string file = Path.Combine(folder, "a.png");
        Frame[] pictures = [.. Enumerable.Range(0, frames).Select(i => TestImages.Make(width, height, PixelFormat.Rgb24, seed: i + 1))];
        Write(file, framesPerSecond: 25, pictures);

        byte[] pixels = Videos.Ffmpeg($"-f apng -i {file} -f rawvideo -pix_fmt rgb24 -fps_mode passthrough pipe:1");

        Assert.That(pixels, Is.EqualTo(pictures.SelectMany(frame => frame.Pixels.ToArray())));
        ReferenceTool.AssertClose(ImageReader.Read(file), pictures[0], tolerance: 0, "as a still picture");
        Assert.That(Directory.GetFiles(folder), Is.EqualTo(new[] { file }));
    }

    // ffprobe says 30000/1001 of 29.97: it knows what is meant.
    [TestCase(25)]
    [TestCase(29.97)]
    [TestCase(12.5)]
    [TestCase(0.5)]
    [TestCase(240)]
    [Needs(Need.Ffprobe)]
    public void FramesPerSecond_IsWhatFfmpegReads(double rate)
    {
        string file = Path.Combine(folder, "a.apng");
        Write(file, rate, [.. Enumerable.Range(0, 4).Select(i => TestImages.Make(8, 8, PixelFormat.Rgb24, seed: i))]);

        byte[] said = ReferenceTool.Run("ffprobe", $"-v error -f apng -show_entries stream=r_frame_rate -of csv=p=0 {file}", []);

        double[] fraction = [.. Encoding.ASCII.GetString(said).Trim().TrimEnd(',').Split('/').Select(double.Parse)];
        Assert.That(fraction[0] / fraction[1], Is.EqualTo(rate).Within(1e-4));
    }

    [Test]
    [Needs(Need.Ffmpeg)]
    public void Frames_OfOtherSizes_AreCutOrPutOnBlack()
    {
        string file = Path.Combine(folder, "a.png");
        Frame first = TestImages.Make(10, 8, PixelFormat.Rgb24);
        Frame wide = TestImages.Make(14, 3, PixelFormat.Rgb24, seed: 2);
        Write(file, 25, [first, wide]);

        byte[] pixels = Videos.Ffmpeg($"-f apng -i {file} -f rawvideo -pix_fmt rgb24 -fps_mode passthrough pipe:1");

        byte[] second = pixels[(3 * 10 * 8)..];
        for (int y = 0; y < 8; y++)
        {
            byte[] expected = y < 3 ? wide.Row(y)[..30].ToArray() : new byte[30];
            Assert.That(second[(30 * y)..(30 * (y + 1))], Is.EqualTo(expected), $"row {y}");
        }
    }

    [Test]
    public void WithoutKeep_NothingIsLeftAndNothingReplaced()
    {
        string file = Path.Combine(folder, "a.png");
        File.WriteAllText(file, "old");
        using (FrameSink sink = FrameSink.Create(file))
            sink.Add(TestImages.Make(8, 8, PixelFormat.Rgb24));

        Assert.That(Directory.GetFiles(folder), Is.EqualTo(new[] { file }));
        Assert.That(File.ReadAllText(file), Is.EqualTo("old"));
    }

    private static void Write(string file, double framesPerSecond, Frame[] frames)
    {
        using FrameSink sink = FrameSink.Create(file);
        sink.FramesPerSecond = framesPerSecond;
        foreach (Frame frame in frames)
            sink.Add(frame);
        sink.Keep();
    }
}
