using SiamIlgpu.Media;

namespace SiamIlgpu.Tests.Tools;

/// <summary>Videos that ffmpeg makes for tests, and what ffmpeg makes of them.</summary>
internal static class Videos
{
    /// <summary>Runs ffmpeg and returns its standard output.</summary>
    internal static byte[] Ffmpeg(string arguments) => ReferenceTool.Run("ffmpeg", $"-hide_banner -nostdin -v error -y {arguments}", []);

    /// <summary>A new video of ffmpeg's moving test picture.</summary>
    internal static string Make(string folder, string name, string size, int frames, string options = "", string input = "")
    {
        string file = Path.Combine(folder, name);
        Ffmpeg($"{input} -f lavfi -i testsrc2=size={size}:rate=25 -frames:v {frames} {options} {file}");
        return file;
    }

    /// <summary>The frames that ffmpeg extracts from a video as PNG files, in a new folder.</summary>
    /// <param name="folder">Where to make it.</param>
    /// <param name="video">The video.</param>
    /// <param name="options">More options for ffmpeg.</param>
    internal static string Extract(string folder, string video, string options = "")
    {
        string frames = Directory.CreateDirectory(Path.Combine(folder, $"{Path.GetFileName(video)}.frames")).FullName;
        Ffmpeg($"-i {video} {options} -compression_level 1 {frames}/%06d.png");
        return frames;
    }

    /// <summary>Asserts that two videos have the same pixels in every frame, and returns how many frames.</summary>
    internal static int AssertSameFrames(FrameSource actual, FrameSource expected)
    {
        int frames = 0;
        while (expected.Read() is { } frame)
        {
            Frame? other = actual.Read();
            Assert.That(other, Is.Not.Null, $"the video has {frames} frames only");
            if (!other!.Pixels.SequenceEqual(frame.Pixels))
                ReferenceTool.AssertClose(other, frame, tolerance: 0, frame.Name);
            Assert.That(other.Index, Is.EqualTo(frames++));
        }
        Assert.That(actual.Read(), Is.Null, $"more than {frames} frames");
        return frames;
    }
}
