using SiamIlgpu.Kernels;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Tests.Kernels;

internal sealed class BatchNormTests
{
    [Test]
    public void Fold_IntoAConvolution_NormalizesItsOutput()
    {
        var spec = new ConvolutionSpec(1, 4, 5, 5, 6, 3, 1, 2, Relu: false);
        float[] input = TestValues.Uniform(spec.Input.Count, seed: 1);
        float[] filters = TestValues.Uniform(spec.Filters.Count, seed: 2);
        float[] bias = TestValues.Uniform(6, seed: 3);
        float[] gain = TestValues.Uniform(6, seed: 4);
        float[] offset = TestValues.Uniform(6, seed: 5);
        float[] mean = TestValues.Uniform(6, seed: 6);
        float[] sigma = [0.1f, 0.5f, 1, 2, 3, 10];
        double[] x = input.Doubles();
        float[] foldedFilters = [.. filters];
        float[] foldedBias = [.. bias];
        BatchNorm.Fold(foldedFilters, foldedBias, gain, offset, mean, sigma);

        double[] w = filters.Doubles(), b = bias.Doubles(), foldedW = foldedFilters.Doubles(), foldedB = foldedBias.Doubles();
        for (long index = 0; index < spec.Output.Count; index++)
        {
            (int n, int o, int i, int j) = spec.Output.Position(index);
            double plain = ConvolutionReference.At(spec, x, w, b, n, o, i, j);
            double expected = (plain - mean[o]) / sigma[o] * gain[o] + offset[o];
            double actual = ConvolutionReference.At(spec, x, foldedW, foldedB, n, o, i, j);
            Assert.That(actual, Is.EqualTo(expected).Within(1e-5 * Math.Max(1, Math.Abs(expected))), $"(o,i,j) = {(o, i, j)}");
        }
    }

    [Test]
    public void Fold_LengthsThatDoNotBelongTogether_NamesThem()
    {
        Assert.That(
            () => BatchNorm.Fold(new float[12], new float[4], new float[4], new float[3], new float[4], new float[4]),
            Throws.InstanceOf<KernelShapeException>().With.Message.Contains("4 biases, 12 filter weights, 4 gains, 3 offsets"));
    }
}
