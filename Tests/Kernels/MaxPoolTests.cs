using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Tests.Kernels;

[Category("Conformance")]
internal sealed class MaxPoolTests
{
    private static readonly int[] ThreadCounts = [1, 2, 3];

    [TestCaseSource(typeof(MaxPoolCases), nameof(MaxPoolCases.All))]
    public void Forward_EqualsReference_ForAnyThreadCount(object testCase)
    {
        var pool = (MaxPoolCase)testCase;
        foreach (int threads in ThreadCounts)
            AssertEqualsReference(pool.Spec, pool.Input(), threads);
    }

    [Test]
    public void Prepare_ImpossibleSizes_SaysWhich()
    {
        using var device = new CpuDevice(threads: 1);
        Assert.That(() => device.Prepare(new MaxPoolSpec(1, 16, 2, 9, 3, 1)), Throws.InstanceOf<KernelShapeException>()
            .With.Message.EqualTo("max pool: a 3x3 window does not fit into 2x9"));
        Assert.That(() => device.Prepare(new MaxPoolSpec(1, 16, 9, 9, 3, 0)), Throws.InstanceOf<KernelShapeException>()
            .With.Message.Contains("every size must be positive"));
    }

    private static void AssertEqualsReference(in MaxPoolSpec spec, float[] values, int threads)
    {
        using var device = new CpuDevice(threads);
        using MaxPool pool = device.Prepare(spec);
        using Tensor input = device.Upload(values, spec.Input, device.FeatureLayout);
        using Tensor output = device.Allocate(spec.Output, device.FeatureLayout);
        output.View.Floats().Fill(float.PositiveInfinity);
        pool.Forward(input, output);
        float[] actual = device.Download(output);
        int padding = device.DownloadRaw(output).Length - actual.Length;
        Assert.That(device.DownloadRaw(output).Count(x => x == 0) - actual.Count(x => x == 0), Is.EqualTo(padding), "padding lanes that are not zero");
        for (int index = 0; index < actual.Length; index++)
        {
            (int n, int c, int y, int x) = spec.Output.Position(index);
            float expected = MaxPoolReference.At(spec, values, n, c, y, x);
            if (!actual[index].Equals(expected))
                Assert.Fail($"(n,c,y,x) = {(n, c, y, x)}: expected {expected}, got {actual[index]} with {threads} threads");
        }
    }
}
