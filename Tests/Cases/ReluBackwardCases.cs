using SiamIlgpu.Kernels;
using SiamIlgpu.Tests.Reference;
using static SiamIlgpu.Tests.Cases.TestValues;

namespace SiamIlgpu.Tests.Cases;

/// <summary>The gradient of a ReLU, half of whose outputs are zero. It is computed in place.</summary>
internal sealed class ReluBackwardCase(TensorShape shape) : OperationCase("ReluBackward", $"{shape}")
{
    internal override long Bytes => sizeof(float) * 3 * shape.Count;

    internal override bool IsSmall => shape.Count < 2000;

    private float[] Input => Uniform(shape.Count, seed: 21);

    private float[] OutputGradient => Uniform(shape.Count, seed: 22);

    internal override Action Prepare(CaseTensors on)
    {
        ReluBackward operation = on.Own(on.Device.PrepareBackward(new ReluSpec(shape)));
        TensorView output = on.Input(ReluBackwardReference.Forward(Input.Doubles()).Floats(), shape);
        TensorView gradient = on.InOut(OutputGradient, shape);
        return () => operation.Backward(output, gradient);
    }

    internal override IReadOnlyList<Expected> Reference()
    {
        double[] output = ReluBackwardReference.Forward(Input.Doubles());
        return [new("gradient", shape, 0, ReluBackwardReference.Gradient(output, OutputGradient.Doubles()))];
    }

    internal override IReadOnlyList<(Func<double[], double> Loss, double[] At)> Losses()
    {
        double[] weights = OutputGradient.Doubles();
        return [(values => Dot(ReluBackwardReference.Forward(values), weights), Input.Doubles())];
    }
}

/// <summary>The ReLUs whose gradient every device must get right.</summary>
internal static class ReluBackwardCases
{
    internal static IEnumerable<ReluBackwardCase> All =>
    [
        .. ((int[])[1, 7, 8, 9, 15, 17]).Select(size => new ReluBackwardCase(new(2, size, 3, size))), new(new(2, 40, 33, 31)), .. Smooth,
    ];

    /// <summary>Small enough for finite differences.</summary>
    internal static IEnumerable<ReluBackwardCase> Smooth => [new(new(1, 2, 5, 5))];
}
