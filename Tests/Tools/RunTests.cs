using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Media;
using SiamIlgpu.Networks;
using SiamIlgpu.Run;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tests.Tools;

/// <summary>The console tool from its command line: what it writes, and how it refuses what it cannot use.</summary>
[TestFixture]
[NonParallelizable] // The console is one for the whole process.
internal sealed class RunTests
{
    private const int Frames = 4;
    private string folder = "";
    private string frames = "";
    private string model = "";
    private string truth = "";

    [OneTimeSetUp]
    public void MakeAVideoAndAModel()
    {
        folder = Directory.CreateTempSubdirectory("SiamIlgpu").FullName;
        frames = Directory.CreateDirectory(Path.Combine(folder, "frames")).FullName;
        using var video = new SyntheticVideo(frameCount: Frames, width: 160, height: 120);
        foreach (Frame frame in video)
            PngEncoder.Write(frame, Path.Combine(frames, $"{frame.Index + 1}.png"));
        truth = Path.Combine(folder, "truth.txt");
        File.WriteAllLines(truth, video.GroundTruth.Select(box => box.ToString()));
        model = Path.Combine(folder, "model.safetensors");
        NetworkInitializer.Create(NetworkDefinition.CfNetConv1, seed: 1).Save(model);
    }

    [OneTimeTearDown]
    public void Delete() => Directory.Delete(folder, recursive: true);

    [Test]
    public void Track_WritesBoxesCsvAndFrames()
    {
        string boxes = Path.Combine(folder, "boxes.txt"), csv = Path.Combine(folder, "out.csv"), annotated = Path.Combine(folder, "annotated");

        (int exit, string output, _) = Run(
            "track", "--model", model, "--input", frames, "--groundtruth", truth, "--boxes", boxes, "--csv", csv, "--annotate", annotated, "--threads", "1");

        Assert.That(exit, Is.Zero);
        Assert.That(output, Does.Contain("fps").And.Contain("mean IoU").And.Contain("AUC").And.Contain("precision at 20 px"));
        string[] lines = File.ReadAllLines(boxes);
        Assert.That(lines, Has.Length.EqualTo(Frames));
        Assert.That(lines, Has.All.Match(@"^-?\d+\.\d{4},-?\d+\.\d{4},\d+\.\d{4},\d+\.\d{4}$"));
        Assert.That(lines[0], Is.EqualTo(File.ReadLines(truth).First()));
        string[] table = File.ReadAllLines(csv);
        Assert.That(table, Has.Length.EqualTo(Frames + 1));
        Assert.That(table[0], Is.EqualTo("frame,x,y,w,h,confidence,lost,milliseconds"));
        Assert.That(table[2], Does.StartWith($"2,{lines[1]},"));
        Assert.That(Directory.GetFiles(annotated).Select(Path.GetFileName), Is.EquivalentTo(new[] { "000001.png", "000002.png", "000003.png", "000004.png" }));
        Assert.That(ImageReader.Read(Path.Combine(annotated, "000002.png")).Width, Is.EqualTo(160));
        Assert.That(Directory.GetFileSystemEntries(folder), Has.None.Match(@"\.part$"));
    }

    [Test]
    public void Track_WithInit_NeedsNoGroundTruth()
    {
        (int exit, string output, _) = Run("track", "--model", model, "--input", frames, "--init", File.ReadLines(truth).First());

        Assert.That(exit, Is.Zero);
        Assert.That(output, Does.Contain($"{Frames} frames").And.Not.Contain("IoU"));
    }

    [Test]
    public void Track_WithAFrameOfAnotherSize_TracksOn()
    {
        string mixed = CopyOfFrames("mixed");
        using var small = new SyntheticVideo(frameCount: 1, width: 200, height: 130);
        PngEncoder.Write(small.Read(), Path.Combine(mixed, "3.png"));

        Assert.That(Run("track", "--model", model, "--input", mixed, "--groundtruth", truth).Exit, Is.Zero);
    }

    [Test]
    public void Demo_TracksAndWritesAStrip()
    {
        string strip = Path.Combine(folder, "strip.png");

        (int exit, string output, _) = Run("demo", "--strip", strip);

        Assert.That(exit, Is.Zero);
        Assert.That(output, Does.Contain("default model").And.Contain("mean IoU").And.Contain("fps"));
        Assert.That(ImageReader.Read(strip).Width, Is.GreaterThan(6 * 320));
    }

    [Test]
    public void Info_ShowsLayersAndPreset()
    {
        (int exit, string output, _) = Run("info", model);

        Assert.That(exit, Is.Zero);
        Assert.That(output, Does.Contain("conv1 11x11x3x32").And.Contain("62x62x32").And.Contain("cfnet-conv1").And.Contain("lambda 10"));
    }

    [Test]
    [Needs(Need.SharedData)]
    public void Convert_OfAMatFile_TracksLikeTheOriginal()
    {
        string original = SharedData.Require("weights/cfnet/cfnet-conv1_e75.mat");
        string converted = Path.Combine(folder, "converted.safetensors");
        string a = Path.Combine(folder, "a.txt"), b = Path.Combine(folder, "b.txt");

        Assert.That(Run("convert", original, converted).Exit, Is.Zero);
        Run("track", "--model", original, "--input", frames, "--groundtruth", truth, "--boxes", a);
        Run("track", "--model", converted, "--input", frames, "--groundtruth", truth, "--boxes", b);

        Assert.That(File.ReadAllText(b), Is.EqualTo(File.ReadAllText(a)));
    }

    [Test]
    public void Devices_ListsTheCpu() => Assert.That(Run("devices").Output, Does.StartWith("cpu"));

    [Test]
    public void Track_WithoutATarget_SaysWhatToGive() => Refused("--init", "track", "--model", model, "--input", frames);

    [TestCase("10,10,0,10", "positive")]
    [TestCase("10,10,10,-3", "positive")]
    [TestCase("10,NaN,10,10", "finite")]
    [TestCase("1000,10,10,10", "outside")]
    [TestCase("10,10,10", "x,y,w,h")]
    [TestCase("ten,10,10,10", "x,y,w,h")]
    public void Track_WithABoxThatCannotBe_IsRefused(string box, string why) =>
        Refused(why, "track", "--model", model, "--input", frames, "--init", box);

    [Test]
    public void Track_WithMoreGroundTruthThanFrames_IsRefused()
    {
        string more = Path.Combine(folder, "more.txt");
        File.WriteAllLines(more, [.. File.ReadLines(truth), "1,2,3,4"]);

        Refused("5 lines", "track", "--model", model, "--input", frames, "--groundtruth", more);
    }

    [Test]
    public void Track_WithoutFrames_IsRefused()
    {
        string empty = Directory.CreateDirectory(Path.Combine(folder, "empty")).FullName;

        Refused("empty", "track", "--model", model, "--input", empty, "--groundtruth", truth);
        Refused("missing", "track", "--model", model, "--input", Path.Combine(folder, "missing"), "--groundtruth", truth);
    }

    [TestCase("png", 0.5)]
    [TestCase("jpg", 0.5)]
    [TestCase("png", 0.0)]
    public void Track_WithATruncatedFrame_IsRefusedAndWritesNothing(string extension, double kept)
    {
        string broken = CopyOfFrames($"broken-{extension}-{kept}");
        byte[] bytes = extension == "png"
            ? File.ReadAllBytes(Path.Combine(frames, "3.png"))
            : EmbeddedJpeg.All[0].Bytes;
        File.Delete(Path.Combine(broken, "3.png"));
        File.WriteAllBytes(Path.Combine(broken, $"3.{extension}"), bytes[..(int)(bytes.Length * kept)]);

        Refused($"3.{extension}", "track", "--model", model, "--input", broken, "--groundtruth", truth);
    }

    [Test]
    public void Track_WithAModelThatIsNone_IsRefused()
    {
        byte[] good = File.ReadAllBytes(model);
        Try("truncated.safetensors", good[..(good.Length / 2)]);
        Try("text.safetensors", "not a network"u8.ToArray());
        Try("empty.mat", []);
        Try("v73.mat", [0x89, .. "HDF\r\n\u001a\n"u8, .. new byte[600]]);
        Refused("absent.mat", "track", "--model", Path.Combine(folder, "absent.mat"), "--input", frames, "--groundtruth", truth);

        void Try(string name, byte[] content)
        {
            string file = Path.Combine(folder, name);
            File.WriteAllBytes(file, content);
            Refused(name, "track", "--model", file, "--input", frames, "--groundtruth", truth);
            Refused(name, "info", file);
            Refused(name, "convert", file, Path.Combine(folder, "never.safetensors"));
        }
    }

    [TestCase("weights/siamfc/reference-activations.mat")]
    [TestCase("weights/loader-cases/dcfnet-simplenn.mat")]
    [Needs(Need.SharedData)]
    public void Track_WithAFileThatHasNoTrackableNetwork_IsRefused(string file) =>
        Refused(Path.GetFileName(file), "track", "--model", SharedData.Require(file), "--input", frames, "--groundtruth", truth);

    [Test]
    public void Track_WithNowhereToWrite_IsRefusedBeforeTracking()
    {
        Refused("nowhere", "track", "--model", model, "--input", frames, "--groundtruth", truth, "--boxes", Path.Combine(folder, "nowhere", "boxes.txt"));
        Refused("folder", "track", "--model", model, "--input", frames, "--groundtruth", truth, "--csv", folder);
    }

    [TestCase("track", "--nonsense")]
    [TestCase("nonsense")]
    [TestCase("track", "--device", "abacus")]
    public void CommandLine_ThatIsNone_IsRefused(params string[] arguments) => Refused("", arguments);

    /// <summary>Runs a command line in this process.</summary>
    internal static (int Exit, string Output, string Errors) Run(params string[] arguments) => Run(arguments, CancellationToken.None);

    /// <summary>Runs a command line in this process, until it is canceled as by Ctrl+C.</summary>
    internal static (int Exit, string Output, string Errors) Run(string[] arguments, CancellationToken cancel)
    {
        (TextWriter output, TextWriter errors) = (Console.Out, Console.Error);
        using var newOutput = new StringWriter();
        using var newErrors = new StringWriter();
        Console.SetOut(newOutput);
        Console.SetError(newErrors);
        try
        {
            return (CommandLineHost.Run(arguments, cancel), newOutput.ToString(), newErrors.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(errors);
        }
    }

    /// <summary>Exit code 2, one line that names what is wrong, and no file or folder that was not there before.</summary>
    private void Refused(string mention, params string[] arguments)
    {
        bool tracks = arguments[0] == "track" && arguments.Length > 3;
        string unwanted = Path.Combine(folder, "unwanted");
        string[] before = Directory.GetFileSystemEntries(folder);
        string[] all = tracks && !arguments.Contains("--boxes") && !arguments.Contains("--csv")
            ? [.. arguments, "--boxes", unwanted, "--csv", unwanted + ".csv", "--annotate", unwanted + ".d"]
            : arguments;

        (int exit, _, string errors) = Run(all);

        Assert.That(exit, Is.EqualTo(2), errors);
        Assert.That(errors.TrimEnd().Split('\n'), Has.Length.EqualTo(1), errors);
        Assert.That(errors, Does.StartWith("error: ").And.Contain(mention));
        Assert.That(Directory.GetFileSystemEntries(folder), Is.EquivalentTo(before));
    }

    private string CopyOfFrames(string name)
    {
        string copy = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
        foreach (string file in Directory.GetFiles(frames))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        return copy;
    }
}
