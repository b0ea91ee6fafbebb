using SiamIlgpu.Datasets;
using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Media;

namespace SiamIlgpu.Tests.Tools;

public sealed class SceneVideoTests
{
    [Test]
    public void Read_ShowsTheFramesOfTheScene_AndTheirBoxes([Values(1, 3)] int step)
    {
        var scene = new SyntheticScene(seed: 7);
        using var video = new SceneVideo(scene, frameCount: 4, step);
        var window = new FrameWindow();
        int frames = 0;
        foreach (Frame frame in video)
        {
            scene.Read(frames * step, window);
            Assert.That(frame.Index, Is.EqualTo(frames));
            Assert.That(frame.Pixels.SequenceEqual(window.Pixels.Pixels), $"frame {frames}");
            Assert.That(video.GroundTruth[frames], Is.EqualTo(scene.Box(frames * step)));
            frames++;
        }
        Assert.That((frames, video.Count, video.GroundTruth.Count), Is.EqualTo((4, 4, 4)));
    }

    [TestCase(0, 1)]
    [TestCase(1, 0)]
    [TestCase(201, 1)]
    [TestCase(101, 2)]
    public void Video_LongerThanItsScene_IsRefused(int frames, int step)
    {
        var scene = new SyntheticScene(seed: 7);

        Assert.That(() => new SceneVideo(scene, frames, step), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }
}
