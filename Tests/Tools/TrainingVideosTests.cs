using SiamIlgpu.Datasets;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Tests.Tools;

public sealed class TrainingVideosTests
{
    private string root = "";

    [SetUp]
    public void MakeFolder() => root = Directory.CreateTempSubdirectory().FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(root, recursive: true);

    [Test]
    public void Otb_GivesFramesInAnyOrder()
    {
        WriteSequence("Ball", 5, _ => "3,4,10,8");
        TrainingProblems problems = new();
        TrainingVideo video = TrainingVideos.Otb(root, problems).Single();
        Assert.That((video.Name, video.Count, problems.Count), Is.EqualTo(("Ball", 5, 0)));
        Assert.That(video.Annotated, Is.EqualTo(new[] { 0, 1, 2, 3, 4 }));
        Assert.That(video.Box(4), Is.EqualTo(new BoundingBox(3, 4, 10, 8)));
        FrameWindow window = new();
        foreach (int frame in (ReadOnlySpan<int>)[4, 0, 2])
        {
            Assert.That(video.TryRead(frame, default, window));
            Assert.That(window.Pixels.Pixels[0], Is.EqualTo(10 * frame));
            Assert.That((window.FrameWidth, window.FrameHeight), Is.EqualTo((32, 24)));
        }
    }

    [Test]
    public void Open_LeavesBadVideosOutAndSaysWhy()
    {
        WriteSequence("Good", 4, _ => "3,4,10,8");
        WriteSequence("Gaps", 4, i => i == 1 ? "3,4,0,8" : i == 2 ? "NaN,NaN,NaN,NaN" : "3,4,10,8");
        WriteSequence("Single", 1, _ => "3,4,10,8");
        WriteSequence("Broken", 3, _ => "3,4,ten,8");
        WriteSequence("Empty", 3, _ => "3,4,10,8");
        foreach (string file in Directory.GetFiles(Path.Combine(root, "Empty", "img")))
            File.Delete(file);
        TrainingProblems problems = new();
        IReadOnlyList<TrainingVideo> videos = TrainingVideos.Otb(root, problems);
        Assert.That(videos.Select(video => video.Name), Is.EqualTo(new[] { "Gaps", "Good" }));
        Assert.That(videos[0].Annotated, Is.EqualTo(new[] { 0, 3 }));
        Assert.That(problems.All, Has.Count.EqualTo(4));
        Assert.That(problems.All, Has.One.EqualTo("Gaps: 1 of 4 boxes have no size"));
        Assert.That(problems.All, Has.One.EqualTo("Single: 1 frames with a box are too few for a pair"));
        Assert.That(problems.All, Has.One.Contains("Broken").And.One.Contains("line 1: \"ten\" is not a number"));
        Assert.That(problems.All, Has.One.Contains("Empty").And.One.Contains("has no image"));
        Assert.That(problems.TakeNew(), Has.Count.EqualTo(4));
        Assert.That(problems.TakeNew(), Is.Empty);
    }

    [Test]
    public void Open_WithNothingUsable_IsOneException()
    {
        WriteSequence("Single", 1, _ => "3,4,10,8");
        FrameException thrown = Assert.Throws<FrameException>(() => TrainingVideos.Otb(root, new TrainingProblems()))!;
        Assert.That(thrown.Message, Does.Contain("no usable video").And.Contain("Single: 1 frames"));
        string nowhere = Path.Combine(root, "nowhere");
        Assert.That(() => TrainingVideos.Otb(nowhere, new TrainingProblems()), Throws.InstanceOf<FrameException>().With.Message.EqualTo($"{nowhere}: there is no such folder"));
    }

    [Test]
    public void TryRead_OfABadFrame_IsReportedOnceAndTheOthersAreRead()
    {
        WriteSequence("Ball", 6, _ => "3,4,10,8");
        string images = Path.Combine(root, "Ball", "img");
        File.WriteAllText(Path.Combine(images, "0002.png"), "no picture");
        PngEncoder.Write(new Frame(40, 24), Path.Combine(images, "0004.png"));
        File.Delete(Path.Combine(images, "0006.png"));
        TrainingProblems problems = new();
        TrainingVideo video = TrainingVideos.Otb(root, problems).Single();
        FrameWindow window = new();
        bool[] read = [.. Enumerable.Range(0, 5).Concat(Enumerable.Range(0, 5)).Select(frame => video.TryRead(frame, default, window))];
        Assert.That(read, Is.EqualTo(new[] { true, false, true, false, true, true, false, true, false, true }));
        Assert.That(problems.All, Has.Count.EqualTo(2));
        Assert.That(problems.All, Has.One.Contains("0002.png: not an image that can be read"));
        Assert.That(problems.All, Has.One.Contains("0004.png: is 40x24, but the video is 32x24"));
    }

    [Test]
    public void TryRead_TakesTheSizeOfTheFirstReadableFrameWhateverIsReadFirst()
    {
        WriteSequence("Ball", 4, _ => "3,4,10,8");
        string images = Path.Combine(root, "Ball", "img");
        File.WriteAllText(Path.Combine(images, "0001.png"), "");
        PngEncoder.Write(new Frame(40, 24), Path.Combine(images, "0003.png"));
        TrainingVideo video = TrainingVideos.Otb(root, new TrainingProblems()).Single();
        FrameWindow window = new();
        Assert.That(video.TryRead(2, default, window), Is.False);
        Assert.That(video.TryRead(1, default, window));
    }

    [Test]
    public void Sampler_GoesOnPastBadFrames()
    {
        WriteSequence("Ball", 6, _ => "3,4,10,8");
        File.WriteAllText(Path.Combine(root, "Ball", "img", "0002.png"), "no picture");
        TrainingProblems problems = new();
        using PairSampler sampler = new(TrainingVideos.Otb(root, problems), new PairOptions { ExemplarSize = 31, SearchSize = 63, Count = 40 });
        for (int i = 0; i < 40; i++)
            sampler.Read(0, i, new float[3 * 31 * 31], new float[3 * 63 * 63]);
        Assert.That(problems.All, Has.Count.EqualTo(1));
    }

    [Test]
    public void IlsvrcVid_HasAVideoForEachTrack()
    {
        for (int i = 0; i < 4; i++)
        {
            WriteIlsvrcFrame("ILSVRC2015_VID_train_0000/snippet_1", i, Thing("0", 2 + i, 3, 12 + i, 10) + (i < 3 ? Thing("1", 5, 5, 9, 9) : "") + (i == 0 ? Thing("2", 1, 1, 4, 4) : ""));
            WriteIlsvrcFrame("ILSVRC2015_VID_train_0000/snippet_2", i, i == 1 ? Thing("0", 6, 6, 6, 8) : i == 2 ? "<object>" : Thing("0", 6, 6, 16, 18));
        }
        TrainingProblems problems = new();
        IReadOnlyList<TrainingVideo> videos = TrainingVideos.IlsvrcVid(root, problems);
        Assert.That(videos.Select(video => video.Name), Is.EqualTo(new[] { "snippet_1.0", "snippet_1.1", "snippet_2.0" }));
        // Pixels are counted from 0 there, from 1 here.
        Assert.That(videos[0].Box(3), Is.EqualTo(new BoundingBox(6, 4, 10, 7)));
        Assert.That(videos[1].Annotated, Is.EqualTo(new[] { 0, 1, 2 }));
        Assert.That(videos[2].Annotated, Is.EqualTo(new[] { 0, 3 }));
        Assert.That(videos[1].Group, Is.EqualTo(videos[0].Group).And.Not.EqualTo(videos[2].Group));
        Assert.That(problems.All, Has.Count.EqualTo(3));
        Assert.That(problems.All, Has.One.EqualTo("snippet_1.2: 1 frames with a box are too few for a pair"));
        Assert.That(problems.All, Has.One.EqualTo("snippet_2.0: 1 of 4 boxes have no size"));
        Assert.That(problems.All, Has.One.Contains("000002.xml: cannot be read as an annotation"));
        FrameWindow window = new();
        Assert.That(videos[0].TryRead(3, default, window));
        Assert.That(window.Pixels.Pixels[0], Is.EqualTo(30));
    }

    [Test]
    public void IlsvrcVid_WithoutItsFolders_SaysWhichIsMissing()
        => Assert.That(() => TrainingVideos.IlsvrcVid(root, new TrainingProblems()), Throws.InstanceOf<FrameException>().With.Message.Contains(Path.Combine("Annotations", "VID", "train")));

    [Test]
    public void Split_KeepsGroupsTogetherAndIsRepeatable()
    {
        for (int i = 0; i < 10; i++)
        {
            WriteSequence($"V{i}", 2, _ => "3,4,10,8");
            if (i < 5)
                File.Copy(Path.Combine(root, $"V{i}", "groundtruth_rect.txt"), Path.Combine(root, $"V{i}", "groundtruth_rect.2.txt"));
        }
        IReadOnlyList<TrainingVideo> videos = TrainingVideos.Otb(root, new TrainingProblems());
        Assert.That(videos, Has.Count.EqualTo(15));
        (IReadOnlyList<TrainingVideo> training, IReadOnlyList<TrainingVideo> validation) = TrainingVideos.Split(videos, 0.3, seed: 1);
        Assert.That(training.Concat(validation), Is.EquivalentTo(videos));
        Assert.That(validation.Select(video => video.Group).Distinct().Count(), Is.EqualTo(3));
        Assert.That(training.Select(video => video.Group).Intersect(validation.Select(video => video.Group)), Is.Empty);
        Assert.That(TrainingVideos.Split(videos, 0.3, seed: 1).Validation, Is.EqualTo(validation));
        Assert.That(TrainingVideos.Split(videos, 0.3, seed: 2).Validation, Is.Not.EqualTo(validation));
        Assert.That(TrainingVideos.Split(videos, 0, seed: 1).Validation, Is.Empty);
    }

    private static string Thing(string track, int left, int top, int right, int bottom)
        => $"<object><trackid>{track}</trackid><name>n01</name><bndbox><xmax>{right}</xmax><xmin>{left}</xmin><ymax>{bottom}</ymax><ymin>{top}</ymin></bndbox><occluded>0</occluded></object>";

    private static Frame Shade(int index)
    {
        Frame frame = new(32, 24);
        frame.Pixels.Fill((byte)(10 * index));
        return frame;
    }

    private void WriteSequence(string name, int count, Func<int, string> line)
    {
        string images = Path.Combine(root, name, "img");
        Directory.CreateDirectory(images);
        for (int i = 0; i < count; i++)
            PngEncoder.Write(Shade(i), Path.Combine(images, $"{i + 1:D4}.png"));
        File.WriteAllLines(Path.Combine(root, name, "groundtruth_rect.txt"), Enumerable.Range(0, count).Select(line));
    }

    private void WriteIlsvrcFrame(string video, int index, string objects)
    {
        string annotations = Path.Combine(root, "Annotations", "VID", "train", video), images = Path.Combine(root, "Data", "VID", "train", video);
        Directory.CreateDirectory(annotations);
        Directory.CreateDirectory(images);
        File.WriteAllText(Path.Combine(annotations, $"{index:D6}.xml"), $"<annotation><folder>{video}</folder><size><width>32</width></size>{objects}</annotation>");
        PngEncoder.Write(Shade(index), Path.Combine(images, $"{index:D6}.JPEG"));
    }
}
