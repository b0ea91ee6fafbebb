using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Datasets.Synthetic;

/// <summary>
/// Frames of a <see cref="SyntheticScene"/> as a video with exact ground truth. Skipping frames of the scene makes everything move faster.
/// </summary>
/// <example>
/// <code>
/// using var video = new SceneVideo(new SyntheticScene(seed: 7), frameCount: 60, step: 2);
/// tracker.Initialize(video.Read(), video.GroundTruth[0]);
/// foreach (Frame frame in video)
///     Console.WriteLine(tracker.Update(frame).Box.IntersectionOverUnion(video.GroundTruth[frame.Index]));
/// </code>
/// </example>
public sealed class SceneVideo : FrameSource
{
    private readonly SyntheticScene scene;
    private readonly FrameWindow window = new();
    private readonly BoundingBox[] boxes;
    private readonly int step;
    private int next;

    /// <summary>Plans the video. Each frame is painted when it is read.</summary>
    /// <param name="scene">The scene.</param>
    /// <param name="frameCount">Number of frames, at least 1.</param>
    /// <param name="step">Frames of the scene from each frame of the video to the next, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The scene has too few frames, or an argument is less than 1.</exception>
    public SceneVideo(SyntheticScene scene, int frameCount = SyntheticScene.FrameCount, int step = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(frameCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((frameCount - 1L) * step, SyntheticScene.FrameCount - 1);
        (this.scene, this.step) = (scene, step);
        boxes = [.. Enumerable.Range(0, frameCount).Select(i => scene.Box(i * step)!.Value)];
    }

    /// <inheritdoc/>
    public override int? Count => boxes.Length;

    /// <summary>The target's box in every frame, hidden or not, in OTB's coordinates: the center of the first pixel is (1, 1).</summary>
    public IReadOnlyList<BoundingBox> GroundTruth => boxes;

    /// <inheritdoc/>
    public override Frame? Read()
    {
        if (next == boxes.Length)
            return null;
        scene.Read(next * step, window);
        window.Pixels.Index = next++;
        return window.Pixels;
    }
}
