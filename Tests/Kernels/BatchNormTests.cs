using SiamIlgpu.Kernels;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Tests.Kernels;

internal sealed class BatchNormTests
{
    [Test]
    public void Fold_IntoAConvolution_NormalisesItsOutput()
    {
        var spec = new ConvolutionSpec(1, 4, 5, 5, 6, 3, 1, 2, Relu: false);
        float[] input = TestValues.Uniform(spec.Input.Count, seed: 1);
        float[] filters = TestValues.Uniform(spec.Filters.Count, seed: 2);
        float[] bias = TestValues.Uniform(6, seed: 3);
        float[] gain = TestValues.Uniform(6, seed: 4);
        float[] offset = TestValues.Uniform(6, seed: 5);
        float[] mean = TestValues.Uniform(6, seed: 6);
        float[] sigma = [0.1f, 0.5f, 1, 2, 3, 10];
        float[] foldedFilters = [.. filters];
        float[] foldedBias = [.. bias];
        BatchNorm.Fold(foldedFilters, foldedBias, gain, offset, mean, sigma);

        for (long index = 0; index < spec.Output.Count; index++)
        {
            (int n, int o, int y, int x) = spec.Output.Position(index);
            double plain = ConvolutionReference.At(spec, input, filters, bias, n, o, y, x);
            double expected = (plain - mean[o]) / sigma[o] * gain[o] + offset[o];
            double actual = ConvolutionReference.At(spec, input, foldedFilters, foldedBias, n, o, y, x);
            Assert.That(actual, Is.EqualTo(expected).Within(1e-5 * Math.Max(1, Math.Abs(expected))), $"(o,y,x) = {(o, y, x)}");
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
