using System.Diagnostics;
using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Media;
using SiamIlgpu.Networks;
using SiamIlgpu.Run;
using SiamIlgpu.Tracking;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tests.Tools;

/// <summary>The verb track on videos, cameras and several targets, from its command line.</summary>
[TestFixture]
[NonParallelizable] // The console is one for the whole process.
internal sealed class TrackVideoTests
{
    private const string CarBox = "142,125,90,39";
    private const string CrossingBox = "205,151,17,50";
    private string folder = "";
    private string model = "";

    [OneTimeSetUp]
    public void MakeAModel()
    {
        folder = Directory.CreateTempSubdirectory("SiamIlgpu").FullName;
        model = Path.Combine(folder, "model.safetensors");
        NetworkInitializer.Create(NetworkDefinition.CfNetConv1, seed: 1).Save(model);
    }

    [OneTimeTearDown]
    public void Delete() => Directory.Delete(folder, recursive: true);

    [Test]
    [Needs(Need.Ffmpeg, Need.SharedData)]
    public void Track_OfAnMpegFile_GivesTheBoxesOfItsExtractedFrames()
    {
        string car = SharedData.Require("sequences/video/car.mpg");
        string frames = Videos.Extract(folder, car, "-frames:v 200");

        Assert.That(Boxes(car, CarBox, "--frames", "200"), Is.EqualTo(Boxes(frames, CarBox)).And.Length.EqualTo(200));
    }

    [TestCase("crossing.mp4", "-c:v libx264 -pix_fmt yuv420p")]
    [TestCase("crossing.webm", "-c:v libvpx-vp9 -b:v 0 -crf 30 -deadline realtime -cpu-used 8")]
    [Needs(Need.Ffmpeg, Need.SharedData)]
    public void Track_OfAnEncodedImageFolder_GivesTheBoxesOfItsExtractedFrames(string name, string encoding)
    {
        string video = Path.Combine(folder, name);
        Videos.Ffmpeg($"-framerate 25 -i {SharedData.Require("sequences/otb/Crossing/img")}/%04d.jpg -frames:v 60 {encoding} {video}");
        string frames = Videos.Extract(folder, video);
        using (FrameSource decoded = FrameSource.Open(video))
        using (FrameSource extracted = FrameSource.Open(frames))
            Assert.That(Videos.AssertSameFrames(decoded, extracted), Is.EqualTo(60));

        Assert.That(Boxes(video, CrossingBox), Is.EqualTo(Boxes(frames, CrossingBox)).And.Length.EqualTo(60));
    }

    [TestCase("7680x4320", "3000,2000,200,150")]
    [TestCase("1x1", "0.5,0.5,1,1")]
    [Needs(Need.Ffmpeg)]
    public void Track_OfFramesOfAnySize_Tracks(string size, string box)
    {
        string video = Path.Combine(folder, $"{size}.nut");
        Videos.Ffmpeg($"-f lavfi -i color=c=teal:size=16x16:rate=25 -vf scale={size.Replace('x', ':')}:flags=neighbor -frames:v 2 -c:v png {video}");

        Assert.That(Boxes(video, box), Has.Length.EqualTo(2).And.All.Match(@"^[-0-9.,]+$"));
    }

    [TestCase("annotated.mp4", "")]
    [TestCase("annotated.webm", "")]
    [TestCase("annotated.png", "-f apng")]
    [Needs(Need.Ffmpeg)]
    public void Track_Annotates_AVideoWithTheBoxesDrawn(string name, string inputOptions)
    {
        string video = Path.Combine(folder, $"for-{name}.mp4");
        Videos.Ffmpeg($"-f lavfi -i color=c=gray:size=160x120:rate=25 -frames:v 6 -c:v libx264 -pix_fmt yuv420p {video}");
        string output = Path.Combine(folder, name);

        Boxes(video, "41,51,60,40", "--annotate", output);

        string frames = Directory.CreateDirectory(output + ".read").FullName;
        Videos.Ffmpeg($"{inputOptions} -i {output} {frames}/%d.png");
        Assert.That(Directory.GetFiles(frames), Has.Length.EqualTo(6));
        Frame first = ImageReader.Read(Path.Combine(frames, "1.png"));
        Assert.That((first.Width, first.Height), Is.EqualTo((160, 120)));
        // The box's left edge: columns 40 and 41, which share their color in 4:2:0.
        int[] edge = [.. first.Row(70).Slice(3 * 40, 3).ToArray().Select(value => (int)value)];
        Assert.That(edge, Is.EqualTo(new[] { 255, 64, 64 }).Within(24));
    }

    [Test]
    public void Track_OfSeveralTargets_GivesEachTheBoxesOfATrackerOfItsOwn()
    {
        string frames = SyntheticFrames("several", 6);
        string[] targets = ["40,50,60,40", "90,20,30,30", "10,10,25,20"];
        string boxes = Path.Combine(folder, "many.txt"), csv = Path.Combine(folder, "many.csv"), annotated = Path.Combine(folder, "many");

        (int exit, _, string errors) = RunTests.Run(
            ["track", "--model", model, "--input", frames, .. targets.SelectMany(box => new[] { "--init", box }),
                "--boxes", boxes, "--csv", csv, "--annotate", annotated]);

        Assert.That(exit, Is.Zero, errors);
        Assert.That(boxes, Does.Not.Exist);
        string[] table = File.ReadAllLines(csv);
        Assert.That(table[0], Is.EqualTo("target,frame,x,y,w,h,confidence,lost,milliseconds"));
        Assert.That(table, Has.Length.EqualTo(1 + 3 * 6));
        for (int i = 0; i < targets.Length; i++)
        {
            string[] own = File.ReadAllLines(Path.Combine(folder, $"many.{i + 1}.txt"));
            Assert.That(own, Is.EqualTo(Boxes(frames, targets[i])), $"target {i + 1}");
            Assert.That(table[1 + 3 * 2 + i], Does.StartWith($"{i + 1},3,{own[2]},"));
        }
        Assert.That(Directory.GetFiles(annotated), Has.Length.EqualTo(6));
    }

    [Test]
    public void Track_OfSeveralTargets_DrawsEachInItsColor()
    {
        Frame frame = new(160, 120);

        Annotation.DrawOn(frame, [At(20, lost: false), At(90, lost: true)], truth: null);

        Assert.That(Color(frame, 19, 60), Is.EqualTo((230, 159, 0)));
        Assert.That(Color(frame, 20, 60), Is.EqualTo((230, 159, 0)), "two pixels wide");
        Assert.That(Color(frame, 89, 60), Is.EqualTo((86, 180, 233)));
        Assert.That(Color(frame, 90, 60), Is.EqualTo((0, 0, 0)), "thin while it is lost");

        static TrackResult At(double x, bool lost) => new(new BoundingBox(x, 40, 30, 40), 0.5, lost, 0, 0);
    }

    [Test]
    public void Track_OfSeveralTargets_TakesNoGroundTruth() =>
        Refused("one target", "--input", SyntheticFrames("truth", 2), "--init", "40,50,60,40", "--init", "1,1,20,20", "--groundtruth", "truth.txt");

    [Test]
    public void Track_OfALoopedVideo_StopsAfterTheGivenFrames()
    {
        string frames = SyntheticFrames("looped", 3);

        Assert.That(Boxes(frames, "40,50,60,40", "--loop", "--frames", "8"), Has.Length.EqualTo(8));
        Refused("--frames", "--input", frames, "--init", "40,50,60,40", "--frames", "0");
    }

    [Test]
    [Needs(Need.Unix)]
    public void Track_OfAVideoShorterThanItsGroundTruth_IsRefused()
    {
        string fake = FakeFfmpeg.Make(folder, "two-frames", FakeFfmpeg.Pictures(2));
        string truth = Path.Combine(folder, "three.txt");
        File.WriteAllLines(truth, Enumerable.Repeat("1,1,2,2", 3));

        Refused("3 lines of ground truth for 2 frames", "--input", AnyFile(), "--ffmpeg", fake, "--groundtruth", truth);
    }

    [TestCase("exit 1", "after 2 frames: ffmpeg failed (exit code 1)")]
    [TestCase("printf 'P6 4 2 255 half'", "ended within a frame")]
    [Needs(Need.Unix)]
    public void Track_OfAVideoThatFailsOnTheWay_IsRefusedAndWritesNothing(string ending, string why)
    {
        string fake = FakeFfmpeg.Make(folder, $"failing{ending.Length}", $"{FakeFfmpeg.Pictures(2)}\n{ending}");

        Refused(why, "--input", AnyFile(), "--ffmpeg", fake, "--init", "1,1,2,2");
    }

    [Test]
    [Needs(Need.Unix)]
    public void Track_WhoseFfmpegIsKilled_IsRefusedAndWritesNothing()
    {
        string pid = Path.Combine(folder, "killed.pid");
        string fake = FakeFfmpeg.Make(folder, "killed", $"{FakeFfmpeg.Pictures(3)}\necho $$ > {pid}\nexec sleep 60");
        Task killer = Task.Run(() =>
        {
            int id;
            while (!File.Exists(pid) || !int.TryParse(File.ReadAllText(pid), out id))
                Thread.Sleep(20);
            using Process process = Process.GetProcessById(id);
            process.Kill();
        });

        Refused("after 3 frames: ffmpeg was killed (signal 9)", "--input", AnyFile(), "--ffmpeg", fake, "--init", "1,1,2,2");
        Assert.That(killer.Wait(TimeSpan.FromSeconds(10)), Is.True);
    }

    [Test]
    [Needs(Need.Unix)]
    public void Track_OfACameraThatIsCanceled_EndsTheVideoAndWritesTheResults()
    {
        string fake = FakeFfmpeg.Make(folder, "endless", $"{FakeFfmpeg.Pictures(5)}\nsleep 60");
        string boxes = Path.Combine(folder, "canceled.txt");
        using var cancel = new CancellationTokenSource(TimeSpan.FromSeconds(2));

        (int exit, string output, string errors) = RunTests.Run(
            ["track", "--model", model, "--input", "/dev/video99", "--ffmpeg", fake, "--init", "1,1,2,2", "--boxes", boxes], cancel.Token);

        Assert.That(exit, Is.EqualTo(Interrupt.ExitCode), errors);
        Assert.That(output, Does.Contain("5 frames"));
        Assert.That(File.ReadAllLines(boxes), Has.Length.EqualTo(5));
    }

    // As a terminal does it: the signal goes to the whole group, which ffmpeg would be part of.
    [Test]
    [Needs(Need.Ffmpeg, Need.Setsid)]
    public void Track_AtCtrlC_FinishesVideoAndResults()
    {
        string boxes = Path.Combine(folder, "ctrl-c.txt"), annotated = Path.Combine(folder, "ctrl-c.mp4");
        string[] arguments =
        [
            "dotnet", typeof(CommandLineHost).Assembly.Location, "track", "--model", model,
            "--input", "testsrc2=size=160x120:rate=25", "--input-format", "lavfi", "--init", "40,50,60,40",
            "--boxes", boxes, "--annotate", annotated, "--threads", "1",
        ];
        ProcessStartInfo start = new("setsid", arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        while (!Directory.GetFiles(folder, "ctrl-c.mp4*").Any(file => new FileInfo(file).Length > 0) && !process.HasExited)
            Thread.Sleep(50);
        Thread.Sleep(300);

        using (Process kill = Process.Start("kill", ["-INT", "--", $"-{process.Id}"]))
            kill.WaitForExit();

        Assert.That(process.WaitForExit(TimeSpan.FromSeconds(40)), Is.True, "hangs");
        Assert.That(process.ExitCode, Is.EqualTo(Interrupt.ExitCode), process.StandardError.ReadToEnd());
        using FrameSource video = FrameSource.Open(annotated);
        Assert.That(video.Count(), Is.EqualTo(File.ReadAllLines(boxes).Length).And.GreaterThan(1));
    }

    /// <summary>The boxes that the verb writes.</summary>
    private string[] Boxes(string input, string box, params string[] more)
    {
        string boxes = Path.Combine(folder, "boxes.txt");
        File.Delete(boxes);
        (int exit, _, string errors) = RunTests.Run(["track", "--model", model, "--input", input, "--init", box, "--boxes", boxes, .. more]);
        Assert.That(exit, Is.Zero, errors);
        return File.ReadAllLines(boxes);
    }

    /// <summary>Exit code 2, one line that names what is wrong, and no file or folder that was not there before.</summary>
    private void Refused(string why, params string[] arguments)
    {
        string unwanted = Path.Combine(folder, "unwanted");
        (int exit, _, string errors) = RunTests.Run(
            ["track", "--model", model, .. arguments, "--boxes", unwanted, "--csv", unwanted + ".csv", "--annotate", unwanted + ".png"]);

        Assert.That(exit, Is.EqualTo(2), errors);
        Assert.That(errors.TrimEnd().Split('\n'), Has.Length.EqualTo(1), errors);
        Assert.That(errors, Does.StartWith("error: ").And.Contain(why));
        Assert.That(Directory.GetFileSystemEntries(folder, "unwanted*"), Is.Empty);
    }

    private string SyntheticFrames(string name, int count)
    {
        string frames = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
        using var video = new SyntheticVideo(frameCount: count, width: 160, height: 120);
        foreach (Frame frame in video)
            PngEncoder.Write(frame, Path.Combine(frames, $"{frame.Index + 1}.png"));
        return frames;
    }

    private string AnyFile()
    {
        string file = Path.Combine(folder, "input");
        File.WriteAllText(file, "");
        return file;
    }

    private static (int Red, int Green, int Blue) Color(Frame frame, int x, int y)
    {
        Span<byte> pixel = frame.Row(y).Slice(3 * x, 3);
        return (pixel[0], pixel[1], pixel[2]);
    }
}
