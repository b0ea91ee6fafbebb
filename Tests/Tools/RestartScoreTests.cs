using SiamIlgpu.Evaluation;
using SiamIlgpu.Kernels;
using SiamIlgpu.Media;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Tests.Tools;

public sealed class RestartScoreTests
{
    private static readonly BoundingBox[] Truth = [.. Enumerable.Range(0, 20).Select(i => new BoundingBox(10 + i, 10, 20, 20))];

    [Test]
    public void Of_APerfectTracker_Is1()
    {
        RestartScore score = Score(frame => Truth[frame], out Scripted tracker);

        Assert.That((score.Frames, score.Failures, score.MeanIou), Is.EqualTo((19, 0, 1.0)));
        Assert.That(tracker.Starts, Is.EqualTo(new[] { 0 }));
    }

    [Test]
    public void Of_ATrackerThatFails_StartsItAgainFiveFramesLater()
    {
        RestartScore score = Score(frame => frame == 3 ? new BoundingBox(500, 500, 20, 20) : Truth[frame], out Scripted tracker);

        Assert.That(tracker.Starts, Is.EqualTo(new[] { 0, 8 }));
        Assert.That(score.Failures, Is.EqualTo(1));
        // Two frames before the failure and those after the second start count 1. The failure, the four frames that nothing tracks and the
        // frame of the start count 0.
        Assert.That(score.OverlapSum, Is.EqualTo(2 + 11).Within(1e-12));
        Assert.That(score.MeanIou, Is.EqualTo(13.0 / 19).Within(1e-12));
    }

    [Test]
    public void Sum_IsTheScoreOfAllVideosTogether()
    {
        RestartScore sum = new RestartScore(10, 5, 1) + new RestartScore(30, 25, 2);

        Assert.That(sum, Is.EqualTo(new RestartScore(40, 30, 3)));
        Assert.That(sum.MeanIou, Is.EqualTo(0.75).Within(1e-12));
        Assert.That(default(RestartScore).MeanIou, Is.Zero);
    }

    [Test]
    public void OfScenes_TracksAllFramesOfEachScene()
    {
        var still = new Scripted(_ => null);

        RestartScore score = RestartScore.OfScenes(still, firstSeed: 1, scenes: 2);

        Assert.That(score.Frames, Is.EqualTo(2 * (RestartScore.FramesOfAScene - 1)));
        Assert.That(score.MeanIou, Is.InRange(0.05, 0.95), "a box that stays where it is touches a moving target for a while");
        // A video may end before the tracker starts again.
        Assert.That(still.Starts.Count, Is.InRange(2, 2 + score.Failures));
    }

    private static RestartScore Score(Func<int, BoundingBox?> script, out Scripted tracker)
    {
        tracker = new Scripted(script);
        return RestartScore.Of(tracker, Truth.Select((_, i) => new Frame(8, 8) { Index = i }), Truth);
    }

    /// <summary>A tracker that counts frames and answers as it is told; without an answer its box stays.</summary>
    private sealed class Scripted(Func<int, BoundingBox?> script) : ITracker
    {
        private int frame = -1;
        private BoundingBox box;

        public List<int> Starts { get; } = [];

        void ITracker.Initialize(in FrameView view, BoundingBox target)
        {
            // The frames in between are not shown to the tracker.
            frame = Array.IndexOf(Truth, target);
            Starts.Add(frame);
            box = target;
        }

        BoundingBox ITracker.Update(in FrameView view) => box = script(++frame) ?? box;
    }
}
