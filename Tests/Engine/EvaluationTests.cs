using SiamIlgpu.Evaluation;
using SiamIlgpu.Tracking;

namespace SiamIlgpu.Tests.Engine;

/// <summary>The benchmarks' figures and starts, against cases worked by hand.</summary>
[TestFixture]
internal sealed class EvaluationTests
{
    private const double Exact = 1e-12;

    private static readonly BoundingBox Unit = new(10, 10, 10, 10);

    [Test]
    public void Curves_OfFourFrames()
    {
        // IoU 1; 1/3 (half of the box, 5 px off); 0 (10 px off, touching); a frame without a box.
        BoundingBox[] boxes = [Unit, new(15, 10, 10, 10), new(20, 10, 10, 10), default];

        TrackingCurves curves = TrackingCurves.Of(FrameFit.Of(boxes, [Unit, Unit, Unit, Unit]));

        Assert.That(curves.Frames, Is.EqualTo(4));
        Assert.That(curves.MeanIou, Is.EqualTo((1 + 1 / 3.0) / 4).Within(Exact));
        // Greater than, not at least: the frame of IoU 0 is no success at 0, that of IoU 1 none at 1.
        Assert.That(curves.Success, Is.EqualTo((double[])[.. Enumerable.Repeat(0.5, 7), .. Enumerable.Repeat(0.25, 13), 0]));
        Assert.That(curves.Auc, Is.EqualTo((7 * 0.5 + 13 * 0.25) / 21).Within(Exact));
        // At most: 5 px are within 5 px.
        Assert.That(curves.Precision, Is.EqualTo((double[])[.. Enumerable.Repeat(0.25, 5), .. Enumerable.Repeat(0.5, 5), .. Enumerable.Repeat(0.75, 41)]));
        Assert.That(curves.Precision20, Is.EqualTo(0.75));
        // In widths, half a width and a whole one: only the last threshold reaches the first of them.
        Assert.That(curves.NormalizedPrecision, Is.EqualTo((double[])[.. Enumerable.Repeat(0.25, 50), 0.5]));
        Assert.That(curves.NormalizedPrecisionAuc, Is.EqualTo((50 * 0.25 + 0.5) / 51).Within(Exact));
    }

    [Test]
    public void Curves_OfFramesWithoutTruth_LeaveThemOut()
    {
        TrackingCurves curves = TrackingCurves.Of(FrameFit.Of([Unit, Unit, Unit], [Unit, null, new BoundingBox(1, 1, 0, 5)]));

        Assert.That((curves.Frames, curves.MeanIou), Is.EqualTo((1, 1.0)));
        Assert.That(TrackingCurves.Of([]).Auc, Is.NaN);
    }

    [Test]
    public void Curves_MeanOverSequences_CountsEachOnce()
    {
        var good = TrackingCurves.Of(FrameFit.Of([Unit], [Unit]));
        var bad = TrackingCurves.Of(FrameFit.Of([default, default, default], [Unit, Unit, Unit]));

        var mean = TrackingCurves.Mean([good, bad, TrackingCurves.Of([])]);

        Assert.That((mean.Frames, mean.MeanIou, mean.Precision20), Is.EqualTo((4, 0.5, 0.5)));
        Assert.That(mean.Auc, Is.EqualTo(20 / 21.0 / 2).Within(Exact));
    }

    [Test]
    public void MissingBox_NearTheOrigin_IsNoPrecision() =>
        Assert.That(FrameFit.Of(default, new BoundingBox(1, 1, 4, 4)).CenterError, Is.EqualTo(double.PositiveInfinity));

    [Test]
    public void TemporalStarts_Of100Frames()
    {
        // Frames 1 to 81 are followed by 19 others at least; from 1 in steps of 81/19, rounded down, and 81.
        Assert.That(
            OtbStarts.Temporal([.. Enumerable.Repeat<BoundingBox?>(Unit, 100)]),
            Is.EqualTo(new[] { 0, 4, 8, 12, 17, 21, 25, 29, 34, 38, 42, 46, 51, 55, 59, 63, 68, 72, 76, 80 }));
    }

    [Test]
    public void TemporalStarts_PassOverFramesWithoutTruth()
    {
        BoundingBox?[] truth = [.. Enumerable.Repeat<BoundingBox?>(Unit, 100)];
        truth[0] = null;
        truth[4] = truth[80] = new BoundingBox(0, 10, 10, 10); // left of the frame

        IReadOnlyList<int> starts = OtbStarts.Temporal(truth);

        // 78 frames are left, from 2 on without the fifth: 1 + 78/19, 1 + 2*78/19, ... among them.
        Assert.That(starts, Has.Count.EqualTo(20));
        Assert.That(starts.Take(4), Is.EqualTo(new[] { 1, 6, 10, 14 }));
        Assert.That(starts[^1], Is.EqualTo(79));
    }

    [TestCase(20, new[] { 0, 0 })]
    [TestCase(22, new[] { 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2 })]
    [TestCase(19, new[] { 0 })]
    public void TemporalStarts_OfShortSequences(int frames, int[] expected)
    {
        IReadOnlyList<int> starts = OtbStarts.Temporal([.. Enumerable.Repeat<BoundingBox?>(Unit, frames)]);

        // 1 : 3/19 : 3 are 13 numbers, of which 7 are below 2 and 6 below 3.
        Assert.That(starts, Is.EqualTo(expected));
    }

    [Test]
    public void SpatialStarts_InsideTheFrame()
    {
        IReadOnlyList<SpatialStart> starts = OtbStarts.Spatial(new BoundingBox(100, 50, 40, 20), 320, 240);

        Assert.That(starts.Select(s => (s.Name, s.Box, s.Scale)), Is.EqualTo(new[]
        {
            ("left", new BoundingBox(96, 50, 40, 20), 1.0),
            ("right", new BoundingBox(104, 50, 40, 20), 1),
            ("up", new BoundingBox(100, 48, 40, 20), 1),
            ("down", new BoundingBox(100, 52, 40, 20), 1),
            ("top-left", new BoundingBox(96, 48, 44, 22), 1),
            ("top-right", new BoundingBox(100, 48, 44, 22), 1),
            ("bottom-left", new BoundingBox(96, 50, 44, 22), 1),
            ("bottom-right", new BoundingBox(100, 50, 44, 22), 1),
            ("scale-8", new BoundingBox(104, 52, 32, 16), 0.8),
            ("scale-9", new BoundingBox(102, 51, 36, 18), 0.9),
            ("scale-11", new BoundingBox(98, 49, 44, 22), 1.1),
            ("scale-12", new BoundingBox(96, 48, 48, 24), 1.2),
        }));
    }

    [Test]
    public void SpatialStarts_AtTheEdges_StayInside()
    {
        IReadOnlyList<SpatialStart> starts = OtbStarts.Spatial(new BoundingBox(1, 1, 41, 20), 41, 20);

        Assert.That(starts[0].Box, Is.EqualTo(new BoundingBox(1, 1, 41, 20)), "left: moved in again");
        Assert.That(starts[1].Box, Is.EqualTo(new BoundingBox(6, 1, 36, 20)), "right, by 4.1 rounded up: cut at the edge");
        Assert.That(starts.Select(s => s.Box), Has.All.Matches<BoundingBox>(b => b is { X: >= 1, Y: >= 1 } && b.X + b.Width - 1 <= 41 && b.Y + b.Height - 1 <= 20));
    }

    [Test]
    public void SpatialStart_RestoresTheSizeOfAScaledBox()
    {
        Assert.That(new SpatialStart("scale-8", Unit, 0.8).Restore(new BoundingBox(10, 10, 8, 4)), Is.EqualTo(new BoundingBox(9, 9, 10, 5)));
        Assert.That(new SpatialStart("left", Unit, 1).Restore(new BoundingBox(0.3, 1, 2, 3)), Is.EqualTo(new BoundingBox(0.3, 1, 2, 3)));
    }

    [Test]
    public void Got10k_LeavesTheFirstFrameOut_AndBoundsBoxesByTheFrame()
    {
        BoundingBox?[] truth = [Unit, Unit, Unit, null, new BoundingBox(90, 0, 10, 10)];
        // The first does not count; 1/3; 1; absent; cut at the right edge from 90..110 to 90..100: 1.
        BoundingBox[] boxes = [default, new(15, 10, 10, 10), Unit, Unit, new(90, 0, 20, 10)];

        IReadOnlyList<double> overlaps = Got10kScore.Overlaps(boxes, truth, 100, 50);

        Assert.That(overlaps, Is.EqualTo(new[] { 1 / 3.0, 1, 1 }).Within(Exact));
        Got10kScore score = Got10kScore.Of(overlaps), another = Got10kScore.Of([0.5, 0.6, 0.75, 0.76]);
        Assert.That((score.Frames, score.SuccessRate50, score.SuccessRate75), Is.EqualTo((3, 2 / 3.0, 2 / 3.0)));
        Assert.That(score.AverageOverlap, Is.EqualTo(7 / 9.0).Within(Exact));
        Assert.That((another.SuccessRate50, another.SuccessRate75), Is.EqualTo((0.75, 0.25)), "greater, not at least");
    }

    [Test]
    public void Got10k_BoxBeyondTheLeftEdge_IsMovedIn()
    {
        // As the toolkit has it: -5..5 becomes 0..10.
        Assert.That(Got10kScore.Overlaps([Unit, new(-5, 10, 10, 10)], [Unit, new BoundingBox(0, 10, 10, 10)], 100, 50), Is.EqualTo(new[] { 1.0 }));
    }

    [Test]
    public void Vot_AccuracyAndRobustness()
    {
        // Initialized in frame 1, failed in 14, passed over 15 to 18, initialized in 19: 11, 12, 13 and 29, 30 count.
        VotFrame[] frames =
        [
            VotFrame.Initialized, .. Enumerable.Repeat(VotFrame.Tracked, 12), VotFrame.Failed, .. Enumerable.Repeat(VotFrame.Skipped, 4),
            VotFrame.Initialized, .. Enumerable.Repeat(VotFrame.Tracked, 11),
        ];
        double[] overlaps = [.. Enumerable.Range(1, 30).Select(n => n / 100.0)];
        var run = new VotRun(frames, overlaps);
        var other = new VotRun([VotFrame.Initialized, .. Enumerable.Repeat(VotFrame.Tracked, 10)], [.. Enumerable.Repeat(0.5, 10), 0.9]);

        Assert.That(run.AccurateOverlaps(), Is.EqualTo(new[] { 0.11, 0.12, 0.13, 0.29, 0.30 }));
        VotScore one = VotScore.Of(run), both = VotScore.Of(run, other);
        Assert.That(one.Accuracy, Is.EqualTo(0.95 / 5).Within(Exact));
        Assert.That((one.Failures, one.Robustness), Is.EqualTo((1, 100 / 30.0)));
        Assert.That(both.Accuracy, Is.EqualTo(1.85 / 6).Within(Exact), "every frame counts once");
        Assert.That((both.Failures, both.Robustness), Is.EqualTo((1, 100 / 41.0)));
    }

    [Test]
    public void ExpectedOverlap_OfThreeRuns()
    {
        const VotFrame I = VotFrame.Initialized, T = VotFrame.Tracked, F = VotFrame.Failed, S = VotFrame.Skipped;
        VotRun whole = new([I, T, T, T, T], [1, 0.8, 0.6, 0.4, 0.2]);
        VotRun failing = new([I, T, F, S, S], [1, 0.5, 0, 0, 0]);
        VotRun shorter = new([I, T, T], [1, 1, 1]);

        IReadOnlyList<double> curve = ExpectedOverlap.Curve([whole, failing, shorter]);

        // Frames 2..n. After the failure come zeros; the short one says nothing of 4 and 5 frames.
        double[] expected =
        [
            1,
            (0.8 + 0.5 + 1) / 3,
            (1.4 / 2 + 0.5 / 2 + 2 / 2.0) / 3,
            (1.8 / 3 + 0.5 / 3) / 2,
            (2.0 / 4 + 0.5 / 4) / 2,
        ];
        Assert.That(curve, Is.EqualTo(expected).Within(Exact));
        Assert.That(ExpectedOverlap.Average(curve, (3, 5)), Is.EqualTo((expected[2] + expected[3] + expected[4]) / 3).Within(Exact));
        Assert.That(ExpectedOverlap.Average(curve, (5, 50)), Is.EqualTo(expected[4]).Within(Exact), "as far as the curve goes");
    }

    [Test]
    public void ExpectedOverlap_AfterAFailure_BeginsAnew()
    {
        const VotFrame I = VotFrame.Initialized, T = VotFrame.Tracked, F = VotFrame.Failed, S = VotFrame.Skipped;
        VotRun run = new([I, T, F, S, S, S, S, I, T, T], [1, 0.4, 0, 0, 0, 0, 0, 1, 0.9, 0.7]);

        IReadOnlyList<double> curve = ExpectedOverlap.Curve([run]);

        // Fragments: 0.4 and then zeros; 0.9, 0.7 and then nothing.
        Assert.That(curve.Take(4), Is.EqualTo(new[] { 1, (0.4 + 0.9) / 2, (0.4 / 2 + 1.6 / 2) / 2, 0.4 / 3 }).Within(Exact));
        Assert.That(curve[9], Is.EqualTo(0.4 / 9).Within(Exact));
    }

    // The toolkit's formulas, worked through with another program.
    [TestCase(new[] { 105, 196 }, 80, 147)]
    [TestCase(new[] { 60, 80, 90, 100, 120, 200, 400 }, 49, 141)]
    [TestCase(new[] { 100, 100, 100, 300 }, 66, 134)]
    [TestCase(new[] { 5, 6, 7 }, 5, 6)]
    [TestCase(new[] { 2, 2, 9 }, 1, 3)]
    [TestCase(new[] { 50, 50 }, 50, 50)]
    public void ExpectedOverlap_Interval(int[] lengths, int low, int high) =>
        Assert.That(ExpectedOverlap.Interval(lengths), Is.EqualTo((low, high)));

    [Test]
    public void CfNet_StartsAtThirds()
    {
        Assert.That(CfNetScore.Starts(100), Is.EqualTo(new[] { 0, 33, 66 }));
        Assert.That(CfNetScore.Starts(8), Is.EqualTo(new[] { 0, 2, 5 }), "1 + 7/3 and 1 + 14/3, rounded");
    }

    [Test]
    public void CfNet_AreaByTrapezoids()
    {
        // At least t: 1 at t = 0; then 2/3 up to 0.5, 1/3 up to 1 (where the half of it counts).
        Assert.That(CfNetScore.Of([0, 0.5, 1]).Overlap, Is.EqualTo((0.5 + 50 * (2 / 3.0) + 49 * (1 / 3.0) + 1 / 6.0) / 100).Within(Exact));
        Assert.That(CfNetScore.Of([1, 1]), Is.EqualTo(new CfNetScore(2, 1)));
        Assert.That(CfNetScore.Of([0]).Overlap, Is.EqualTo(0.005).Within(Exact), "every frame succeeds at 0");
    }

    [Test]
    public void PolygonOverlap_OfADiamond()
    {
        // Corners at the middles of the edges of 0..10: half of the square.
        double[] diamond = [5, 0, 10, 5, 5, 10, 0, 5];

        Assert.That(PolygonOverlap.IntersectionOverUnion(new BoundingBox(0, 0, 10, 10), diamond, 100, 100), Is.EqualTo(0.5).Within(Exact));
        Assert.That(PolygonOverlap.IntersectionOverUnion(new BoundingBox(0, 0, 5, 5), diamond, 100, 100), Is.EqualTo(12.5 / (25 + 50 - 12.5)).Within(Exact));
        Assert.That(PolygonOverlap.IntersectionOverUnion(new BoundingBox(0, 0, 2, 2), diamond, 100, 100), Is.Zero, "beside an edge");
        Assert.That(PolygonOverlap.IntersectionOverUnion(new BoundingBox(0, 0, 0, 2), diamond, 100, 100), Is.Zero);
        Assert.That(
            PolygonOverlap.IntersectionOverUnion(new BoundingBox(2, 3, 4, 5), [2, 3, 6, 3, 6, 8, 2, 8], 100, 100), Is.EqualTo(1).Within(Exact), "a rectangle");
        Assert.That(
            PolygonOverlap.IntersectionOverUnion(new BoundingBox(2, 3, 4, 5), [2, 3, 2, 8, 6, 8, 6, 3], 100, 100), Is.EqualTo(1).Within(Exact), "the other way round");
    }

    [Test]
    public void PolygonOverlap_OutsideOfTheFrame_DoesNotCount()
    {
        // Of the diamond around (0, 0) a quarter is in the frame, and all of that in the box.
        double[] diamond = [0, -10, 10, 0, 0, 10, -10, 0];

        Assert.That(PolygonOverlap.IntersectionOverUnion(new BoundingBox(-50, -50, 60, 60), diamond, 100, 100), Is.EqualTo(0.5).Within(Exact));
        Assert.That(() => PolygonOverlap.IntersectionOverUnion(Unit, [1, 2, 3], 10, 10), Throws.ArgumentException.With.Message.Contains("eight numbers"));
    }
}
