using System.Diagnostics;
using System.Xml.Linq;
using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Media;
using SiamIlgpu.Networks;
using SiamIlgpu.Run;
using SiamIlgpu.Tracking;
using SiamIlgpu.Training;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tests.Tools;

/// <summary>The verb train from its command line: its files, how it stops and goes on, and how it fails.</summary>
[TestFixture]
[NonParallelizable] // The console is one for the whole process.
internal sealed class TrainTests
{
    private static readonly string[] AllFiles = ["best.safetensors", "curves.html", "epochs.csv", "last.safetensors"];

    // Two epochs of four steps.
    private static readonly string[] Tiny =
    [
        "--network", "cfnet-conv1", "--synthetic", "--epochs", "2", "--pairs", "8", "--batch", "2", "--validation-pairs", "3",
        "--device", "cpu", "--threads", "2",
    ];

    private string folder = "";

    [OneTimeSetUp]
    public void MakeAFolder() => folder = Directory.CreateTempSubdirectory("SiamIlgpu").FullName;

    [OneTimeTearDown]
    public void Delete() => Directory.Delete(folder, recursive: true);

    [Test]
    public void Train_WritesACheckpointTheBestEpochATableAndCurves()
    {
        string output = Path.Combine(folder, "all files");

        (int exit, string text, string errors) = Train(output);

        Assert.That(exit, Is.Zero, errors);
        Assert.That(Directory.GetFiles(output).Select(Path.GetFileName), Is.EquivalentTo(AllFiles));
        Assert.That(text, Does.Contain("CFNet-conv1, logistic loss, 2 epochs of 4 steps of 2 pairs").And.Contain("the best epoch is"));
        string[] table = File.ReadAllLines(Path.Combine(output, "epochs.csv"));
        Assert.That(table, Has.Length.EqualTo(3));
        Assert.That(
            table[0],
            Is.EqualTo("epoch,learning_rate,loss,validation_loss,validation_distance_px,validation_overlap_error,tracking_iou,"
                + "conv1_update_ratio,conv1_cosine_with_start,conv1_high_frequencies,pairs_per_second"));
        Assert.That(table[1], Does.Match(@"^1,0\.01,0\.\d+,0\.\d+,\d+\.?\d*,\d\.?\d*,,\d\.\d+,[01]\.\d+,0\.[78]\d+,\d+\.\d\d$"));
        Assert.That(table[2], Does.StartWith("2,0.0001,"));
        NetworkWeights best = NetworkWeights.Load(Path.Combine(output, "best.safetensors"));
        Assert.That(best.Definition, Is.EqualTo(NetworkDefinition.CfNetConv1));
        Assert.That(best.Metadata["command"], Is.EqualTo($"train {string.Join(' ', Tiny)} --out \"{output}\""));
        Assert.That(best.Metadata["seed"], Is.EqualTo("1"));
        Assert.That(best.Metadata["videos"], Is.EqualTo("made-up scenes"));
        string[] bestRow = table[int.Parse(best.Metadata["epoch"], System.Globalization.CultureInfo.InvariantCulture)].Split(',');
        Assert.That(best.Metadata["validation loss"], Is.EqualTo(bestRow[3]));
        Assert.That(best.Metadata["validation distance in pixels"], Is.EqualTo(bestRow[4]));
        Assert.That(table[1..].MinBy(row => double.Parse(row.Split(',')[4], System.Globalization.CultureInfo.InvariantCulture))!.Split(','), Is.EqualTo(bestRow));
        Assert.That(best.Tensors.Keys, Has.None.StartsWith("velocity"));
        using var device = new CpuDevice();
        using var tracker = new Tracker(best, device);
        Assert.That(Points(XDocument.Parse(File.ReadAllText(Path.Combine(output, "curves.html")))), Is.All.EqualTo(2));
    }

    [Test]
    [Category("Slow")]
    public void Train_InterruptedAgainAndAgain_EqualsOneThatWasNot()
    {
        string whole = Path.Combine(folder, "whole"), pieces = Path.Combine(folder, "pieces");
        Train(whole);

        int exit = Interrupted(TimeSpan.Zero, [.. Tiny, "--out", pieces]), runs = 1;
        Assert.That(exit, Is.EqualTo(Interrupt.ExitCode));
        // Longer each time, so that it ends on a slow machine too.
        for (TimeSpan time = TimeSpan.FromMilliseconds(100); exit == Interrupt.ExitCode; time *= 2, runs++)
            exit = Interrupted(time, "--resume", "--out", pieces, "--device", "cpu", "--threads", "1");

        Assert.That(exit, Is.Zero);
        Assert.That(runs, Is.GreaterThan(2));
        Assert.That(Losses(pieces), Is.EqualTo(Losses(whole)));
        foreach (string name in (string[])["best.safetensors", "last.safetensors"])
        {
            NetworkWeights expected = NetworkWeights.Load(Path.Combine(whole, name));
            NetworkWeights actual = NetworkWeights.Load(Path.Combine(pieces, name));
            Assert.That(actual.Tensors.Keys, Is.EquivalentTo(expected.Tensors.Keys));
            foreach ((string tensor, WeightTensor values) in expected.Tensors)
                Assert.That(actual.Tensors[tensor].Values, Is.EqualTo(values.Values), $"{name}: {tensor}");
        }

        static int Interrupted(TimeSpan after, params string[] arguments)
        {
            using var cancel = new CancellationTokenSource();
            if (after == TimeSpan.Zero)
                cancel.Cancel();
            else
                cancel.CancelAfter(after);
            (int code, string text, string errors) = RunTests.Run(["train", .. arguments], cancel.Token);
            Assert.That(errors, Does.Not.Contain("warning").And.Not.Contain("error"));
            if (code == Interrupt.ExitCode)
                Assert.That(text, Does.Contain("stopped in epoch").And.Contain("train --resume --out"));
            return code;
        }
    }

    [Test]
    [Category("Slow")]
    public void Train_WithTooHighARate_KeepsTheLastGoodCheckpoint()
    {
        string output = Path.Combine(folder, "diverged");

        (int exit, _, string errors) = Train(output, "--first-rate", "1e30", "--last-rate", "1e30");

        Assert.That(exit, Is.EqualTo(TrainCommand.Failed));
        Assert.That(errors, Does.Contain("diverged in step").And.Contain("1E+30").And.Contain(Path.Combine(output, "last.safetensors")));
        NetworkWeights good = NetworkWeights.Load(Path.Combine(output, "last.safetensors"));
        Assert.That(good.Tensors.Values.SelectMany(t => t.Values), Is.All.Matches<float>(float.IsFinite));
    }

    [Test]
    public void Train_FromAFile_StartsWithItsWeights()
    {
        string output = Path.Combine(folder, "tuned"), file = Path.Combine(folder, "start.safetensors");
        NetworkWeights start = NetworkInitializer.Create(NetworkDefinition.CfNetConv1, seed: 9);
        start.Save(file);

        (int exit, _, string errors) = RunTests.Run(
            ["train", "--from", file, "--synthetic", "--device", "cpu", "--out", output, "--pairs", "8"],
            new CancellationToken(canceled: true));

        Assert.That(exit, Is.EqualTo(Interrupt.ExitCode), errors);
        NetworkWeights last = NetworkWeights.Load(Path.Combine(output, "last.safetensors"));
        Assert.That(last.Tensors["conv1.weight"].Values, Is.EqualTo(start.Tensors["conv1.weight"].Values));
    }

    [Test]
    public void Train_OnFolders_NamesBadVideosOnceAndGoesOn()
    {
        string data = Directory.CreateDirectory(Path.Combine(folder, "videos")).FullName;
        for (int i = 1; i <= 3; i++)
        {
            string images = Directory.CreateDirectory(Path.Combine(data, $"video{i}", "img")).FullName;
            using var video = new SyntheticVideo(seed: i, frameCount: 4, width: 160, height: 120);
            foreach (Frame frame in video)
                PngEncoder.Write(frame, Path.Combine(images, $"{frame.Index + 1}.png"));
            File.WriteAllLines(Path.Combine(data, $"video{i}", "groundtruth_rect.txt"), video.GroundTruth.Select(box => box.ToString()));
        }
        File.WriteAllText(Path.Combine(data, "video2", "groundtruth_rect.txt"), "no numbers");
        string output = Path.Combine(folder, "of folders");

        (int exit, string text, string errors) = RunTests.Run(
            "train", "--network", "cfnet-conv1", "--data", data, "--out", output, "--epochs", "1", "--pairs", "4", "--batch", "2",
            "--validation-pairs", "2", "--device", "cpu");

        Assert.That(exit, Is.Zero, errors);
        Assert.That(text, Does.Contain("2 videos"));
        Assert.That(errors.TrimEnd().Split('\n'), Has.Length.EqualTo(1).And.All.StartsWith("warning: ").And.All.Contains("video2"));
    }

    [Test]
    [Category("Slow")]
    public void Train_WhereAFileCannotBeWritten_WarnsGoesOnAndFailsAtTheEnd()
    {
        string output = Path.Combine(folder, "blocked");
        string blocked = Directory.CreateDirectory(Path.Combine(output, "best.safetensors", "in the way")).Parent!.FullName;

        (int exit, string text, string errors) = Train(output);

        Assert.That(exit, Is.EqualTo(TrainCommand.Failed));
        Assert.That(text, Does.Not.Contain("done"));
        Assert.That(errors, Does.Contain($"warning: {blocked}: cannot be written").And.Contain($"error: not written: {blocked}"));
        Assert.That(File.ReadAllLines(Path.Combine(output, "epochs.csv")), Has.Length.EqualTo(3));
        Assert.That(Directory.GetFileSystemEntries(output).Select(Path.GetFileName), Is.EquivalentTo(AllFiles));
    }

    [Test]
    public void Train_OverAnotherTraining_IsRefused()
    {
        string output = Path.Combine(folder, "taken");
        RunTests.Run(["train", .. Tiny, "--out", output], new CancellationToken(canceled: true));
        byte[] before = File.ReadAllBytes(Path.Combine(output, "last.safetensors"));

        Refused("give --resume", "--out", output, "--network", "cfnet-conv1", "--synthetic");
        Refused("--batch", "--out", output, "--resume", "--batch", "4");
        Refused("--seed", "--out", output, "--resume", "--seed", "2");
        Refused("--network", "--out", output, "--resume", "--network", "siamfc");

        Assert.That(File.ReadAllBytes(Path.Combine(output, "last.safetensors")), Is.EqualTo(before));
    }

    [TestCase("--network", "--synthetic")]
    [TestCase("no 'alexnet'", "--network", "alexnet", "--synthetic")]
    [TestCase("--data FOLDER", "--network", "siamfc")]
    [TestCase("--data FOLDER", "--network", "siamfc", "--synthetic", "--data", ".")]
    [TestCase("no such folder", "--network", "siamfc", "--data", "not/here")]
    [TestCase("missing.json", "--network", "missing.json", "--synthetic")]
    [TestCase("--tracking-scenes", "--network", "siamfc", "--synthetic", "--tracking-scenes", "-1")]
    [TestCase("--score-gain", "--network", "siamfc", "--synthetic", "--score-gain", "20")]
    [TestCase("--score-gain", "--network", "cfnet-conv1", "--synthetic", "--score-gain", "0")]
    [TestCase("--score-gain", "--from", "nothing.safetensors", "--synthetic", "--score-gain", "20")]
    [TestCase("--sources", "--network", "siamfc", "--data", ".", "--sources", ".")]
    [TestCase("--pairs", "--network", "siamfc", "--synthetic", "--pairs", "0")]
    [TestCase("at least the 8 pairs", "--network", "cfnet-conv1", "--synthetic", "--pairs", "7")]
    [TestCase("--validation-pairs", "--network", "siamfc", "--synthetic", "--validation-pairs", "-1")]
    [TestCase("--gray", "--network", "siamfc", "--synthetic", "--gray", "1.5")]
    [TestCase("together", "--network", "siamfc", "--synthetic", "--easy-negatives", "0.6", "--hard-negative-pairs", "0.6")]
    [TestCase("--loss triplet", "--network", "siamfc", "--synthetic", "--hard-negatives", "5")]
    [TestCase("--loaders", "--network", "siamfc", "--synthetic", "--loaders", "0")]
    [TestCase("momentum", "--network", "cfnet-conv1", "--synthetic", "--momentum", "1")]
    [TestCase("radii", "--network", "cfnet-conv1", "--synthetic", "--positive-radius", "1000")]
    [TestCase("nothing.safetensors", "--from", "nothing.safetensors", "--synthetic")]
    [TestCase("last.safetensors", "--resume")]
    [TestCase("--loss", "--network", "siamfc", "--synthetic", "--loss", "hinge")]
    public void Train_WithWhatCannotBe_IsRefused(string mention, params string[] arguments)
    {
        string output = Path.Combine(folder, "never");

        Refused(mention, [.. arguments, "--out", output, "--device", "cpu"]);

        Assert.That(Directory.Exists(output), Is.False);
    }

    [Test]
    public void Train_ANetworkThatAFileDescribes_TracksAfterEachEpoch()
    {
        NetworkDefinition small = NetworkDefinition.CfNetConv1 with
        {
            Name = "small",
            ExemplarSize = 63,
            SearchSize = 63,
            Layers = [new ConvolutionLayer("conv1", Size: 5, Stride: 2, InChannels: 3, OutChannels: 8, Groups: 1, BatchNorm: true, Relu: true)],
            Join = NetworkDefinition.CfNetConv1.Join with { Margin = 8 },
        };
        string described = Path.Combine(folder, "small.json"), output = Path.Combine(folder, "small");
        File.WriteAllText(described, small.ToJson());

        (int exit, string text, string errors) = RunTests.Run(
        [
            "train", "--network", described, "--synthetic", "--epochs", "2", "--pairs", "8", "--validation-pairs", "2", "--tracking-scenes", "1",
            "--score-gain", "20", "--first-rate", "0.000001", "--out", output, "--device", "cpu", "--threads", "1",
        ]);

        Assert.That(exit, Is.Zero, errors);
        Assert.That(text, Does.Contain("small, logistic loss"));
        string[][] table = [.. File.ReadAllLines(Path.Combine(output, "epochs.csv")).Select(line => line.Split(','))];
        int column = Array.IndexOf(table[0], "tracking_iou");
        double[] tracking = [.. table[1..].Select(row => double.Parse(row[column], System.Globalization.CultureInfo.InvariantCulture))];
        Assert.That(tracking, Has.Length.EqualTo(2).And.All.InRange(0.01, 1));
        NetworkWeights best = NetworkWeights.Load(Path.Combine(output, "best.safetensors"));
        Assert.That(best.RequireDefinition(), Is.EqualTo(small));
        Assert.That(best.Values("adjust.weight", 1, 1, 1, 1)[0], Is.EqualTo(20).Within(0.01));
        Assert.That(best.Values("adjust.bias", 1)[0], Is.EqualTo(-3.5).Within(0.01));
        Assert.That(double.Parse(best.Metadata["tracking mean IoU with restarts"], System.Globalization.CultureInfo.InvariantCulture), Is.EqualTo(tracking.Max()));
    }

    [Test]
    public void Train_OnAFolderWithoutVideos_IsRefused()
    {
        string data = Directory.CreateDirectory(Path.Combine(folder, "no videos")).FullName;

        Refused("no videos", "--network", "siamfc", "--data", data, "--out", Path.Combine(folder, "never"));
    }

    [Test]
    public void Train_FromAnotherNetwork_IsRefused()
    {
        string file = Path.Combine(folder, "conv2.safetensors");
        NetworkInitializer.Create(NetworkDefinition.CfNetConv2, seed: 1).Save(file);

        Refused("CFNet-conv2", "--network", "cfnet-conv1", "--from", file, "--synthetic", "--out", Path.Combine(folder, "never"));
    }

    [Test]
    public void Train_IntoAFileOrBelowOne_IsRefused()
    {
        string file = Path.Combine(folder, "file");
        File.WriteAllText(file, "");

        Refused("cannot be written", [.. Tiny, "--out", file]);
        Refused("cannot be written", [.. Tiny, "--out", Path.Combine(file, "below")]);
    }

    [Test]
    [Needs(Need.Unix)]
    [Category("Slow")]
    public void Train_AskedToTerminate_EndsWithACheckpoint()
    {
        string output = Path.Combine(folder, "terminated");
        using Process training = Start(
            "--network", "cfnet-conv1", "--synthetic", "--pairs", "8", "--validation-pairs", "0", "--device", "cpu", "--out", output);
        WaitForAnEpoch(training);

        using (Process signal = Process.Start("kill", ["-TERM", $"{training.Id}"]))
            signal.WaitForExit();
        string rest = training.StandardOutput.ReadToEnd();
        training.WaitForExit();

        Assert.That(training.ExitCode, Is.EqualTo(Interrupt.ExitCode), rest);
        Assert.That(rest, Does.Contain("to go on: train --resume --out"));
        Assert.That(NetworkWeights.Load(Path.Combine(output, "last.safetensors")).Metadata, Contains.Key("training"));
    }

    [Test]
    [Category("Slow")]
    public void Train_KilledWhileItWritesACheckpoint_KeepsTheOneBefore()
    {
        const int Kills = 3;
        string output = Path.Combine(folder, "killed");
        string[] arguments =
        [
            "--network", "cfnet-conv1", "--synthetic", "--pairs", "1", "--batch", "1", "--validation-pairs", "0", "--device", "cpu",
            "--out", output,
        ];
        int hits = 0;
        for (int i = 0; i < Kills; i++)
        {
            using Process training = Start(arguments);
            WaitForAnEpoch(training);
            // A file under way is there for a moment only: as soon as it is seen, the process goes.
            while (!training.HasExited && Unfinished().Length == 0)
            {
            }
            training.Kill();
            training.WaitForExit();
            hits += Unfinished().Length;

            Assert.That(NetworkWeights.Load(Path.Combine(output, "last.safetensors")).Metadata, Contains.Key("training"));
            arguments = ["--resume", "--out", output, "--device", "cpu"];
        }
        (int exit, _, string errors) = RunTests.Run(["train", .. arguments], new CancellationToken(canceled: true));
        TestContext.Out.WriteLine($"{hits} of {Kills} kills left an unfinished file");
        Assert.That(exit, Is.EqualTo(Interrupt.ExitCode), errors);
        Assert.That(Unfinished(), Is.Empty);

        string[] Unfinished() => Directory.GetFiles(output, "last.safetensors.*.part");
    }

    [Test]
    public void CurvesPage_IsXmlWithAPointAnEpoch([Values(1, 2, 7, 100)] int epochs)
    {
        EpochReport[] history = [.. Enumerable.Range(0, epochs).Select(i =>
            new EpochReport(i, 0.01f / (i + 1), 0.7 / (i + 1), new ValidationReport(0.8 / (i + 1), 20.5 / (i + 1), 0.5), 12.3))];

        var page = XDocument.Parse(CurvesPage.Of("Net <1>", "train --out \"a & b\" </code><script>", 100, history));

        Assert.That(Points(page), Has.Count.EqualTo(5).And.All.EqualTo(epochs));
        Assert.That(page.Descendants("tr").Count(), Is.EqualTo(epochs + 1));
        Assert.That(page.Descendants("script"), Is.Empty);
        Assert.That(page.Descendants("title").First().Value, Does.Contain("Net <1>").And.Contain("\"a & b\""));
    }

    [Test]
    public void CurvesPage_LeavesOutWhatIsNoNumber()
    {
        EpochReport[] history =
        [
            new EpochReport(0, 0.01f, 0.5, new ValidationReport(double.NaN, double.NaN, double.NaN), 1),
            new EpochReport(1, 0.01f, 0.4, new ValidationReport(double.PositiveInfinity, 3, 0.5), 1),
        ];

        string page = CurvesPage.Of("net", "train", 2, history);

        Assert.That(Points(XDocument.Parse(page)), Is.EqualTo(new[] { 2, 0, 1, 1, 2 }));
        string charts = page[page.IndexOf("<svg", StringComparison.Ordinal)..page.IndexOf("<table", StringComparison.Ordinal)];
        Assert.That(charts, Does.Not.Contain("NaN"));
    }

    [TestCase(3.4, "3 s")]
    [TestCase(61, "1 min 1 s")]
    [TestCase(7260, "2 h 1 min")]
    [TestCase(90000, "1 d 1 h")]
    [TestCase(double.PositiveInfinity, "?")]
    public void Time_IsSaidInTwoUnits(double seconds, string text) => Assert.That(TrainingProgress.Time(seconds), Is.EqualTo(text));

    private static (int Exit, string Output, string Errors) Train(string output, params string[] more) =>
        RunTests.Run(["train", .. Tiny, "--out", output, .. more]);

    private static void Refused(string mention, params string[] arguments)
    {
        (int exit, _, string errors) = RunTests.Run(["train", .. arguments]);

        Assert.That(exit, Is.EqualTo(2), errors);
        Assert.That(errors.TrimEnd().Split('\n'), Has.Length.EqualTo(1), errors);
        Assert.That(errors, Does.StartWith("error: ").And.Contain(mention));
    }

    /// <summary>Points of each line of the charts.</summary>
    private static List<int> Points(XDocument page) =>
    [
        .. page.Descendants("polyline").Select(line => line.Attribute("points")!.Value)
            .Select(points => points.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length),
    ];

    /// <summary>The table without its last column, the speed.</summary>
    private static string[] Losses(string output) =>
        [.. File.ReadLines(Path.Combine(output, "epochs.csv")).Select(line => line[..line.LastIndexOf(',')])];

    private static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(CommandLineHost).Assembly.Location, "train", .. arguments])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        return Process.Start(start)!;
    }

    private static void WaitForAnEpoch(Process training)
    {
        while (training.StandardOutput.ReadLine() is { } line)
        {
            if (line.Length > 5 && char.IsAsciiDigit(line[4]))
                return;
        }
        Assert.Fail("ended before its first epoch");
    }
}
