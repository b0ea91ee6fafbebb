using SiamIlgpu.Kernels.Generators;

namespace SiamIlgpu.Tests.Kernels;

internal sealed class WinogradMatricesTests
{
    [TestCase(2, 3)]
    [TestCase(4, 3)]
    [TestCase(6, 3)]
    [TestCase(2, 5)]
    [TestCase(4, 5)]
    [TestCase(3, 6)]
    public void Matrices_AreExactlyACorrelation(int outputs, int taps)
    {
        var f = new WinogradMatrices(outputs, taps, WinogradMatrices.PairsOf(outputs + taps - 1));
        // Both sides are linear in d and in g: unit vectors say it all. y_i takes d_(i+k) under g_k, and nothing else.
        for (int input = 0; input < f.Points; input++)
            for (int tap = 0; tap < taps; tap++)
                for (int output = 0; output < outputs; output++)
                {
                    Rational sum = 0;
                    for (int point = 0; point < f.Points; point++)
                        sum += f.Output[output, point] * f.Filter[point, tap] * f.Input[point, input];
                    Assert.That(sum, Is.EqualTo((Rational)(input == output + tap ? 1 : 0)), $"d_{input} g_{tap} in y_{output}");
                }
    }

    [Test]
    public void Matrices_WithTooFewPoints_SaySo() =>
        Assert.That(() => new WinogradMatrices(4, 3, 1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("F(4,3) takes 6 points, got 4"));
}
