using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Datasets;

/// <summary>One target in one video: where its frames are, and its boxes.</summary>
/// <param name="Name">The sequence's name; several targets in one video are Name.1, Name.2, ...</param>
/// <param name="FrameFolder">The folder of images.</param>
/// <param name="GroundTruth">
/// One entry a frame from the first on; null where the target is absent. There may be fewer entries than frames, or more.
/// </param>
/// <param name="FirstFrame">How many images of the folder come before the first frame.</param>
public sealed record Sequence(string Name, string FrameFolder, IReadOnlyList<BoundingBox?> GroundTruth, int FirstFrame = 0)
{
    /// <summary>
    /// The polygons behind the boxes, x1, y1, ..., x4, y4, where the ground truth is of polygons (VOT); null elsewhere, and where
    /// the target is absent.
    /// </summary>
    public IReadOnlyList<double[]?>? Polygons { get; init; }

    /// <summary>The image files, the first frame's first.</summary>
    /// <exception cref="FrameException">The folder is missing or has no image from there on.</exception>
    public IReadOnlyList<string> ListFrames() => ImageFolder.List(FrameFolder, FirstFrame);

    /// <summary>Opens the frames, the first one first.</summary>
    /// <exception cref="FrameException">The folder is missing or has no image from there on.</exception>
    public FrameSource OpenFrames() => new ImageFolder(FrameFolder, FirstFrame);

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
