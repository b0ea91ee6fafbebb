using SiamIlgpu.Datasets;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Tests.Tools;

public sealed class GroundTruthTests
{
    private string folder = "";

    [SetUp]
    public void MakeFolder() => folder = Directory.CreateTempSubdirectory().FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(folder, recursive: true);

    [TestCase("1,2,30,40.5")]
    [TestCase("1\t2\t30\t40.5")]
    [TestCase("  1 2   30 40.5 ")]
    [TestCase("1.0, 2.0, 3e1, 40.5\r")]
    public void Read_AnySeparator(string line)
        => Assert.That(GroundTruth.Read(Save(line + "\n\n")), Is.EqualTo(new BoundingBox?[] { new BoundingBox(1, 2, 30, 40.5) }));

    [Test]
    public void Read_CornersPolygonsAndAbsence()
    {
        Assert.That(
            GroundTruth.Read(Save("10,20,40,60\nNaN,NaN,NaN,NaN\n"), RectangleFormat.Corners),
            Is.EqualTo(new BoundingBox?[] { new BoundingBox(10, 20, 30, 40), null }));
        BoundingBox? polygon = GroundTruth.Read(Save("10,20,40,20,40,60,10,60"))[0];
        Assert.That(polygon, Is.EqualTo(BoundingBox.FromPolygon([10, 20, 40, 20, 40, 60, 10, 60])));
    }

    [TestCase("1,2,3,4\n1,2,3", "line 2: expected 4 numbers (a rectangle) or 8 (a polygon), got 3")]
    [TestCase("1,2,3,4\n\n1,2,3,4", "line 2: expected 4 numbers (a rectangle) or 8 (a polygon), got 0")]
    [TestCase("1,2,3,4,5,6,7,8,9", "line 1: expected 4 numbers (a rectangle) or 8 (a polygon), got 9")]
    [TestCase("1,2,left,4", "line 1: \"left\" is not a number")]
    [TestCase("1,2,Infinity,4", "line 1: \"Infinity\" is not a number")]
    [TestCase("\n\n", "has no ground truth")]
    public void Read_Garbage_NamesFileLineAndCause(string text, string cause)
    {
        string file = Save(text);
        Assert.That(Assert.Throws<FrameException>(() => GroundTruth.Read(file))!.Message, Is.EqualTo($"{file}: {cause}"));
    }

    [Test]
    public void Read_MissingFile_SaysSo()
        => Assert.That(Assert.Throws<FrameException>(() => GroundTruth.Read(Path.Combine(folder, "none.txt")))!.Message, Does.Contain("none.txt: cannot be read"));

    [Test]
    public void Got10k_AbsenceLabel_MakesBoxesNull()
    {
        Save("1,2,3,4\n1,2,3,4\n1,2,3,4");
        File.WriteAllText(Path.Combine(folder, "absence.label"), "0\n1\n0\n");
        IReadOnlyList<BoundingBox?> boxes = Got10k.Open(folder)[0].GroundTruth;
        Assert.That(boxes.Select(box => box is null), Is.EqualTo(new[] { false, true, false }));
    }

    [Test]
    public void Open_WithoutSequences_SaysSo()
        => Assert.That(Assert.Throws<FrameException>(() => Otb.Open(folder))!.Message, Does.StartWith($"{folder}: no OTB sequence"));

    [Test]
    public void Otb_FullDavid_StartsAtItsFrame300()
    {
        string images = Directory.CreateDirectory(Path.Combine(folder, "David", "img")).FullName;
        for (int i = 1; i <= 302; i++)
            File.WriteAllBytes(Path.Combine(images, $"{i:D4}.jpg"), EmbeddedJpeg.All[2].Bytes);
        File.WriteAllText(Path.Combine(folder, "David", "groundtruth_rect.txt"), "1,2,3,4\n1,2,3,4\n1,2,3,4\n");
        using FrameSource video = Otb.Open(folder)[0].OpenFrames();
        Assert.That(video.Count, Is.EqualTo(3));
        Frame first = video.Read()!;
        Assert.That((first.Index, first.Name), Is.EqualTo((0, "0300.jpg")));
    }

    [Test]
    [Needs(Need.SharedData)]
    public void Otb_SharedSequences()
    {
        IReadOnlyList<Sequence> sequences = Otb.Open(SharedData.Require("sequences/otb"));
        Dictionary<string, (int Frames, int Boxes)> sizes = [];
        foreach (Sequence sequence in sequences)
        {
            using FrameSource frames = sequence.OpenFrames();
            sizes.Add(sequence.Name, (frames.Count!.Value, sequence.GroundTruth.Count));
            Assert.That(sequence.GroundTruth, Has.All.Matches<BoundingBox?>(box => box is { IsValid: true }), sequence.Name);
        }
        Assert.That(sizes, Has.Count.EqualTo(14));
        Assert.That(sizes["David"], Is.EqualTo((471, 471)));
        Assert.That(sizes["Football1"], Is.EqualTo((81, 74)));
        Assert.That(sizes["Jogging.1"], Is.EqualTo((307, 307)));
        Assert.That(sizes["Jogging.2"], Is.EqualTo((307, 307)));
        Assert.That(Otb.Open(SharedData.Require("sequences/otb/Crossing"))[0].GroundTruth[0], Is.EqualTo(new BoundingBox(205, 151, 17, 50)));
    }

    [Test]
    [Needs(Need.SharedData)]
    public void VotAndGot10k_SharedSequences()
    {
        Assert.That(Vot.Open(SharedData.Require("sequences/vot")).Select(s => $"{s.Name} {s.GroundTruth.Count}"), Is.EqualTo(new[] { "bag 196", "ball1 105" }));
        Sequence got = Got10k.Open(SharedData.Require("sequences/got10k"))[0];
        Assert.That((got.Name, got.GroundTruth.Count, got.GroundTruth[0]), Is.EqualTo(("GOT-10k_Val_000001", 60, (BoundingBox?)new BoundingBox(178, 220, 456, 315))));
    }

    [Test]
    [Needs(Need.SharedData)]
    public void Read_SharedCar_HasCornersAndAbsence()
    {
        IReadOnlyList<BoundingBox?> boxes = GroundTruth.Read(SharedData.Require("sequences/video/car.gt.txt"), RectangleFormat.Corners);
        Assert.That(boxes[0], Is.EqualTo(new BoundingBox(142, 125, 90, 39)));
        Assert.That(boxes.Count(box => box is null), Is.EqualTo(85));
    }

    private string Save(string text)
    {
        string file = Path.Combine(folder, "groundtruth.txt");
        File.WriteAllText(file, text);
        return file;
    }
}
