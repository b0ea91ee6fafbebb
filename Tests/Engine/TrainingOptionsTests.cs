using SiamIlgpu.Training;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tests.Engine;

internal sealed class TrainingOptionsTests
{
    [Test]
    public void For_EachNetworkOfThePapers_IsItsPreset()
    {
        Assert.That(TrainingOptions.For(NetworkDefinition.SiamFc), Is.SameAs(TrainingOptions.SiamFc));
        Assert.That(TrainingOptions.For(NetworkDefinition.BaselineConv5), Is.SameAs(TrainingOptions.BaselineConv5));
        Assert.That(TrainingOptions.For(NetworkDefinition.CfNetConv2), Is.SameAs(TrainingOptions.CfNet));
    }

    [Test]
    public void RateOf_FallsByTheSameFactorEveryEpoch()
    {
        TrainingOptions options = TrainingOptions.SiamFc;
        Assert.That(options.RateOf(0), Is.EqualTo(1e-2f));
        Assert.That(options.RateOf(49), Is.EqualTo(1e-5f).Within(1e-9f));
        for (int epoch = 1; epoch < 50; epoch++)
            Assert.That(options.RateOf(epoch) / options.RateOf(epoch - 1), Is.EqualTo(Math.Pow(1e-3, 1 / 49.0)).Within(1e-5));
        Assert.That((options with { Epochs = 1 }).RateOf(0), Is.EqualTo(1e-2f));
    }

    [Test]
    public void RateOf_WithACosine_FallsInEveryStep()
    {
        TrainingOptions options = TrainingOptions.CfNet with { Epochs = 2, FirstRate = 1, LastRate = 0.1f, Schedule = LearningRateSchedule.Cosine };
        float[] rates = [.. Enumerable.Range(0, 20).Select(i => options.RateOf(i / 10, i % 10, 10))];
        Assert.That(rates[0], Is.EqualTo(1));
        Assert.That(rates[10], Is.EqualTo(0.55f).Within(1e-6f), "half way");
        Assert.That(rates[19], Is.EqualTo(0.1 + 0.45 * (1 + Math.Cos(Math.PI * 0.95))).Within(1e-6));
        Assert.That(rates, Is.Ordered.Descending);
    }

    [Test]
    public void RateOf_InTheWarmup_RisesToTheScheduleAndThenFollowsIt([Values] LearningRateSchedule schedule)
    {
        TrainingOptions plain = TrainingOptions.CfNet with { Epochs = 3, Schedule = schedule }, warm = plain with { WarmupSteps = 4 };
        for (int step = 0; step < 10; step++)
        {
            double share = step < 4 ? (step + 1) / 5.0 : 1;
            Assert.That(warm.RateOf(0, step, 10), Is.EqualTo(share * plain.RateOf(0, step, 10)).Within(1e-8), $"step {step}");
        }
        Assert.That(warm.RateOf(1, 2, 10), Is.EqualTo(plain.RateOf(1, 2, 10)));
    }

    // Within 16 px at stride 8, and 8 px at stride 4: two cells, 13 places.
    [TestCase(15, 8, "siamfc")]
    [TestCase(33, 4, "cfnet")]
    public void LabelMaps_OfAPositivePair_AreBalanced(int size, int stride, string preset)
    {
        TrainingOptions options = preset == "siamfc" ? TrainingOptions.SiamFc : TrainingOptions.CfNet;
        var maps = new LabelMaps(size, stride, options);
        float[] labels = maps.Labels(PairKind.Positive).ToArray(), weights = maps.Weights(PairKind.Positive).ToArray();
        Assert.That(labels.Count(y => y == 1), Is.EqualTo(13));
        Assert.That(labels.Count(y => y == -1), Is.EqualTo(size * size - 13));
        Assert.That(labels[(size / 2 + 2) * size + size / 2], Is.EqualTo(1), "two cells from the center");
        Assert.That(labels[(size / 2 + 2) * size + size / 2 + 1], Is.EqualTo(-1), "more than two");
        Assert.That(weights.Where((_, i) => labels[i] > 0).Sum(), Is.EqualTo(0.5f).Within(1e-6f));
        Assert.That(weights.Where((_, i) => labels[i] < 0).Sum(), Is.EqualTo(0.5f).Within(1e-5f));
    }

    [Test]
    public void LabelMaps_WithANeutralZone_LeaveItOut()
    {
        var maps = new LabelMaps(33, 4, TrainingOptions.CfNet with { NegativeRadius = 12 });
        float[] labels = maps.Labels(PairKind.Positive).ToArray(), weights = maps.Weights(PairKind.Positive).ToArray();
        Assert.That(labels[19 * 33 + 16], Is.Zero, "12 px from the center");
        Assert.That(labels[20 * 33 + 16], Is.EqualTo(-1), "16 px");
        Assert.That(weights.Where((_, i) => labels[i] == 0), Is.All.Zero);
        Assert.That(weights.Sum(), Is.EqualTo(1f).Within(1e-5f));
    }

    [Test]
    public void LabelMaps_OfANegativePair_AreNegativeEverywhere()
    {
        var maps = new LabelMaps(33, 4, TrainingOptions.CfNet);
        Assert.That(maps.Labels(PairKind.EasyNegative).ToArray(), Is.All.EqualTo(-1));
        Assert.That(maps.Weights(PairKind.HardNegative).ToArray().Sum(), Is.EqualTo(1f).Within(1e-5f));
    }

    [Test]
    public void LabelMaps_WithoutPositivesOrNegatives_SaysSo() =>
        Assert.That(() => new LabelMaps(33, 4, TrainingOptions.CfNet with { PositiveRadius = 1000 }), Throws.ArgumentException.With.Message.Contains("1089 positive"));
}
