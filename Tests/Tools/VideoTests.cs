using System.Diagnostics;
using SiamIlgpu.Media;

namespace SiamIlgpu.Tests.Tools;

/// <summary>Videos read by ffmpeg: the pixels that ffmpeg extracts, and a clear state whatever happens to ffmpeg.</summary>
[TestFixture]
internal sealed class VideoTests
{
    private string folder = "";

    [OneTimeSetUp]
    public void MakeFolder() => folder = Directory.CreateTempSubdirectory("SiamIlgpu").FullName;

    [OneTimeTearDown]
    public void DeleteFolder() => Directory.Delete(folder, recursive: true);

    [Test]
    [Needs(Need.Ffmpeg, Need.SharedData)]
    public void Read_OfAnMpegFile_GivesTheFramesThatFfmpegExtracts()
    {
        string car = SharedData.Require("sequences/video/car.mpg");
        using FrameSource expected = FrameSource.Open(Videos.Extract(folder, car));
        using FrameSource video = new DecodeAhead(FrameSource.Open(car));

        Assert.That(Videos.AssertSameFrames(video, expected), Is.EqualTo(945));
        Assert.That(video.FramesPerSecond, Is.EqualTo(25));
        Assert.That(video.Complaint, Is.Null);
    }

    // Odd sizes, which 4:2:0 cannot have in every codec; gray; 10 bits; no color subsampling; alpha.
    [TestCase("odd.mkv", "321x241", "-c:v ffv1")]
    [TestCase("odd-png.mkv", "33x7", "-c:v png")]
    [TestCase("narrow.nut", "64x48", "-vf scale=1:50 -c:v ffv1 -pix_fmt yuv444p")]
    [TestCase("one.nut", "64x48", "-vf scale=1:1 -c:v png")]
    [TestCase("gray.mkv", "64x48", "-c:v ffv1 -pix_fmt gray")]
    [TestCase("ten-bits.mkv", "64x48", "-c:v ffv1 -pix_fmt yuv420p10le")]
    [TestCase("alpha.mkv", "64x48", "-c:v png -pix_fmt rgba")]
    [TestCase("odd.webm", "65x47", "-c:v libvpx-vp9 -b:v 0 -crf 30")]
    [Needs(Need.Ffmpeg)]
    public void Read_OfAnySizeAndFormat_GivesTheFramesThatFfmpegExtracts(string name, string size, string options)
    {
        string file = Videos.Make(folder, name, size, 5, options);
        // Eight bits a sample, as a frame has; of more, ffmpeg would make PNG files of sixteen.
        using FrameSource expected = FrameSource.Open(Videos.Extract(folder, file, "-pix_fmt rgb24"));
        using FrameSource video = FrameSource.Open(file);

        Assert.That(Videos.AssertSameFrames(video, expected), Is.EqualTo(5));
    }

    [Test]
    [Needs(Need.Ffmpeg)]
    public void Read_OfGrayVideo_HasEqualChannels()
    {
        using FrameSource video = FrameSource.Open(Videos.Make(folder, "no-color.mp4", "64x48", 2, "-vf format=gray -c:v libx264 -pix_fmt yuv420p"));
        Frame frame = video.Read()!;

        for (int i = 0; i < frame.Pixels.Length; i += 3)
            Assert.That((frame.Pixels[i], frame.Pixels[i]), Is.EqualTo((frame.Pixels[i + 1], frame.Pixels[i + 2])), $"pixel {i / 3}");
    }

    [Test]
    [Needs(Need.Ffmpeg)]
    public void Read_OfARotatedVideo_TurnsItUpright()
    {
        string plain = Videos.Make(folder, "plain.mp4", "64x48", 3, "-c:v libx264 -pix_fmt yuv420p");
        string turned = Path.Combine(folder, "turned.mp4");
        Videos.Ffmpeg($"-i {plain} -c copy -metadata:s:v rotate=90 {turned}");
        using FrameSource before = FrameSource.Open(plain);
        using FrameSource expected = FrameSource.Open(Videos.Extract(folder, turned));
        using FrameSource video = FrameSource.Open(turned);

        Assert.That(Videos.AssertSameFrames(video, expected), Is.EqualTo(3));
        using FrameSource again = FrameSource.Open(turned);
        Frame lying = before.Read()!, upright = again.Read()!;
        Assert.That((upright.Width, upright.Height), Is.EqualTo((lying.Height, lying.Width)));
    }

    [Test]
    [Needs(Need.Ffmpeg)]
    public void Read_OfVariableFrameRate_GivesEachFrameOnce()
    {
        // Frames 0, 1, 2, 12, 13, 30, 31 of a video of 25 frames a second, each at its own time.
        string file = Videos.Make(
            folder, "variable.mkv", "64x48", 7, "-c:v ffv1 -fps_mode passthrough -vf select='lt(n\\,3)+between(n\\,12\\,13)+between(n\\,30\\,31)'");
        using FrameSource expected = FrameSource.Open(Videos.Extract(folder, file, "-fps_mode passthrough"));
        using FrameSource video = FrameSource.Open(file);

        Assert.That(Videos.AssertSameFrames(video, expected), Is.EqualTo(7));
    }

    [TestCase("30000/1001", 29.97)]
    [TestCase("12", 12)]
    [TestCase("1000", 1000)]
    [Needs(Need.Ffmpeg)]
    public void FramesPerSecond_IsTheVideos(string rate, double expected)
    {
        string file = Path.Combine(folder, $"rate{expected}.mkv");
        Videos.Ffmpeg($"-f lavfi -i color=size=16x16:rate={rate} -frames:v 30 -c:v ffv1 {file}");
        using FrameSource video = FrameSource.Open(file);
        video.Read();

        Assert.That(video.FramesPerSecond, Is.EqualTo(expected));
    }

    [Test]
    [Needs(Need.Ffmpeg)]
    public void Open_Looped_RepeatsTheVideoExactly()
    {
        string file = Videos.Make(folder, "loop.mp4", "64x48", 4, "-c:v libx264 -pix_fmt yuv420p");
        using FrameSource video = new DecodeAhead(FrameSource.Open(file, new VideoOptions { Loop = true }));
        byte[][] frames = [.. video.Take(12).Select(frame => frame.Pixels.ToArray())];

        byte[][] once = frames[..4];
        Assert.That(frames, Is.EqualTo(once.Concat(once).Concat(once)));
        Assert.That(video.Read()!.Index, Is.EqualTo(12));
    }

    [Test]
    [Needs(Need.Ffmpeg)]
    public void Read_OfEqualSizes_AllocatesNoPixels()
    {
        using FrameSource video = FrameSource.Open(Videos.Make(folder, "many.mp4", "64x48", 40, "-c:v libx264"));
        for (int i = 0; i < 5; i++)
            video.Read();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 5; i < 40; i++)
            video.Read();

        // What is left are the waits for the pipe; a frame has 9216 bytes.
        Assert.That((GC.GetAllocatedBytesForCurrentThread() - before) / 35, Is.LessThan(1500));
    }

    [Test]
    [Needs(Need.Ffmpeg)]
    public void Read_Of8K_TakesTheWholeFrame()
    {
        string file = Path.Combine(folder, "large.mkv");
        Videos.Ffmpeg($"-f lavfi -i color=c=0x204060:size=7680x4320,format=bgr0 -frames:v 1 -c:v ffv1 {file}");
        using FrameSource video = FrameSource.Open(file);
        Frame frame = video.Read()!;

        Assert.That((frame.Width, frame.Height), Is.EqualTo((7680, 4320)));
        Assert.That(frame.Pixels[..3].ToArray(), Is.EqualTo(new byte[] { 0x20, 0x40, 0x60 }));
        Assert.That(frame.Pixels[^3..].ToArray(), Is.EqualTo(new byte[] { 0x20, 0x40, 0x60 }));
        Assert.That(video.Read(), Is.Null);
    }

    [Test]
    [Needs(Need.Ffmpeg)]
    public void Read_OfAFileWhoseNameLooksLikeAnAddress_ReadsTheFile()
    {
        string file = Path.Combine(folder, "http:clip.nut");
        File.Move(Videos.Make(folder, "clip.nut", "16x16", 2, "-c:v ffv1"), file);
        string before = Environment.CurrentDirectory;
        Environment.CurrentDirectory = folder;
        try
        {
            using FrameSource video = FrameSource.Open("http:clip.nut");
            Assert.That(video.Count(), Is.EqualTo(2));
        }
        finally
        {
            Environment.CurrentDirectory = before;
        }
    }

    [Test]
    [Needs(Need.Ffmpeg)]
    public void Read_OfATruncatedFile_GivesWhatThereIsAndComplains()
    {
        string whole = Videos.Make(folder, "whole.mp4", "320x240", 50, "-c:v libx264 -pix_fmt yuv420p -movflags +faststart");
        byte[] bytes = File.ReadAllBytes(whole);
        string half = Path.Combine(folder, "half.mp4");
        File.WriteAllBytes(half, bytes[..(bytes.Length / 2)]);
        using FrameSource video = new DecodeAhead(FrameSource.Open(half));

        Assert.That(video.Count(), Is.InRange(1, 49));
        Assert.That(video.Complaint, Does.StartWith("ffmpeg: ").And.Contain("partial file"));
    }

    [Test]
    [Needs(Need.Ffmpeg)]
    public void Read_OfAFileThatIsNoVideo_SaysWhatFfmpegSays()
    {
        string text = Path.Combine(folder, "text.mp4");
        File.WriteAllText(text, "not a video");
        string sound = Path.Combine(folder, "sound.wav");
        Videos.Ffmpeg($"-f lavfi -i sine=duration=0.1 {sound}");

        Assert.That(Failure(text), Does.StartWith($"{text}: ffmpeg failed").And.Contain("Invalid data found").And.Not.Contain("\n"));
        Assert.That(Failure(sound), Does.StartWith($"{sound}: ffmpeg failed").And.Contain("does not contain any stream"));
    }

    [Test]
    public void Open_OfWhatIsNotThere_SaysSo()
    {
        string missing = Path.Combine(folder, "missing.mp4");

        Assert.That(() => FrameSource.Open(missing), Throws.TypeOf<FrameException>().With.Message.EqualTo($"{missing}: there is no such file or folder"));
    }

    [Test]
    public void Open_WithoutFfmpeg_SaysWhatToDo()
    {
        string video = Path.Combine(folder, "any.mp4");
        File.WriteAllText(video, "");
        string missing = Path.Combine(folder, "no-ffmpeg");

        Assert.That(
            () => FrameSource.Open(video, new VideoOptions { Ffmpeg = missing }),
            Throws.TypeOf<FrameException>().With.Message.EqualTo($"{missing}: there is no such ffmpeg program"));
    }

    [TestCase("echo Unknown thing >&2; exit 3", "exit code 3): Unknown thing")]
    [TestCase("exit 0", "no picture")]
    [TestCase("echo 'P6 4 2 255'; printf '123456'", "ended within a frame")]
    [TestCase("echo 'P5 4 2 255'", "expected a PPM")]
    [TestCase("printf 'P6\\n4 2\\n65535\\n'", "8-bit")]
    [TestCase("printf 'P6\\n99999999999 2\\n255\\n'", "malformed header")]
    [TestCase("printf 'P6\\n999999 999999\\n255\\n'", "a picture cannot have 999999x999999 pixels")]
    [TestCase("printf 'P6\\n0 7\\n255\\n'", "a picture cannot have 0x7 pixels")]
    [TestCase("cat /dev/zero", "expected a PPM")]
    [Needs(Need.Unix)]
    public void Read_FromAnFfmpegThatSendsNoFrame_SaysWhy(string script, string why)
    {
        string fake = FakeFfmpeg.Make(folder, "fake", script);

        Assert.That(Failure(AnyFile(), new VideoOptions { Ffmpeg = fake }), Does.Contain(why).And.Not.Contain("\n"));
    }

    [TestCase("exit 1", "exit code 1")]
    [TestCase("echo '[error] device gone' >&2; exit 5", "device gone")]
    [TestCase("kill -9 $$", "killed (signal 9)")]
    [TestCase("printf 'P6\\n4 2\\n255\\nhalf'", "ended within a frame")]
    [Needs(Need.Unix)]
    public void Read_FromAnFfmpegThatFailsLater_GivesItsFramesThenSaysWhyThenEnds(string ending, string why)
    {
        string fake = FakeFfmpeg.Make(folder, "late", $"{FakeFfmpeg.Pictures(2)}\n{ending}");
        using FrameSource video = new DecodeAhead(FrameSource.Open(AnyFile(), new VideoOptions { Ffmpeg = fake }));

        Assert.That(video.Read(), Is.Not.Null);
        Assert.That(video.Read(), Is.Not.Null);
        Assert.That(() => video.Read(), Throws.TypeOf<FrameException>().With.Message.Contains("after 2 frames").And.Message.Contains(why));
        Assert.That(video.Read(), Is.Null);
    }

    [Test]
    [Needs(Need.Unix)]
    public void Read_OfAStalledVideo_GivesUp()
    {
        string fake = FakeFfmpeg.Make(folder, "stalled", $"{FakeFfmpeg.Pictures(1)}\nsleep 60");
        using FrameSource video = new DecodeAhead(
            FrameSource.Open(AnyFile(), new VideoOptions { Ffmpeg = fake, Patience = TimeSpan.FromSeconds(0.5) }));
        Stopwatch watch = Stopwatch.StartNew();

        Assert.That(video.Read(), Is.Not.Null);
        Assert.That(() => video.Read(), Throws.TypeOf<FrameException>().With.Message.Contains("stalled: nothing came for 0.5 s"));
        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(20)));
    }

    // A child in a session of its own, which outlives the script and holds its pipes, is the worst that a wrapper can leave.
    [TestCase("sleep 60")]
    [TestCase("sleep 60 & wait")]
    [TestCase("setsid sleep 40 & exit 0")]
    [Needs(Need.Unix)]
    public void Dispose_WhileAReadWaits_EndsBoth(string waiting)
    {
        string fake = FakeFfmpeg.Make(folder, "waiting", $"echo $$ > {folder}/pid\n{FakeFfmpeg.Pictures(1)}\n{waiting}");
        FrameSource video = new DecodeAhead(FrameSource.Open(AnyFile(), new VideoOptions { Ffmpeg = fake }));
        Assert.That(video.Read(), Is.Not.Null);
        Stopwatch watch = Stopwatch.StartNew();

        video.Dispose();

        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(20)));
        int id = int.Parse(File.ReadAllText(Path.Combine(folder, "pid")));
        Assert.That(() => Process.GetProcessById(id), Throws.ArgumentException, "the process is gone, and no zombie");
    }

    [Test]
    [Needs(Need.Unix)]
    public void Stop_WhileAReadWaits_EndsTheVideo()
    {
        string fake = FakeFfmpeg.Make(folder, "camera", $"{FakeFfmpeg.Pictures(1)}\nsleep 60");
        using FrameSource video = new DecodeAhead(FrameSource.Open(AnyFile(), new VideoOptions { Ffmpeg = fake }));
        Assert.That(video.Read(), Is.Not.Null);
        Task<Frame?> waiting = Task.Run(video.Read);
        Assert.That(waiting.Wait(300), Is.False);

        video.Stop();

        Assert.That(waiting.Wait(TimeSpan.FromSeconds(20)), Is.True);
        Assert.That(waiting.Result, Is.Null);
        Assert.That(video.Read(), Is.Null);
    }

    [Test]
    [Needs(Need.Unix)]
    public void Read_FromACameraThatEnds_IsAFailure()
    {
        string fake = FakeFfmpeg.Make(folder, "unplugged", FakeFfmpeg.Pictures(2));
        using FrameSource video = FrameSource.Open("/dev/video99", new VideoOptions { Ffmpeg = fake });

        Assert.That(() => video.Count(), Throws.TypeOf<FrameException>().With.Message.Contains("the camera has stopped"));
    }

    [Test]
    [Needs(Need.Ffmpeg, Need.Unix)]
    public void Read_FromAnFfmpegBefore5_1_SpeaksItsLanguage()
    {
        string file = Videos.Make(folder, "old.mp4", "64x48", 3, "-c:v libx264");
        string old = FakeFfmpeg.Make(
            folder, "old-ffmpeg", "case \"$*\" in *fps_mode*) echo \"Unrecognized option 'fps_mode'.\" >&2; exit 1;; esac\nexec ffmpeg \"$@\"");
        using FrameSource video = FrameSource.Open(file, new VideoOptions { Ffmpeg = old });

        Assert.That(video.Count(), Is.EqualTo(3));
    }

    [Test]
    [Needs(Need.Unix, Need.OpenHandles)]
    public void Open_ManyTimes_LeavesNoHandle()
    {
        string fake = FakeFfmpeg.Make(folder, "short", FakeFfmpeg.Pictures(1));
        ReadAll(3);
        int before = Directory.GetFileSystemEntries("/proc/self/fd").Length;
        ReadAll(30);

        // Other tests may run beside this one and open a few files of their own; a leak would be thirty or more.
        Assert.That(Directory.GetFileSystemEntries("/proc/self/fd"), Has.Length.LessThan(before + 20));

        void ReadAll(int times)
        {
            for (int i = 0; i < times; i++)
            {
                using FrameSource video = FrameSource.Open(AnyFile(), new VideoOptions { Ffmpeg = fake });
                Assert.That(video.Count(), Is.EqualTo(1));
            }
        }
    }

    private string AnyFile()
    {
        string file = Path.Combine(folder, "input");
        File.WriteAllText(file, "");
        return file;
    }

    private static string Failure(string input, VideoOptions? options = null)
    {
        using FrameSource video = FrameSource.Open(input, options);
        string message = Assert.Throws<FrameException>(() => video.Read())!.Message;
        Assert.That(video.Read(), Is.Null);
        return message;
    }
}
