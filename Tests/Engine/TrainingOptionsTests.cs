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
