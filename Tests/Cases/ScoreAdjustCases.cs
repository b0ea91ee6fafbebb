using SiamIlgpu.Kernels;
using SiamIlgpu.Tests.Reference;
using static SiamIlgpu.Tests.Cases.TestValues;

namespace SiamIlgpu.Tests.Cases;

/// <summary>Gain and bias of score maps, with their data.</summary>
internal sealed class ScoreAdjustCase(ScoreAdjustSpec spec) : OperationCase("ScoreAdjust", $"{spec.Maps}")
{
    internal const float Gain = 0.75f;
    internal const float Bias = -0.5f;

    internal override double Flops => 2 * spec.Maps.Count;

    internal override long Bytes => sizeof(float) * 2 * spec.Maps.Count;

    internal override Action Prepare(CaseTensors on)
    {
        ScoreAdjust operation = on.Own(on.Device.PrepareTraining(spec));
        TensorView responses = on.Input(Responses(spec), spec.Maps, TensorLayout.Planar);
        TensorView gain = on.Input([Gain], spec.Parameter, TensorLayout.Planar), bias = on.Input([Bias], spec.Parameter, TensorLayout.Planar);
        TensorView scores = on.Output(spec.Maps, TensorLayout.Planar);
        return () => operation.Forward(responses, gain, bias, scores);
    }

    internal override IReadOnlyList<Expected> Reference() =>
        [new("scores", spec.Maps, 1e-6, ScoreAdjustReference.Forward(Responses(spec).Doubles(), Gain, Bias))];

    internal static float[] Responses(in ScoreAdjustSpec spec) => Uniform(spec.Maps.Count, seed: 61);
}

/// <summary>The gradients of gain and bias; that of the responses into memory of its own, or in place of the scores'.</summary>
internal sealed class ScoreAdjustBackwardCase(ScoreAdjustSpec spec, bool inPlace)
    : OperationCase("ScoreAdjustBackward", $"{spec.Maps}{(inPlace ? " in place" : "")}")
{
    internal override double Flops => 4 * spec.Maps.Count;

    internal override long Bytes => sizeof(float) * 3 * spec.Maps.Count;

    private float[] ScoreGradient => Uniform(spec.Maps.Count, seed: 62);

    internal override Action Prepare(CaseTensors on)
    {
        ScoreAdjust operation = on.Own(on.Device.PrepareTraining(spec));
        TensorView responses = on.Input(ScoreAdjustCase.Responses(spec), spec.Maps, TensorLayout.Planar);
        TensorView gain = on.Input([ScoreAdjustCase.Gain], spec.Parameter, TensorLayout.Planar);
        (TensorView scoreGradient, TensorView responseGradient) = on.Gradients(ScoreGradient, spec.Maps, TensorLayout.Planar, inPlace);
        TensorView gainGradient = on.Output(spec.Parameter, TensorLayout.Planar, accumulates: true);
        TensorView biasGradient = on.Output(spec.Parameter, TensorLayout.Planar, accumulates: true);
        return () => operation.Backward(responses, gain, scoreGradient, responseGradient, gainGradient, biasGradient, on.Write);
    }

    internal override IReadOnlyList<Expected> Reference()
    {
        (double[] responses, double gain, double bias) =
            ScoreAdjustReference.Backward(ScoreAdjustCase.Responses(spec).Doubles(), ScoreAdjustCase.Gain, ScoreGradient.Doubles());
        return
        [
            new("response gradient", spec.Maps, 1e-6, responses),
            new("gain gradient", spec.Parameter, 1e-6, [gain]),
            new("bias gradient", spec.Parameter, 1e-6, [bias]),
        ];
    }

    internal override IReadOnlyList<(Func<double[], double> Loss, double[] At)> Losses()
    {
        double[] r = ScoreAdjustCase.Responses(spec).Doubles(), weights = ScoreGradient.Doubles();
        return
        [
            (x => Dot(ScoreAdjustReference.Forward(x, ScoreAdjustCase.Gain, ScoreAdjustCase.Bias), weights), r),
            (x => Dot(ScoreAdjustReference.Forward(r, x[0], ScoreAdjustCase.Bias), weights), [ScoreAdjustCase.Gain]),
            (x => Dot(ScoreAdjustReference.Forward(r, ScoreAdjustCase.Gain, x[0]), weights), [ScoreAdjustCase.Bias]),
        ];
    }
}

/// <summary>The score maps that every device must adjust right.</summary>
internal static class ScoreAdjustCases
{
    internal static IEnumerable<ScoreAdjustCase> All => Specs.Select(spec => new ScoreAdjustCase(spec));

    internal static IEnumerable<ScoreAdjustBackwardCase> Backward =>
        from inPlace in (bool[])[false, true]
        from spec in Specs.Append(Small)
        select new ScoreAdjustBackwardCase(spec, inPlace);

    /// <summary>Small enough for finite differences.</summary>
    internal static IEnumerable<ScoreAdjustBackwardCase> Smooth => [new(Small, inPlace: false)];

    private static ScoreAdjustSpec Small => new(2, 5);

    private static IEnumerable<ScoreAdjustSpec> Specs =>
        ((int[])[1, 7, 8, 9, 15, 17, 33, 57]).Select(size => new ScoreAdjustSpec(size % 3 + 1, size)).Append(new ScoreAdjustSpec(8, 33));
}
