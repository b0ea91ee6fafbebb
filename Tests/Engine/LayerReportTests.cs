using SiamIlgpu.Networks;
using SiamIlgpu.Training;
using SiamIlgpu.Weights;

namespace SiamIlgpu.Tests.Engine;

internal sealed class LayerReportTests
{
    [Test]
    public void Of_FiltersThatDidNotMove_IsOneAndZero()
    {
        WeightTensor noise = Noise();

        LayerReport report = LayerReport.Of("conv1", noise, noise.Values, new float[noise.Values.Length]);

        Assert.That(report.CosineWithStart, Is.EqualTo(1).Within(1e-9));
        Assert.That(report.UpdateRatio, Is.Zero);
    }

    [Test]
    public void Of_FiltersOfOtherDirections_HasTheirAngleAndTheStepsLength()
    {
        var filters = new WeightTensor([1, 1, 1, 2], [3, 4]);

        LayerReport report = LayerReport.Of("conv1", filters, [4, 3], [0, 0.05f]);

        Assert.That(report.CosineWithStart, Is.EqualTo(24 / 25.0).Within(1e-9));
        Assert.That(report.UpdateRatio, Is.EqualTo(0.01).Within(1e-6));
    }

    [Test]
    public void HighFrequencies_OfNoiseFlatAndCheckeredFilters_AreKnown()
    {
        // 21 of the 121 frequencies of 11x11 are at most 0.25: those whose numbers of cycles have squares that add up to 2.75 squared or less.
        Assert.That(LayerReport.HighFrequenciesOf(Noise()), Is.EqualTo(100 / 121.0).Within(0.02));
        Assert.That(LayerReport.HighFrequenciesOf(Made((_, _) => 1)), Is.Zero.Within(1e-9));
        Assert.That(LayerReport.HighFrequenciesOf(Made((y, x) => (x + y) % 2 == 0 ? 1 : -1)), Is.GreaterThan(0.95));
        Assert.That(LayerReport.HighFrequenciesOf(Made((y, _) => Math.Cos(2 * Math.PI * 2 * y / 11))), Is.Zero.Within(1e-6), "2 cycles in 11 pixels");
        Assert.That(LayerReport.HighFrequenciesOf(Made((y, _) => Math.Cos(2 * Math.PI * 3 * y / 11))), Is.EqualTo(1).Within(1e-6), "3 cycles");
    }

    private static WeightTensor Noise() =>
        new([32, 3, 11, 11], NetworkInitializer.Create(NetworkDefinition.CfNetConv1, seed: 1).Tensors["conv1.weight"].Values);

    private static WeightTensor Made(Func<int, int, double> value) =>
        new([1, 1, 11, 11], [.. Enumerable.Range(0, 121).Select(i => (float)value(i / 11, i % 11))]);
}
