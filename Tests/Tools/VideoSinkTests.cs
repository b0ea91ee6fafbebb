using System.Diagnostics;
using SiamIlgpu.Kernels;
using SiamIlgpu.Media;

namespace SiamIlgpu.Tests.Tools;

/// <summary>Videos written by ffmpeg: what is read back, and a clear state when ffmpeg fails.</summary>
public sealed class VideoSinkTests
{
    private string folder = "";

    [SetUp]
    public void MakeFolder() => folder = Directory.CreateTempSubdirectory().FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(folder, recursive: true);

    // H.264 in 4:2:0 has even sides only; VP9 takes any.
    [TestCase("a.mp4", 64, 48, 64, 48)]
    [TestCase("a.mov", 65, 47, 66, 48)]
    [TestCase("a.mkv", 65, 48, 66, 48)]
    [TestCase("A.MP4", 1, 1, 2, 2)]
    [TestCase("a.webm", 65, 47, 65, 47)]
    [TestCase("a.webm", 1, 1, 1, 1)]
    [Needs(Need.Ffmpeg)]
    public void Frames_AreReadBack(string name, int width, int height, int writtenWidth, int writtenHeight)
    {
        string file = Path.Combine(folder, name);
        (byte Red, byte Green, byte Blue)[] colors = [(200, 40, 40), (40, 180, 60), (40, 60, 220), (128, 128, 128), (240, 240, 240), (10, 10, 10)];
        Frame frame = new(width, height);
        using (FrameSink sink = FrameSink.Create(file))
        {
            sink.FramesPerSecond = 12.5;
            foreach ((byte red, byte green, byte blue) in colors)
            {
                for (int i = 0; i < frame.Pixels.Length; i += 3)
                    (frame.Pixels[i], frame.Pixels[i + 1], frame.Pixels[i + 2]) = (red, green, blue);
                sink.Add(frame);
            }
            sink.Keep();
        }

        using FrameSource video = FrameSource.Open(file);
        int frames = 0;
        foreach (Frame read in video)
        {
            Assert.That((read.Width, read.Height), Is.EqualTo((writtenWidth, writtenHeight)));
            // The first pixel stands for all. Two columns share a color in 4:2:0, so one column alone has half of its own.
            (byte red, byte green, byte blue) = colors[frames++];
            if (width == 1)
                continue;
            Assert.That(
                new int[] { read.Pixels[0], read.Pixels[1], read.Pixels[2] },
                Is.EqualTo(new int[] { red, green, blue }).Within(12),
                $"frame {frames}");
        }
        Assert.That(frames, Is.EqualTo(colors.Length));
        Assert.That(video.FramesPerSecond, Is.EqualTo(12.5));
        Assert.That(Directory.GetFiles(folder), Is.EqualTo(new[] { file }));
    }

    [TestCase("echo \"[error] Unknown encoder 'libx264'\" >&2; exit 1", "Unknown encoder 'libx264'")]
    [TestCase("head -c 100000 >/dev/null; echo '[error] No space left on device' >&2; exit 1", "No space left on device")]
    [TestCase("head -c 100000 >/dev/null; kill -9 $$", "killed (signal 9)")]
    [TestCase("sleep 60", "stalled")]
    [TestCase("cat >/dev/null; exit 1", "exit code 1")]
    [Needs(Need.Unix)]
    public void AFailingEncoder_IsOneClearError(string script, string why)
    {
        string fake = FakeFfmpeg.Make(folder, "fake", script);
        string file = Path.Combine(folder, "a.mp4");
        File.WriteAllText(file, "old");
        Frame frame = TestImages.Make(320, 240, PixelFormat.Rgb24);
        Stopwatch watch = Stopwatch.StartNew();
        using (FrameSink sink = FrameSink.Create(file, new VideoOptions { Ffmpeg = fake, Patience = TimeSpan.FromSeconds(0.5) }))
        {
            Assert.That(WriteAll, Throws.TypeOf<FrameException>().With.Message.StartWith(file).And.Message.Contains(why));

            void WriteAll()
            {
                for (int i = 0; i < 10; i++)
                    sink.Add(frame);
                sink.Keep();
            }
        }

        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(30)));
        Assert.That(Directory.GetFiles(folder), Is.EquivalentTo(new[] { file, fake }));
        Assert.That(File.ReadAllText(file), Is.EqualTo("old"));
    }

    [Test]
    public void Create_OfWhatCannotBe_SaysWhy()
    {
        string noFfmpeg = Path.Combine(folder, "none");
        Assert.That(() => FrameSink.Create(Path.Combine(folder, "a.mp4"), new VideoOptions { Ffmpeg = noFfmpeg }), Refused("no such ffmpeg"));
        Assert.That(() => FrameSink.Create(Path.Combine(folder, "nowhere", "a.mp4")), Refused("no folder"));
        Assert.That(() => FrameSink.Create(Path.Combine(folder, "nowhere", "a.png")), Refused("no folder"));
        Assert.That(() => FrameSink.Create(Path.Combine(folder, "a.gif")), Refused(".webm"));
        File.WriteAllText(Path.Combine(folder, "file"), "");
        Assert.That(() => FrameSink.Create(Path.Combine(folder, "file")), Refused("is a file"));
        Assert.That(Directory.GetFileSystemEntries(folder), Has.Length.EqualTo(1));

        static NUnit.Framework.Constraints.IResolveConstraint Refused(string why) =>
            Throws.TypeOf<FrameException>().With.Message.Contains(why);
    }
}
