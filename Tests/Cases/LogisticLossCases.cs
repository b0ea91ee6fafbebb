using SiamIlgpu.Kernels;
using SiamIlgpu.Tests.Reference;
using static SiamIlgpu.Tests.Cases.TestValues;

namespace SiamIlgpu.Tests.Cases;

/// <summary>A logistic loss and its gradient, with made-up maps unless others are given.</summary>
internal sealed class LogisticLossCase(
    LogisticLossSpec spec, string? name = null, float[]? scores = null, float[]? labels = null, float[]? weights = null)
    : OperationCase("LogisticLoss", name ?? $"{spec.Maps}")
{
    internal override long Bytes => sizeof(float) * 4 * spec.Maps.Count;

    // Within +-3, where nothing overflows.
    private float[] Scores => scores ?? [.. Uniform(spec.Maps.Count, seed: 71).Select(v => 3 * v)];

    // +1 for some, -1 for most.
    private float[] Labels => labels ?? [.. Uniform(spec.Maps.Count, seed: 72).Select(v => v > 0.7f ? 1f : -1f)];

    // A part of them is zero.
    private float[] Weights => weights ?? [.. Uniform(spec.Maps.Count, seed: 73).Select(v => MathF.Max(v + 0.5f, 0))];

    internal override Action Prepare(CaseTensors on)
    {
        LogisticLoss operation = on.Own(on.Device.PrepareLoss(spec));
        TensorView ofScores = on.Input(Scores, spec.Maps, TensorLayout.Planar), ofLabels = on.Input(Labels, spec.Maps, TensorLayout.Planar);
        TensorView ofWeights = on.Input(Weights, spec.Maps, TensorLayout.Planar);
        TensorView gradient = on.Output(spec.Maps, TensorLayout.Planar), losses = on.Output(spec.Losses, TensorLayout.Planar);
        return () => operation.Run(ofScores, ofLabels, ofWeights, losses, gradient);
    }

    internal override IReadOnlyList<Expected> Reference()
    {
        (double[] s, double[] l, double[] w) = (Scores.Doubles(), Labels.Doubles(), Weights.Doubles());
        return
        [
            new("score gradient", spec.Maps, 1e-6, LogisticLossReference.Gradient(spec, s, l, w)),
            new("losses", spec.Losses, 1e-6, LogisticLossReference.Losses(spec, s, l, w)),
        ];
    }

    /// <summary>The gradient with respect to the scores is that of the maps' mean loss.</summary>
    internal override IReadOnlyList<(Func<double[], double> Loss, double[] At)> Losses()
    {
        (double[] l, double[] w) = (Labels.Doubles(), Weights.Doubles());
        return [(values => LogisticLossReference.Losses(spec, values, l, w).Average(), Scores.Doubles())];
    }
}

/// <summary>The logistic losses that every device must get right.</summary>
internal static class LogisticLossCases
{
    internal static IEnumerable<LogisticLossCase> All =>
    [
        .. ((int[])[1, 7, 8, 9, 15, 17, 57]).Select(size => new LogisticLossCase(new(size % 3 + 1, size))),
        new(new(8, 33)),
        new(new(1, 2), "scores of ten thousand", [1e4f, -1e4f, 1e4f, -1e4f], [1, 1, -1, -1], [1, 1, 1, 0.5f]),
        new(new(1, 2), "scores around the largest exponent", [87.3f, -88, 20, -16], [1, 1, 1, -1], [1, 0, 1, 1]),
        .. Smooth,
    ];

    /// <summary>Small enough for finite differences.</summary>
    internal static IEnumerable<LogisticLossCase> Smooth => [new(new(3, 4))];
}
