using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Tests.Kernels;

internal sealed class SgdStepTests
{
    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Each))]
    public void Step_OutsideOfSegments_LeavesAlone(object on)
    {
        var mixed = new SgdSpec(30, [new(2, 9, 1, 1), new(20, 5, 0.5f, 0, AverageOf: 2)], 0.9f, 0.1f);
        foreach (SgdSpec spec in SgdStepCases.Specs.Append(mixed))
        {
            var testCase = new SgdStepCase(spec);
            float[][] actual = testCase.Run(((TestDevice)on).Device);
            float[] parameters = testCase.Parameters, velocities = testCase.Velocities;
            bool[] inside = Places(spec, _ => true), follows = Places(spec, segment => segment.AverageOf == 0);
            for (int i = 0; i < parameters.Length; i++)
            {
                if (!inside[i] && actual[0][i] != parameters[i])
                    Assert.Fail($"{testCase}: parameter {i} of no segment was moved");
                if (!follows[i] && actual[1][i] != velocities[i])
                    Assert.Fail($"{testCase}: velocity {i} follows no gradient and was moved");
                if (spec == mixed && inside[i] && actual[0][i] == parameters[i])
                    Assert.Fail($"{testCase}: parameter {i} was not moved");
                if (spec == mixed && follows[i] && actual[1][i] == velocities[i])
                    Assert.Fail($"{testCase}: velocity {i} was not moved");
            }
        }
    }

    [Test]
    public void Prepare_SegmentsThatOverlap_NamesTheSecond()
    {
        using var device = new CpuDevice(1);
        var spec = new SgdSpec(10, [new(0, 5, 1, 1), new(4, 2, 1, 1)], 0.9f, 0);
        Assert.That(() => device.PrepareStep(spec), Throws.TypeOf<KernelShapeException>()
            .With.Message.StartsWith("SGD: ParameterSegment { Offset = 4, Length = 2,")
            .And.Message.EndsWith("does not fit into 10 floats after 5"));
    }

    [Test]
    public void Step_OtherArena_SaysWhich()
    {
        using var device = new CpuDevice(1);
        using var tensors = new CaseTensors(device);
        using SgdStep operation = device.PrepareStep(new SgdSpec(10, [], 0.9f, 0));
        TensorView right = tensors.Output(new TensorShape(1, 1, 1, 10), TensorLayout.Planar);
        TensorView wrong = tensors.Output(new TensorShape(1, 1, 1, 9), TensorLayout.Planar);
        Assert.That(() => operation.Step(right, right, wrong, 0.1f),
            Throws.TypeOf<KernelShapeException>().With.Message.EqualTo("SGD velocities: expected [1,1,1,10] Planar, got [1,1,1,9] Planar"));
    }

    // The places that lie in a segment of a kind.
    private static bool[] Places(SgdSpec spec, Func<ParameterSegment, bool> kind)
    {
        var places = new bool[spec.Length];
        foreach (ParameterSegment segment in spec.Segments.Where(kind))
            places.AsSpan((int)segment.Offset, (int)segment.Length).Fill(true);
        return places;
    }
}
