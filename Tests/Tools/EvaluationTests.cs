using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Media;
using SiamIlgpu.Networks;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tests.Tools;

/// <summary>The verbs eval and merge from their command lines: figures, files, parts, going on, and what they refuse.</summary>
[TestFixture]
[NonParallelizable] // The console is one for the whole process.
internal sealed class EvaluationTests
{
    private const int Frames = 24;
    private static readonly string[] Sequences = ["Alpha", "Beta", "Gamma"];

    private string folder = "";
    private string dataset = "";
    private string model = "";
    private string other = "";
    private string boxes = "";

    [OneTimeSetUp]
    public void MakeADataSetAndModels()
    {
        folder = Directory.CreateTempSubdirectory("SiamIlgpu").FullName;
        dataset = Path.Combine(folder, "made-up");
        boxes = Directory.CreateDirectory(Path.Combine(folder, "theirs")).FullName;
        for (int i = 0; i < Sequences.Length; i++)
        {
            string images = Directory.CreateDirectory(Path.Combine(dataset, Sequences[i], "img")).FullName;
            using var video = new SyntheticVideo(seed: i + 1, frameCount: Frames, width: 160, height: 120);
            foreach (Frame frame in video)
                PngEncoder.Write(frame, Path.Combine(images, $"{frame.Index + 1:D4}.png"));
            File.WriteAllLines(Path.Combine(dataset, Sequences[i], "groundtruth_rect.txt"), video.GroundTruth.Select(b => b.ToString()));
            File.WriteAllLines(
                Path.Combine(boxes, $"{Sequences[i].ToLowerInvariant()}.txt"),
                video.GroundTruth.Select((b, n) => (b with { X = b.X + n / 2.0 + i }).ToString()));
        }
        model = Path.Combine(folder, "first.safetensors");
        other = Path.Combine(folder, "second.safetensors");
        NetworkInitializer.Create(NetworkDefinition.CfNetConv1, seed: 1).Save(model);
        NetworkInitializer.Create(NetworkDefinition.CfNetConv1, seed: 2).Save(other);
    }

    [OneTimeTearDown]
    public void Delete() => Directory.Delete(folder, recursive: true);

    /// <summary>
    /// A second scoring of published boxes, written down plainly and apart from the library: its own reading, its own overlap, its
    /// own loops.
    /// </summary>
    [TestCase("otb-siamfc")]
    [TestCase("otb-cfnet")]
    [Needs(Need.SharedData)]
    public void Eval_OfPublishedBoxes_AgreesWithASecondScoring(string tracker)
    {
        string sequences = SharedData.Require("sequences/otb"), results = SharedData.Require($"results/{tracker}");
        string json = Path.Combine(folder, $"{tracker}.json");

        (int exit, _, string errors) = RunTests.Run("eval", "--dataset", sequences, "--format", "otb", "--results", results, "--json", json);

        Assert.That(exit, Is.Zero, errors);
        JsonElement scored = ReadJson(json).GetProperty("trackers")[0];
        Assert.That(scored.GetProperty("name").GetString(), Is.EqualTo(tracker));
        double aucSum = 0, precisionSum = 0, iouSum = 0;
        int count = 0;
        foreach (JsonElement sequence in scored.GetProperty("sequences").EnumerateArray())
        {
            string name = sequence.GetProperty("name").GetString()!;
            string[] parts = name.Split('.');
            string truthFile = parts.Length == 2
                ? $"{sequences}/{parts[0]}/groundtruth_rect.{parts[1]}.txt"
                : $"{sequences}/{name}/groundtruth_rect.txt";
            string boxFile = parts.Length == 2 ? $"{results}/{parts[0].ToLowerInvariant()}_{parts[1]}.txt" : $"{results}/{name}.txt";
            double[][] truth = Numbers(truthFile), tracked = Numbers(boxFile);
            int n = truth.Length;

            int near = 0;
            double ious = 0;
            int[] above = new int[21];
            for (int i = 0; i < n; i++)
            {
                double[] a = tracked[i], b = truth[i];
                double across = Math.Max(0, Math.Min(a[0] + a[2], b[0] + b[2]) - Math.Max(a[0], b[0]));
                double down = Math.Max(0, Math.Min(a[1] + a[3], b[1] + b[3]) - Math.Max(a[1], b[1]));
                double iou = across * down / (a[2] * a[3] + b[2] * b[3] - across * down);
                ious += iou;
                for (int t = 0; t <= 20; t++)
                {
                    if (iou > 0.05 * t)
                        above[t]++;
                }
                double dx = a[0] + a[2] / 2 - b[0] - b[2] / 2, dy = a[1] + a[3] / 2 - b[1] - b[3] / 2;
                if (dx * dx + dy * dy <= 400)
                    near++;
            }
            double auc = 0;
            for (int t = 0; t <= 20; t++)
                auc += above[t] / (double)n / 21;

            Assert.That(sequence.GetProperty("frames").GetInt32(), Is.EqualTo(n), name);
            Assert.That(sequence.GetProperty("auc").GetDouble(), Is.EqualTo(auc).Within(1e-6), name);
            Assert.That(sequence.GetProperty("precision20").GetDouble(), Is.EqualTo(near / (double)n).Within(1e-6), name);
            Assert.That(sequence.GetProperty("meanIou").GetDouble(), Is.EqualTo(ious / n).Within(1e-6), name);
            aucSum += auc;
            precisionSum += near / (double)n;
            iouSum += ious / n;
            count++;
        }
        Assert.That(count, Is.EqualTo(14));
        Assert.That(scored.GetProperty("auc").GetDouble(), Is.EqualTo(aucSum / count).Within(1e-6));
        Assert.That(scored.GetProperty("precision20").GetDouble(), Is.EqualTo(precisionSum / count).Within(1e-6));
        Assert.That(scored.GetProperty("meanIou").GetDouble(), Is.EqualTo(iouSum / count).Within(1e-6));
    }

    [Test]
    public void Eval_OfModelsAndBoxes_WritesTablesAndTheTrackersBoxes()
    {
        string json = Path.Combine(folder, "all.json"), csv = Path.Combine(folder, "all.csv"), output = Path.Combine(folder, "all");

        (int exit, string text, string errors) = Eval("--model", model, "--results", boxes, "--json", json, "--csv", csv, "--out", output);

        Assert.That(exit, Is.Zero, errors);
        Assert.That(text, Does.Contain("Alpha").And.Contain("first").And.Contain("theirs").And.Contain("precision 20 px"));
        JsonElement root = ReadJson(json);
        Assert.That((root.GetProperty("dataset").GetString(), root.GetProperty("protocol").GetString()), Is.EqualTo(("made-up", "ope")));
        JsonElement[] trackers = [.. root.GetProperty("trackers").EnumerateArray()];
        Assert.That(trackers.Select(t => t.GetProperty("name").GetString()), Is.EqualTo(new[] { "first", "theirs" }));
        Assert.That(trackers[0].GetProperty("fps").GetDouble(), Is.Positive);
        Assert.That(trackers[1].GetProperty("fps").ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That(trackers[0].GetProperty("sequences").EnumerateArray().Select(s => s.GetProperty("name").GetString()), Is.EqualTo(Sequences));
        Assert.That(trackers[0].GetProperty("sequences")[1].GetProperty("fpsWithDecoding").GetDouble(), Is.Positive);
        string[] table = File.ReadAllLines(csv);
        Assert.That(table, Has.Length.EqualTo(1 + 2 * (Sequences.Length + 1)));
        Assert.That(table[0], Is.EqualTo("tracker,sequence,auc,precision20,normalizedPrecision,meanIou,frames,fps,fpsWithDecoding"));
        Assert.That(table[4], Does.StartWith("first,(all),").And.Contain($",{3 * Frames},"));

        // The boxes are those of the verb track.
        string tracked = Path.Combine(folder, "tracked.txt");
        RunTests.Run(
            "track", "--model", model, "--input", Path.Combine(dataset, "Beta", "img"), "--groundtruth", Path.Combine(dataset, "Beta", "groundtruth_rect.txt"),
            "--boxes", tracked, "--device", "cpu");
        Assert.That(Numbers(Path.Combine(output, "trackers", "first", "ope", "Beta.txt")), Is.EqualTo(Numbers(tracked)).Within(5.1e-5));
    }

    [TestCase("ope")]
    [TestCase("sre")]
    [TestCase("vot")]
    [Category("Slow")]
    public void Merge_OfThreeParts_IsOneRun_ByteForByte(string protocol)
    {
        string[] more = protocol switch
        {
            "ope" => ["--model", other, "--results", boxes],
            "sre" => ["--sequences", "Alpha"],
            _ => [],
        };
        string[] what = ["--model", model, "--protocol", protocol, .. more];
        string whole = Path.Combine(folder, $"{protocol}-whole");
        string[] parts = [.. Enumerable.Range(1, 3).Select(i => Path.Combine(folder, $"{protocol}-part{i}"))];
        (int exit, string text, string errors) = Eval([.. what, "--out", whole, "--jobs", "1", .. Reports(whole)]);
        Assert.That(exit, Is.Zero, errors);

        // From the last to the first, with other numbers of runs at a time.
        for (int i = 3; i >= 1; i--)
        {
            (exit, string said, errors) = Eval([.. what, "--shard", $"{i}/3", "--out", parts[i - 1], "--jobs", $"{i}"]);
            Assert.That(exit, Is.Zero, errors);
            Assert.That(said, Does.Contain($"part {i} of 3"));
        }
        (exit, string merged, errors) = RunTests.Run(["merge", .. parts, .. Reports(parts[0])]);

        Assert.That(exit, Is.Zero, errors);
        Assert.That(merged, Is.EqualTo(text));
        AssertSameReports(parts[0], whole);
        string[] files = [.. BoxFiles(whole)];
        Assert.That(files, Has.Length.EqualTo(protocol switch { "ope" => 9, "sre" => 12, _ => 3 }));
        Assert.That(parts.SelectMany(BoxFiles), Is.EquivalentTo(files));
        foreach (string part in parts)
        {
            foreach (string file in BoxFiles(part))
                Assert.That(File.ReadAllBytes(Path.Combine(part, file)), Is.EqualTo(File.ReadAllBytes(Path.Combine(whole, file))), file);
        }
    }

    [Test]
    [Category("Slow")]
    public void Eval_Interrupted_GoesOnAndEndsAlike()
    {
        string whole = Path.Combine(folder, "uninterrupted"), output = Path.Combine(folder, "interrupted");
        string[] what = ["--model", model, "--sequences", "Alpha", "--protocol", "tre", "--jobs", "2"];
        Eval([.. what, "--out", whole, .. Reports(whole)]);
        using var stop = new CancellationTokenSource();
        // Called from time to time until the fifth run is written.
        using var watch = new Timer(
            _ =>
            {
                if (BoxFiles(output).Count() >= 5)
                    stop.Cancel();
            },
            null, 0, 5);

        (int exit, _, string errors) = RunTests.Run(Line([.. what, "--out", output]), stop.Token);
        watch.Change(Timeout.Infinite, Timeout.Infinite);

        Assert.That(exit, Is.EqualTo(130), errors);
        Assert.That(errors, Does.Contain("the same command goes on"));
        string[] kept = [.. BoxFiles(output)];
        Assert.That(kept, Has.Length.InRange(5, BoxFiles(whole).Count() - 1));
        DateTime[] written = [.. kept.Select(f => File.GetLastWriteTimeUtc(Path.Combine(output, f)))];

        (exit, _, errors) = Eval([.. what, "--out", output, .. Reports(output)]);

        Assert.That(exit, Is.Zero, errors);
        Assert.That(errors, Does.Contain($"{kept.Length} runs are there already"));
        Assert.That(kept.Select(f => File.GetLastWriteTimeUtc(Path.Combine(output, f))), Is.EqualTo(written));
        AssertSameReports(output, whole);
    }

    [Test]
    [Category("Slow")]
    public void Eval_WithHalfAResult_TracksItAgain()
    {
        string output = Path.Combine(folder, "half");
        Eval("--model", model, "--out", output, "--no-timing", "--json", $"{output}.json");
        byte[] json = File.ReadAllBytes($"{output}.json");
        string alpha = Path.Combine(output, "trackers", "first", "ope", "Alpha.txt"), beta = Path.Combine(output, "trackers", "first", "ope", "Beta.json");
        string gamma = Path.Combine(output, "trackers", "first", "ope", "Gamma.json");
        byte[] good = File.ReadAllBytes(alpha);
        File.WriteAllBytes(alpha, good[..(good.Length / 2)]);
        File.Delete(beta);
        File.WriteAllText(gamma, "{ \"boxes\":");

        (int exit, _, string errors) = Eval("--model", model, "--out", output, "--no-timing", "--json", $"{output}.json");

        Assert.That(exit, Is.Zero, errors);
        Assert.That(errors, Does.Contain("2 stored runs cannot be used (damaged)").And.Not.Contain("there already"));
        Assert.That(File.ReadAllBytes(alpha), Is.EqualTo(good));
        Assert.That(File.ReadAllBytes($"{output}.json"), Is.EqualTo(json));
    }

    [TestCase("weights")]
    [TestCase("parameters", Category = "Slow")]
    [TestCase("frames", Category = "Slow")]
    [TestCase("ground truth", Category = "Slow")]
    [TestCase("program", Category = "Slow")]
    public void Eval_OfWhatHasChanged_NeverUsesOldResults(string changed)
    {
        string output = Path.Combine(folder, $"stale {changed}"), copy = Path.Combine(output, "data"), weights = Path.Combine(output, "net.safetensors");
        Directory.CreateDirectory(Path.Combine(copy, "img"));
        foreach (string file in Directory.GetFiles(Path.Combine(dataset, "Alpha", "img")))
            File.Copy(file, Path.Combine(copy, "img", Path.GetFileName(file)));
        string truth = Path.Combine(copy, "groundtruth_rect.txt"), results = Path.Combine(output, "results");
        File.Copy(Path.Combine(dataset, "Alpha", "groundtruth_rect.txt"), truth);
        File.Copy(model, weights);
        string[] line = ["eval", "--dataset", copy, "--format", "otb", "--model", weights, "--device", "cpu"];
        RunTests.Run([.. line, "--out", results]);
        Assert.That(RunTests.Run([.. line, "--out", results]).Errors, Does.Contain("1 runs are there already"));

        switch (changed)
        {
            case "weights":
                File.Copy(other, weights, overwrite: true);
                break;
            case "parameters":
                line = [.. line, "--preset", "cfnet-conv2"];
                break;
            case "frames":
                // Another picture in the place of one, with its name.
                File.Copy(Path.Combine(copy, "img", "0005.png"), Path.Combine(copy, "img", "0009.png"), overwrite: true);
                break;
            case "ground truth":
                File.WriteAllLines(truth, File.ReadAllLines(truth).Select((text, i) => i == 7 ? "1,2,30,40" : text));
                break;
            case "program":
                string identity = Path.Combine(results, "trackers", "net", "ope", "data.json");
                File.WriteAllText(identity, File.ReadAllText(identity).Replace("\"program\": \"0", "\"program\": \"9", StringComparison.Ordinal));
                break;
        }
        string fresh = Path.Combine(output, "fresh");
        (int exit, _, string errors) = RunTests.Run([.. line, "--out", results]);
        RunTests.Run([.. line, "--out", fresh]);

        Assert.That(exit, Is.Zero, errors);
        Assert.That(errors, Does.Contain($"1 stored runs cannot be used (other {changed}) and are tracked again").And.Not.Contain("there already"));
        Assert.That(
            File.ReadAllBytes(Path.Combine(results, "trackers", "net", "ope", "data.txt")),
            Is.EqualTo(File.ReadAllBytes(Path.Combine(fresh, "trackers", "net", "ope", "data.txt"))));
    }

    [Test]
    public void Eval_WithVotsProtocol_InitializesAgainFiveFramesAfterAFailure()
    {
        // The truth leaps to where no tracker is: a failure in the third frame.
        string leaping = Path.Combine(folder, "leaping");
        Directory.CreateDirectory(leaping);
        foreach (string file in Directory.GetFiles(Path.Combine(dataset, "Alpha", "img")))
            File.Copy(file, Path.Combine(leaping, Path.GetFileName(file)));
        File.WriteAllLines(
            Path.Combine(leaping, "groundtruth.txt"), Enumerable.Range(0, 9).Select(i => i < 2 ? "20,20,12,12" : "130,20,142,20,142,32,130,32"));
        string output = Path.Combine(folder, "vot"), json = Path.Combine(folder, "vot.json");

        (int exit, _, string errors) = RunTests.Run(
            "eval", "--dataset", leaping, "--format", "vot", "--model", model, "--device", "cpu", "--out", output, "--json", json, "--eao-interval", "2,4");

        Assert.That(exit, Is.Zero, errors);
        string[] lines = File.ReadAllLines(Path.Combine(output, "trackers", "first", "vot", "leaping.txt"));
        Assert.That(lines[0], Is.EqualTo("1"));
        Assert.That(lines[1], Does.Contain(","));
        Assert.That(lines[2..8], Is.EqualTo(new[] { "2", "0", "0", "0", "0", "1" }));
        Assert.That(lines, Has.Length.EqualTo(9));
        JsonElement tracker = ReadJson(json).GetProperty("trackers")[0];
        Assert.That(tracker.GetProperty("failures").GetInt32(), Is.EqualTo(1));
        Assert.That(tracker.GetProperty("robustness").GetDouble(), Is.EqualTo(100 / 9.0).Within(1e-9));
        Assert.That(tracker.GetProperty("accuracy").GetDouble(), Is.Zero, "nothing but burn-in");
        Assert.That(tracker.GetProperty("eao").GetDouble(), Is.GreaterThan(0).And.LessThan(1));

        // Its result files are what VOT's toolkit writes, and can be scored as such.
        string again = Path.Combine(folder, "vot-again.json");
        (exit, _, errors) = RunTests.Run(
            "eval", "--dataset", leaping, "--format", "vot", "--results", Path.Combine(output, "trackers", "first", "vot"), "--json", again, "--eao-interval", "2,4");
        Assert.That(exit, Is.Zero, errors);
        Assert.That(ReadJson(again).GetProperty("trackers")[0].GetProperty("eao").GetDouble(), Is.EqualTo(tracker.GetProperty("eao").GetDouble()));
    }

    [Test]
    public void Eval_WithCfNetsProtocol_EndsARunAtItsFailure()
    {
        string output = Path.Combine(folder, "cfnet"), leaping = Path.Combine(folder, "leaping-otb");
        Directory.CreateDirectory(leaping);
        Directory.CreateDirectory(Path.Combine(leaping, "img"));
        foreach (string file in Directory.GetFiles(Path.Combine(dataset, "Alpha", "img")))
            File.Copy(file, Path.Combine(leaping, "img", Path.GetFileName(file)));
        File.WriteAllLines(Path.Combine(leaping, "groundtruth_rect.txt"), Enumerable.Range(0, 9).Select(i => i < 2 ? "20,20,12,12" : "130,20,12,12"));

        (int exit, string text, string errors) = RunTests.Run(
            "eval", "--dataset", leaping, "--format", "otb", "--protocol", "cfnet", "--model", model, "--device", "cpu", "--out", output);

        Assert.That(exit, Is.Zero, errors);
        Assert.That(text, Does.Contain("CFNet overlap"));
        // Starts at 1, 1 + 8/3 and 1 + 16/3, rounded: 1, 4, 6.
        Assert.That(
            Directory.GetDirectories(Path.Combine(output, "trackers", "first")).Select(Path.GetFileName),
            Is.EquivalentTo(new[] { "cfnet-01", "cfnet-02", "cfnet-03" }));
        string[] first = File.ReadAllLines(Path.Combine(output, "trackers", "first", "cfnet-01", "leaping-otb.txt"));
        Assert.That(first, Has.Length.EqualTo(9));
        Assert.That(first[..3], Has.All.Contain(","), "the box that failed is still one");
        Assert.That(first[3..], Has.All.EqualTo("0"));
        Assert.That(File.ReadAllLines(Path.Combine(output, "trackers", "first", "cfnet-03", "leaping-otb.txt")), Has.Length.EqualTo(4));
    }

    [Test]
    public void Eval_OfGot10k_LeavesTheFirstFrameOut()
    {
        string got = Path.Combine(folder, "got"), results = Directory.CreateDirectory(Path.Combine(folder, "got-results", "One")).FullName;
        string one = Directory.CreateDirectory(Path.Combine(got, "One")).FullName, json = Path.Combine(folder, "got.json");
        for (int i = 1; i <= 4; i++)
            File.Copy(Path.Combine(dataset, "Alpha", "img", $"{i:D4}.png"), Path.Combine(one, $"{i:D8}.png"));
        File.WriteAllLines(Path.Combine(one, "groundtruth.txt"), ["10,10,10,10", "10,10,10,10", "10,10,10,10", "10,10,10,10"]);
        File.WriteAllLines(Path.Combine(one, "absence.label"), ["0", "0", "0", "1"]);
        // A third, and 0.6: 10 x 6 of 100.
        File.WriteAllLines(Path.Combine(results, "One_001.txt"), ["10,10,10,10", "15,10,10,10", "10,10,10,6", "10,10,10,10"]);

        (int exit, _, string errors) = RunTests.Run(
            "eval", "--dataset", got, "--format", "got10k", "--results", Path.GetDirectoryName(results)!, "--json", json);

        Assert.That(exit, Is.Zero, errors);
        JsonElement tracker = ReadJson(json).GetProperty("trackers")[0];
        Assert.That(tracker.GetProperty("ao").GetDouble(), Is.EqualTo((1 / 3.0 + 0.6) / 2).Within(1e-12));
        Assert.That((tracker.GetProperty("sr50").GetDouble(), tracker.GetProperty("sr75").GetDouble()), Is.EqualTo((0.5, 0.0)));
    }

    [Test]
    public void Eval_OfTooFewOrTooManyLines_SaysSo_AndCountsMisses()
    {
        string few = Directory.CreateDirectory(Path.Combine(folder, "few")).FullName, json = Path.Combine(folder, "few.json");
        string[] truth = File.ReadAllLines(Path.Combine(dataset, "Alpha", "groundtruth_rect.txt"));
        File.WriteAllLines(Path.Combine(few, "Alpha.txt"), truth[..12]);
        File.WriteAllLines(Path.Combine(few, "Beta.txt"), [.. File.ReadLines(Path.Combine(dataset, "Beta", "groundtruth_rect.txt")), "1,2,3,4"]);

        (int exit, _, string errors) = Eval("--results", few, "--sequences", "alpha,Beta", "--json", json);

        Assert.That(exit, Is.Zero, errors);
        Assert.That(errors, Does.Contain("12 lines for 24 of ground truth; frames without a line count as misses"));
        Assert.That(errors, Does.Contain("25 lines for 24 of ground truth; the last 1 do not count"));
        JsonElement sequences = ReadJson(json).GetProperty("trackers")[0].GetProperty("sequences");
        Assert.That(sequences[0].GetProperty("meanIou").GetDouble(), Is.EqualTo(0.5).Within(1e-12));
        Assert.That(sequences[0].GetProperty("precision20").GetDouble(), Is.EqualTo(0.5).Within(1e-12));
        Assert.That(sequences[1].GetProperty("meanIou").GetDouble(), Is.EqualTo(1).Within(1e-12));
    }

    [Test]
    public void Eval_OfTwoOfOneName_CallsThemByTheirFolders()
    {
        string a = Directory.CreateDirectory(Path.Combine(folder, "a", "best")).FullName, b = Directory.CreateDirectory(Path.Combine(folder, "b", "best")).FullName;
        foreach (string copy in (string[])[a, b])
            File.Copy(Path.Combine(boxes, "alpha.txt"), Path.Combine(copy, "alpha.txt"));

        Assert.That(Eval("--results", a, "--results", b, "--sequences", "Alpha").Output, Does.Contain("a-best").And.Contain("b-best"));
        Refused("'a-best'", Line("--results", a, "--results", a, "--sequences", "Alpha"));
    }

    [Test]
    public void Report_IsWellFormed_AndNeedsNoOtherFile()
    {
        string html = Path.Combine(folder, "report.html");
        Eval("--model", model, "--results", boxes, "--html", html);

        XDocument page = XDocument.Load(html);

        XElement[] all = [.. page.Descendants()];
        Assert.That(all.Count(e => e.Name.LocalName == "polyline"), Is.EqualTo(6), "three plots of two trackers");
        Assert.That(all.Count(e => e.Name.LocalName == "image"), Is.EqualTo(6 * Sequences.Length));
        Assert.That(all.Where(e => e.Name.LocalName is "script" or "link" or "iframe"), Is.Empty);
        Assert.That(all.Attributes().Where(a => a.Name.LocalName is "href" or "src").Select(a => a.Value), Has.All.StartsWith("data:image/png;base64,"));
        Assert.That(all.Count(e => (string?)e.Attribute("class") == "truth"), Is.EqualTo(6 * Sequences.Length + 1));
        Assert.That(all.Count(e => (string?)e.Attribute("class") == "box k0"), Is.EqualTo(6 * Sequences.Length));
        Assert.That(all.Count(e => (string?)e.Attribute("class") == "box k1"), Is.EqualTo(6 * Sequences.Length));
    }

    [Test]
    [Needs(Need.Browser)]
    public async Task Report_OpensInChromium_WithoutConsoleErrors()
    {
        using var browser = Chromium.Start();
        string html = Path.Combine(folder, "chromium.html"), faulty = Path.Combine(folder, "faulty.html");
        Eval("--model", model, "--results", boxes, "--html", html);
        File.WriteAllText(faulty, "<!DOCTYPE html><title>x</title><script>console.error('seen')</script><img src='missing.png'>");

        await using ChromiumPage report = await browser.OpenAsync(new Uri(html).AbsoluteUri);
        string? heading = (string?)await report.EvaluateAsync("document.querySelector('h1').textContent");
        await using ChromiumPage wrong = await browser.OpenAsync(new Uri(faulty).AbsoluteUri);

        Assert.That(heading, Does.Contain("Evaluation on made-up"));
        Assert.That(report.Problems, Is.Empty);
        Assert.That(wrong.Problems, Is.Not.Empty, "errors are seen at all");
    }

    [Test]
    [Category("Slow")]
    public void Eval_WithAGrayModel_TakesItForGrayVideoAlone()
    {
        string mixed = Path.Combine(folder, "mixed"), store = Path.Combine(folder, "mixed-runs");
        foreach (string name in Sequences[..2])
        {
            bool gray = name == "Beta";
            string images = Directory.CreateDirectory(Path.Combine(mixed, name, "img")).FullName;
            foreach (string file in Directory.EnumerateFiles(Path.Combine(dataset, name, "img")))
            {
                Frame frame = ImageReader.Read(file);
                for (int i = 0; gray && i < frame.Pixels.Length; i += 3)
                    frame.Pixels.Slice(i, 3).Fill(frame.Pixels[i + 1]);
                PngEncoder.Write(frame, Path.Combine(images, Path.GetFileName(file)));
            }
            File.Copy(Path.Combine(dataset, name, "groundtruth_rect.txt"), Path.Combine(mixed, name, "groundtruth_rect.txt"));
        }

        string[] line = ["eval", "--dataset", mixed, "--format", "otb", "--out"];
        Assert.That(RunTests.Run([.. line, store, "--model", model, "--gray-model", other]).Exit, Is.Zero);
        Assert.That(RunTests.Run([.. line, $"{store}-alone", "--model", model, "--model", other]).Exit, Is.Zero);

        Assert.That(Boxes(store, "first", "Alpha"), Is.EqualTo(Boxes($"{store}-alone", "first", "Alpha")));
        Assert.That(Boxes(store, "first", "Beta"), Is.EqualTo(Boxes($"{store}-alone", "second", "Beta")));
        Assert.That(Boxes($"{store}-alone", "first", "Beta"), Is.Not.EqualTo(Boxes($"{store}-alone", "second", "Beta")), "the networks differ");

        static string Boxes(string store, string tracker, string sequence) =>
            File.ReadAllText(Path.Combine(store, "trackers", tracker, "ope", $"{sequence}.txt"));
    }

    [Test]
    public void Eval_OfWhatCannotBe_IsRefused()
    {
        string empty = Directory.CreateDirectory(Path.Combine(folder, "nothing")).FullName;
        string broken = Directory.CreateDirectory(Path.Combine(folder, "broken")).FullName;
        File.WriteAllText(Path.Combine(broken, "Alpha.txt"), "1,2,3,4\n1,2,three,4\n");

        Refused("no OTB sequence", "eval", "--dataset", empty, "--format", "otb");
        Refused("no file for Alpha, Beta, Gamma", Line("--results", empty));
        Refused("Alpha.txt: line 2", Line("--results", broken, "--sequences", "Alpha"));
        Refused("has no Delta", Line("--results", boxes, "--sequences", "Alpha,Delta"));
        Refused("several runs", Line("--results", boxes, "--protocol", "tre"));
        Refused("code 1", Line("--results", boxes, "--protocol", "vot"));
        Refused("absent.mat", Line("--model", Path.Combine(folder, "absent.mat")));
        Refused("no 'fast'", Line("--preset", "fast"));
        Refused("same layers", Line("--model", model, "--gray-model", model, "--gray-model", other));
        Refused("no model has the layers", Line("--results", boxes, "--gray-model", other));
        Refused("needs --out", Line("--shard", "1/2"));
        Refused("I/N", Line("--shard", "3/2", "--out", Path.Combine(folder, "never")));
        Refused("merge", Line("--shard", "1/2", "--out", Path.Combine(folder, "never"), "--json", Path.Combine(folder, "never.json")));
        Refused("LOW,HIGH", Line("--eao-interval", "5,2"));
        Refused("--jobs", Line("--jobs", "-1"));
        Refused("nowhere", Line("--html", Path.Combine(folder, "nowhere", "x.html")));
        Refused("abacus", Line("--device", "abacus", "--model", model));
        Refused("format", "eval", "--dataset", dataset, "--format", "kitti");
    }

    [Test]
    public void Merge_OfWhatDoesNotBelongTogether_IsRefused()
    {
        string one = Path.Combine(folder, "merge1"), two = Path.Combine(folder, "merge2"), third = Path.Combine(folder, "merge3");
        Eval("--model", model, "--shard", "1/2", "--out", one);
        Eval("--model", model, "--shard", "2/2", "--out", two);
        Eval("--model", other, "--shard", "2/2", "--out", third);
        string json = Path.Combine(folder, "never.json");

        File.WriteAllText(Path.Combine(two, "trackers", "first", "ope", "Beta.txt"), "1,2,3,4\n");
        Refused("1 of 3 runs are missing or were made otherwise, the first is first/ope/Beta", "merge", one, two, "--json", json);
        Refused("no part has results for Beta", "merge", one, "--json", json);
        Refused("the trackers, their weights", "merge", one, third, "--json", json);
        Refused("no results of an evaluation", "merge", dataset, "--json", json);
        File.WriteAllText(Path.Combine(two, "manifest.json"), "{}");
        Refused("damaged", "merge", one, two, "--json", json);
    }

    private static JsonElement ReadJson(string file)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
        return document.RootElement.Clone();
    }

    private static double[][] Numbers(string file) =>
    [
        .. File.ReadLines(file).Where(line => line.Length > 0).Select(line =>
            (double[])[.. line.Split([',', '\t', ' '], StringSplitOptions.RemoveEmptyEntries).Select(n => double.Parse(n, CultureInfo.InvariantCulture))]),
    ];

    private static string[] Reports(string stem) => ["--no-timing", "--json", $"{stem}.json", "--csv", $"{stem}.csv", "--html", $"{stem}.html"];

    private static void AssertSameReports(string stem, string expected)
    {
        foreach (string extension in (string[])["json", "csv", "html"])
        {
            byte[] bytes = File.ReadAllBytes($"{stem}.{extension}");
            Assert.That(bytes, Is.Not.Empty);
            Assert.That(bytes.AsSpan().SequenceEqual(File.ReadAllBytes($"{expected}.{extension}")), extension);
        }
    }

    private static IEnumerable<string> BoxFiles(string output) => Directory.Exists(Path.Combine(output, "trackers"))
        ? Directory.EnumerateFiles(Path.Combine(output, "trackers"), "*.txt", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(output, f))
        : [];

    private string[] Line(params string[] arguments) =>
        ["eval", "--dataset", dataset, "--format", "otb", .. arguments.Contains("--device") ? (string[])[] : ["--device", "cpu"], .. arguments];

    private (int Exit, string Output, string Errors) Eval(params string[] arguments) => RunTests.Run(Line(arguments));

    /// <summary>Exit code 2, one line that names what is wrong, and no file or folder that was not there before.</summary>
    private void Refused(string mention, params string[] arguments)
    {
        string[] before = Directory.GetFileSystemEntries(folder);

        (int exit, _, string errors) = RunTests.Run(arguments);

        Assert.That(exit, Is.EqualTo(2), errors);
        Assert.That(errors.TrimEnd().Split('\n'), Has.Length.EqualTo(1), errors);
        Assert.That(errors, Does.StartWith("error: ").And.Contain(mention));
        Assert.That(Directory.GetFileSystemEntries(folder), Is.EquivalentTo(before));
    }
}
