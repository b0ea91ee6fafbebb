using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Datasets;

/// <summary>One target in one video of a data set: where the frames are, and the true boxes.</summary>
/// <param name="Name">The name of the sequence. The targets of a video with several targets are Name.1, Name.2, ...</param>
/// <param name="FrameFolder">The folder that directly contains the images.</param>
/// <param name="GroundTruth">
/// One entry per frame, from the first frame on; null where the target is absent. There may be fewer or more entries than frames.
/// </param>
/// <param name="FirstFrame">How many images of the folder are skipped before the first frame.</param>
/// <example>
/// <code>
/// Sequence sequence = Otb.Open("OTB100/Crossing")[0];
/// using FrameSource video = sequence.OpenFrames();
/// tracker.Initialize(video.Read(), sequence.GroundTruth[0]!.Value);
/// foreach (Frame frame in video)
///     Console.WriteLine($"{tracker.Update(frame).Box}, true box {sequence.GroundTruth[frame.Index]}");
/// </code>
/// </example>
public sealed record Sequence(string Name, string FrameFolder, IReadOnlyList<BoundingBox?> GroundTruth, int FirstFrame = 0)
{
    /// <summary>
    /// The polygons from which the boxes were made, x1, y1, ..., x4, y4, if the ground truth has polygons (VOT); otherwise null. An entry
    /// is null where the target is absent.
    /// </summary>
    public IReadOnlyList<double[]?>? Polygons { get; init; }

    /// <summary>Lists the image files, beginning with the first frame's.</summary>
    /// <exception cref="FrameException">The folder does not exist, or has no image after the skipped ones.</exception>
    public IReadOnlyList<string> ListFrames() => ImageFolder.List(FrameFolder, FirstFrame);

    /// <summary>Opens the frames as a video, beginning with the first frame.</summary>
    /// <exception cref="FrameException">The folder does not exist, or has no image after the skipped ones.</exception>
    public FrameSource OpenFrames() => new ImageFolder(FrameFolder, FirstFrame);

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
