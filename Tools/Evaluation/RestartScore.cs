using SiamIlgpu.Datasets.Synthetic;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Evaluation;

/// <summary>
/// How well a tracker follows targets that it is given again after each failure, as in VOT's supervised experiment: a tracker whose box no
/// longer touches the target starts again five frames later. Unlike the figures of one pass, one early failure does not decide the score
/// of a video, so a few short videos are enough to compare two networks.
/// </summary>
/// <param name="Frames">Number of frames after the first initializations.</param>
/// <param name="OverlapSum">Sum of the frames' intersections over unions. A frame without the target counts 0.</param>
/// <param name="Failures">How often the tracker lost the target.</param>
/// <example>
/// <code>
/// RestartScore score = RestartScore.OfScenes(tracker, firstSeed: 5_000_000, scenes: 24);
/// Console.WriteLine($"mean IoU {score.MeanIou:F3}, {score.Failures} failures in {score.Frames} frames");
/// </code>
/// </example>
public readonly record struct RestartScore(int Frames, double OverlapSum, int Failures)
{
    /// <summary>The longest video of <see cref="OfScenes"/>, in frames.</summary>
    public const int FramesOfAScene = 60;

    // The videos of every third scene show every frame of the scene, every second one and every third one.
    private const int SlowestToFastest = 3;

    /// <summary>Mean intersection over union of all frames.</summary>
    public double MeanIou => Frames == 0 ? 0 : OverlapSum / Frames;

    /// <summary>The score of two sets of videos together.</summary>
    public static RestartScore operator +(RestartScore a, RestartScore b) =>
        new(a.Frames + b.Frames, a.OverlapSum + b.OverlapSum, a.Failures + b.Failures);

    /// <summary>The video of <see cref="FramesOfAScene"/> frames that <see cref="OfScenes"/> makes of a scene.</summary>
    public static SceneVideo VideoOf(int seed) => new(new SyntheticScene(seed), FramesOfAScene, 1 + seed % SlowestToFastest);

    /// <summary>Tracks short videos of made-up scenes.</summary>
    /// <param name="tracker">The tracker.</param>
    /// <param name="firstSeed">The seed of the first scene; the others follow it. No network should have been trained on them.</param>
    /// <param name="scenes">Number of scenes.</param>
    /// <param name="cancel">Ends the work with an <see cref="OperationCanceledException"/>.</param>
    public static RestartScore OfScenes(ITracker tracker, int firstSeed, int scenes, CancellationToken cancel = default)
    {
        RestartScore sum = default;
        for (int i = 0; i < scenes; i++)
        {
            using SceneVideo video = VideoOf(firstSeed + i);
            sum += Of(tracker, video, video.GroundTruth, cancel);
        }
        return sum;
    }

    /// <summary>Tracks one video.</summary>
    /// <param name="tracker">The tracker.</param>
    /// <param name="video">The video, from its first frame on.</param>
    /// <param name="truth">The true box of every frame.</param>
    /// <param name="cancel">Ends the work with an <see cref="OperationCanceledException"/>.</param>
    public static RestartScore Of(ITracker tracker, IEnumerable<Frame> video, IReadOnlyList<BoundingBox> truth, CancellationToken cancel = default)
    {
        int frame = 0, start = 0, failures = 0;
        double sum = 0;
        foreach (Frame shown in video)
        {
            cancel.ThrowIfCancellationRequested();
            BoundingBox target = truth[frame];
            if (frame == start)
            {
                tracker.Initialize(shown, target);
            }
            else if (frame > start)
            {
                double overlap = tracker.Update(shown).IntersectionOverUnion(target);
                sum += overlap;
                if (!(overlap > 0))
                {
                    failures++;
                    start = frame + VotScore.FramesToRestart;
                }
            }
            frame++;
        }
        return new RestartScore(Math.Max(0, frame - 1), sum, failures);
    }
}
