using SiamIlgpu.Kernels;
using SiamIlgpu.Tests.Reference;
using static SiamIlgpu.Tests.Cases.TestValues;

namespace SiamIlgpu.Tests.Cases;

/// <summary>A triplet loss and its gradient, with made-up maps unless others are given.</summary>
internal sealed class TripletLossCase(TripletLossSpec spec, string? name = null, float[]? scores = null, float[]? labels = null)
    : OperationCase("TripletLoss", name ?? $"{spec.Maps} {spec.HardNegatives} hard negatives")
{
    internal override long Bytes => sizeof(float) * 3 * spec.Maps.Count;

    internal override bool IsSmall => spec.Size < 20;

    // In steps, so that many are equal.
    private float[] Scores => scores ?? [.. Uniform(spec.Maps.Count, seed: 81).Select(v => MathF.Round(40 * v) / 10)];

    // A few positives, some ignored, the others negative; the second map has no positives, the third no negatives.
    private float[] Labels => labels ?? [.. Uniform(spec.Maps.Count, seed: 82).Select((v, i) => (v, map: i / (spec.Size * spec.Size)) switch
    {
        ( > 0.8f, not 1) => 1f,
        ( < -0.4f, not 2) => -1f,
        ( > 0.6f, _) => 0f,
        (_, 2) => 0f,
        _ => -1f,
    })];

    internal override Action Prepare(CaseTensors on)
    {
        TripletLoss operation = on.Own(on.Device.PrepareLoss(spec));
        TensorView ofScores = on.Input(Scores, spec.Maps, TensorLayout.Planar), ofLabels = on.Input(Labels, spec.Maps, TensorLayout.Planar);
        TensorView gradient = on.Output(spec.Maps, TensorLayout.Planar), losses = on.Output(spec.Losses, TensorLayout.Planar);
        return () => operation.Run(ofScores, ofLabels, losses, gradient);
    }

    internal override IReadOnlyList<Expected> Reference()
    {
        (double[] losses, double[] gradient) = TripletLossReference.Run(spec, Scores.Doubles(), Labels.Doubles());
        return [new("score gradient", spec.Maps, 1e-6, gradient), new("losses", spec.Losses, 1e-6, losses)];
    }

    /// <summary>The gradient with respect to the scores is that of the maps' mean loss.</summary>
    internal override IReadOnlyList<(Func<double[], double> Loss, double[] At)> Losses()
    {
        double[] l = Labels.Doubles();
        return [(values => TripletLossReference.Run(spec, values, l).Losses.Average(), Scores.Doubles())];
    }
}

/// <summary>The triplet losses that every device must get right.</summary>
internal static class TripletLossCases
{
    internal static IEnumerable<TripletLossCase> All =>
    [
        .. from hard in (int[])[0, 1, 5, 40] from size in (int[])[1, 2, 5, 7, 8, 9] select new TripletLossCase(new(4, size, hard)),
        new(new(2, 3, 1000)), new(new(8, 33, 0)), new(new(8, 33, 100)),
        .. ((int[])[0, 1, 2]).Select(hard =>
            new TripletLossCase(new(1, 2, hard), $"scores of ten thousand, {hard} hard negatives", [0, 1e4f, -1e4f, 0], [1, -1, -1, 0])),
        .. Smooth,
    ];

    /// <summary>Small enough for finite differences, and without equal scores.</summary>
    internal static IEnumerable<TripletLossCase> Smooth =>
        from hard in (int[])[0, 3]
        let spec = new TripletLossSpec(4, 5, hard)
        select new TripletLossCase(spec, $"{spec.Maps} {hard} hard negatives without ties", Uniform(spec.Maps.Count, seed: 1));
}
