using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Tests.Kernels;

[Category("Conformance")]
internal sealed class BlendTests
{
    [TestCaseSource(typeof(BlendCases), nameof(BlendCases.All))]
    public void Forward_MatchesReference(BlendSpec spec)
    {
        float[] average = TestValues.Uniform(spec.Shape.Count, seed: 1), update = TestValues.Uniform(spec.Shape.Count, seed: 2);
        foreach (float rate in (float[])[0, 0.005f, 0.5f, 1])
            Conformance.AssertClose(Blend(spec, average, update, rate), BlendReference.Average(average, update, rate), 2e-7, spec.Shape);
    }

    [Test]
    public void Forward_RateZeroAndOne_AreExact()
    {
        var spec = new BlendSpec(new TensorShape(1, 17, 5, 5));
        float[] average = TestValues.Uniform(spec.Shape.Count, seed: 1), update = TestValues.Uniform(spec.Shape.Count, seed: 2);
        Assert.That(Blend(spec, average, update, 0), Is.EqualTo(average));
        Assert.That(Blend(spec, average, update, 1), Is.EqualTo(update));
    }

    [Test]
    public void Forward_BufferOfAnotherDevice_SaysSo()
    {
        var spec = new BlendSpec(new TensorShape(1, 1, 1, 1));
        using var device = new CpuDevice(1);
        using var other = new CpuDevice(1);
        using Blend operation = device.Prepare(spec);
        using Tensor foreign = other.Allocate(spec.Shape, other.FeatureLayout);
        Assert.That(() => operation.Forward(foreign, foreign, 1), Throws.TypeOf<DeviceMismatchException>());
    }

    private static float[] Blend(BlendSpec spec, float[] averageValues, float[] updateValues, float rate)
    {
        using var device = new CpuDevice(1);
        using Blend operation = device.Prepare(spec);
        using Tensor average = device.Upload(averageValues, spec.Shape, device.FeatureLayout);
        using Tensor update = device.Upload(updateValues, spec.Shape, device.FeatureLayout);
        operation.Forward(average, update, rate);
        return device.Download(average);
    }
}
