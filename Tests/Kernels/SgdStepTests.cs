using SiamIlgpu.Kernels;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;
using SiamIlgpu.Tests.Reference;
using static SiamIlgpu.Tests.Kernels.TrainingTensors;

namespace SiamIlgpu.Tests.Kernels;

[Category("Conformance")]
internal sealed class SgdStepTests
{
    private const double Tolerance = 1e-6;
    private const int Steps = 3;

    [TestCaseSource(typeof(SgdStepCases), nameof(SgdStepCases.All))]
    public void Step_SeveralTimes_MatchesReference_SameBitsForAnyThreadCount(SgdSpec spec)
    {
        double[] parameters = Doubles(SgdStepCases.Parameters(spec)), velocities = Doubles(SgdStepCases.Velocities(spec));
        double[] gradients = Doubles(SgdStepCases.Gradients(spec));
        for (int step = 0; step < Steps; step++)
            SgdStepReference.Step(spec, parameters, gradients, velocities, SgdStepCases.LearningRate);
        (float[] actualParameters, float[] actualVelocities) = Run(spec, threads: 1);
        Conformance.AssertClose(actualParameters, parameters, Tolerance, spec.Arena);
        Conformance.AssertClose(actualVelocities, velocities, Tolerance, spec.Arena);
        foreach (int threads in Conformance.ThreadCounts)
            Assert.That(Run(spec, threads), Is.EqualTo((actualParameters, actualVelocities)), $"{threads} threads");
    }

    [Test]
    public void Step_OutsideOfSegments_LeavesAlone()
    {
        var spec = new SgdSpec(30, [new(2, 9, 1, 1), new(20, 5, 0.5f, 0, AverageOf: 2)], 0.9f, 0.1f);
        (float[] parameters, float[] velocities) = Run(spec, threads: 2);
        float[] before = SgdStepCases.Parameters(spec), velocitiesBefore = SgdStepCases.Velocities(spec);
        for (int i = 0; i < 30; i++)
        {
            bool follows = i is >= 2 and < 11, averages = i is >= 20 and < 25;
            Assert.That(parameters[i] != before[i], Is.EqualTo(follows || averages), $"parameter {i}");
            Assert.That(velocities[i] != velocitiesBefore[i], Is.EqualTo(follows), $"velocity {i}");
        }
    }

    [Test]
    public void Step_SecondCall_AllocatesNothing()
    {
        var spec = new SgdSpec(100_000, [new(0, 60_000, 1, 1), new(60_000, 40_000, 0.5f, 0, AverageOf: 2)], 0.9f, 0.1f);
        using var tensors = new TrainingTensors(2);
        using SgdStep operation = tensors.Device.PrepareStep(spec);
        TensorView p = tensors.Output(spec.Arena, TensorLayout.Planar), g = tensors.Output(spec.Arena, TensorLayout.Planar);
        TensorView v = tensors.Output(spec.Arena, TensorLayout.Planar);
        Conformance.AssertAllocatesNothing(() => operation.Step(p, g, v, 0.1f));
    }

    [Test]
    public void Prepare_SegmentsThatOverlap_NamesTheSecond()
    {
        using var device = new CpuDevice(1);
        var spec = new SgdSpec(10, [new(0, 5, 1, 1), new(4, 2, 1, 1)], 0.9f, 0);
        Assert.That(() => device.PrepareStep(spec), Throws.TypeOf<KernelShapeException>()
            .With.Message.StartsWith("SGD: SgdSegment { Offset = 4, Length = 2,")
            .And.Message.EndsWith("does not fit into 10 floats after 5"));
    }

    [Test]
    public void Step_OtherArena_SaysWhich()
    {
        using var tensors = new TrainingTensors(1);
        using SgdStep operation = tensors.Device.PrepareStep(new SgdSpec(10, [], 0.9f, 0));
        TensorView right = tensors.Output(new TensorShape(1, 1, 1, 10), TensorLayout.Planar);
        TensorView wrong = tensors.Output(new TensorShape(1, 1, 1, 9), TensorLayout.Planar);
        Assert.That(() => operation.Step(right, right, wrong, 0.1f),
            Throws.TypeOf<KernelShapeException>().With.Message.EqualTo("SGD velocities: expected [1,1,1,10] Planar, got [1,1,1,9] Planar"));
    }

    private static (float[] Parameters, float[] Velocities) Run(SgdSpec spec, int threads)
    {
        using var tensors = new TrainingTensors(threads);
        using SgdStep operation = tensors.Device.PrepareStep(spec);
        TensorView p = tensors.Planar(SgdStepCases.Parameters(spec), spec.Arena);
        TensorView v = tensors.Planar(SgdStepCases.Velocities(spec), spec.Arena);
        TensorView g = tensors.Planar(SgdStepCases.Gradients(spec), spec.Arena);
        for (int step = 0; step < Steps; step++)
            operation.Step(p, g, v, SgdStepCases.LearningRate);
        return (tensors.Values(p), tensors.Values(v));
    }
}
