using SiamIlgpu.Kernels;
using SiamIlgpu.Media;

namespace SiamIlgpu.Tests.Tools;

public sealed class FrameSourceTests
{
    private string folder = "";

    [SetUp]
    public void MakeFolder() => folder = Directory.CreateTempSubdirectory().FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(folder, recursive: true);

    [Test]
    public void Read_ImagesOfAnyCaseAndKind_InNaturalOrder()
    {
        string[] names = ["img1.JPG", "img2.png", "IMG9.jpeg", "img10.Png", "img010b.jpg", "img100.jpg"];
        foreach (string name in names)
            Save(name, 3, 2);
        File.WriteAllText(Path.Combine(folder, "img3.txt"), "not an image");
        using FrameSource video = FrameSource.Open(folder);
        Assert.That(video.Count, Is.EqualTo(names.Length));
        Assert.That(video.Select(frame => $"{frame.Index} {frame.Name}"), Is.EqualTo(names.Select((name, i) => $"{i} {name}")));
        Assert.That(video.Read(), Is.Null);
    }

    [Test]
    public void Enumerating_GoesOnAfterRead()
    {
        for (int i = 1; i <= 4; i++)
            Save($"{i}.png", 3, 2);
        using FrameSource video = FrameSource.Open(folder);
        Assert.That(video.Read()!.Name, Is.EqualTo("1.png"));
        foreach (Frame frame in video)
        {
            Assert.That(frame.Name, Is.EqualTo("2.png"));
            break;
        }
        Assert.That(video.Select(frame => frame.Name), Is.EqualTo(new[] { "3.png", "4.png" }));
    }

    [Test]
    public void Read_FramesOfChangingSizeAndFormat()
    {
        Frame[] frames = [TestImages.Make(20, 10, PixelFormat.Rgb24), TestImages.Make(7, 30, PixelFormat.Gray8), TestImages.Make(31, 9, PixelFormat.Rgb24)];
        for (int i = 0; i < frames.Length; i++)
            PngEncoder.Write(frames[i], Path.Combine(folder, $"{i}.png"));
        using FrameSource video = FrameSource.Open(folder);
        foreach (Frame expected in frames)
        {
            Frame actual = video.Read()!;
            Assert.That(actual.Format, Is.EqualTo(expected.Format));
            ReferenceTool.AssertClose(actual, expected, tolerance: 0, actual.Name);
        }
    }

    [Test]
    public void Frame_BecomesAView()
    {
        Save("a.png", 5, 4);
        using FrameSource video = FrameSource.Open(folder);
        Assert.That(PixelsSeen(video.Read()), Is.EqualTo(20));
        ArgumentNullException error = Assert.Throws<ArgumentNullException>(() => PixelsSeen(video.Read()))!;
        Assert.That(error.ParamName, Is.EqualTo("frame"));

        static int PixelsSeen(in FrameView view) => view.Width * view.Height;
    }

    [Test]
    public void Read_OfEqualSizes_AllocatesNoPixels()
    {
        EmbeddedJpeg jpeg = EmbeddedJpeg.All[0];
        for (int i = 0; i < 20; i++)
            File.WriteAllBytes(Path.Combine(folder, $"{i}.jpg"), jpeg.Bytes);
        using FrameSource video = FrameSource.Open(folder);
        video.Read();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 1; i < 20; i++)
            video.Read();
        // What is left are the file's handle and name.
        Assert.That((GC.GetAllocatedBytesForCurrentThread() - before) / 19, Is.LessThan(1500));
    }

    [Test]
    public void Open_WithoutImages_SaysSo()
    {
        Assert.That(Refusal(folder), Is.EqualTo($"{folder}: the folder has no image (.jpg, .jpeg, .png, .webp, .bmp)"));
        string missing = Path.Combine(folder, "none");
        Assert.That(Refusal(missing), Is.EqualTo($"{missing}: there is no such file or folder"));
    }

    [Test]
    public void Open_Looped_BeginsAnewAndNumbersOn()
    {
        for (int i = 1; i <= 3; i++)
            Save($"{i}.png", 3, 2);
        using FrameSource video = FrameSource.Open(folder, new VideoOptions { Loop = true });
        Assert.That(video.Count, Is.Null);
        Assert.That(
            video.Take(7).Select(frame => $"{frame.Index} {frame.Name}"),
            Is.EqualTo(new[] { "0 1.png", "1 2.png", "2 3.png", "3 1.png", "4 2.png", "5 3.png", "6 1.png" }));
    }

    [Test]
    public void Read_AfterABadFile_GoesOn()
    {
        File.WriteAllText(Path.Combine(folder, "1.jpg"), "text");
        File.WriteAllText(Path.Combine(folder, "2.jpg"), "");
        Save("3.png", 2, 2);
        using FrameSource video = FrameSource.Open(folder);
        Assert.That(Assert.Throws<FrameException>(() => video.Read())!.Message, Is.EqualTo($"{Path.Combine(folder, "1.jpg")}: not an image that can be read, or cut short or damaged in its header"));
        Assert.That(Assert.Throws<FrameException>(() => video.Read())!.Message, Does.EndWith("2.jpg: the file is empty"));
        Assert.That(video.Read()!.Name, Is.EqualTo("3.png"));
    }

    private static string Refusal(string path) => Assert.Throws<FrameException>(() => FrameSource.Open(path))!.Message;

    private void Save(string name, int width, int height) => PngEncoder.Write(new Frame(width, height), Path.Combine(folder, name));
}
