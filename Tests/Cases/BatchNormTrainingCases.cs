using SiamIlgpu.Kernels;
using SiamIlgpu.Tests.Reference;
using static SiamIlgpu.Tests.Cases.TestValues;

namespace SiamIlgpu.Tests.Cases;

/// <summary>What batch normalizations in training read.</summary>
/// <param name="Spec">Their sizes.</param>
/// <param name="Mean">A mean far from zero for all channels; 0 for channels of different means and spreads.</param>
internal sealed record BatchNormData(BatchNormSpec Spec, float Mean = 0)
{
    internal float[] Input()
    {
        float[] values = Uniform(Spec.Features.Count, seed: 11);
        for (int i = 0; i < values.Length; i++)
        {
            (int n, int channel, int y, _) = Spec.Features.Position(i);
            if (Mean == 0)
                values[i] = (values[i] + channel % 5 * 3 - 4) * (1 + channel % 3);
            else // The first row is none of the others' spread; in one channel it is far away.
                values[i] = (n, y) != (0, 0) ? Mean + values[i] : channel == 1 ? 0 : Mean;
        }
        return values;
    }

    internal float[] Gain() => Uniform(Spec.Channels, seed: 12);

    internal float[] Offset() => Uniform(Spec.Channels, seed: 13);

    internal float[] OutputGradient() => Uniform(Spec.Features.Count, seed: 14);

    /// <summary>The reference's output and moments.</summary>
    internal (double[] Output, double[] Moments) Forward() =>
        BatchNormTrainingReference.Forward(Spec, Input().Doubles(), Gain().Doubles(), Offset().Doubles());

    public override string ToString() =>
        $"{Spec.Features}{(Spec.Relu ? " relu" : "")}{(Mean == 0 ? "" : $" around {Mean}")} epsilon {Spec.Epsilon}";
}

/// <summary>A batch normalization in training.</summary>
internal sealed class BatchNormTrainingCase(BatchNormData data, string? name = null) : OperationCase("BatchNormTraining", name ?? $"{data}")
{
    private readonly BatchNormSpec spec = data.Spec;

    internal override long Bytes => sizeof(float) * 2 * spec.Features.Count;

    internal override bool IsSmall => spec.Features.Count < 10_000;

    internal override Action Prepare(CaseTensors on)
    {
        BatchNormTraining operation = on.Own(on.Device.PrepareTraining(spec));
        TensorView input = on.Input(data.Input(), spec.Features, spec.Layout(on.Device));
        TensorView gain = on.Input(data.Gain(), spec.Parameters, TensorLayout.Planar);
        TensorView offset = on.Input(data.Offset(), spec.Parameters, TensorLayout.Planar);
        TensorView output = on.Output(spec.Features, spec.Layout(on.Device)), moments = on.Output(spec.Moments, TensorLayout.Planar);
        return () => operation.Forward(input, gain, offset, moments, output);
    }

    internal override IReadOnlyList<Expected> Reference()
    {
        (double[] output, double[] moments) = data.Forward();
        return
        [
            new("output", spec.Features, 5e-6, output),
            new("moments", spec.Moments, 1e-6, moments) { Scale = moment => Math.Max(1, Math.Abs(moment)) },
        ];
    }
}

/// <summary>The gradients of a batch normalization; that of the input into memory of its own, or in place of the output's.</summary>
internal sealed class BatchNormTrainingBackwardCase(BatchNormData data, bool inPlace, string? name = null)
    : OperationCase("BatchNormTrainingBackward", name ?? $"{data}{(inPlace ? " in place" : "")}")
{
    private readonly BatchNormSpec spec = data.Spec;

    internal override long Bytes => sizeof(float) * 4 * spec.Features.Count;

    internal override bool IsSmall => spec.Features.Count < 10_000;

    internal override Action Prepare(CaseTensors on)
    {
        (double[] outputs, double[] ownMoments) = data.Forward();
        BatchNormTraining operation = on.Own(on.Device.PrepareTraining(spec));
        TensorLayout layout = spec.Layout(on.Device);
        TensorView input = on.Input(data.Input(), spec.Features, layout), output = on.Input(outputs.Floats(), spec.Features, layout);
        TensorView gain = on.Input(data.Gain(), spec.Parameters, TensorLayout.Planar);
        TensorView moments = on.Input(ownMoments.Floats(), spec.Moments, TensorLayout.Planar);
        (TensorView outputGradient, TensorView inputGradient) = on.Gradients(data.OutputGradient(), spec.Features, layout, inPlace);
        TensorView gainGradient = on.Output(spec.Parameters, TensorLayout.Planar, accumulates: true);
        TensorView offsetGradient = on.Output(spec.Parameters, TensorLayout.Planar, accumulates: true);
        TensorView momentsGradient = on.Output(spec.Moments, TensorLayout.Planar, accumulates: true);
        return () => operation.Backward(
            input, output, gain, moments, outputGradient, inputGradient, gainGradient, offsetGradient, momentsGradient, on.Write);
    }

    internal override IReadOnlyList<Expected> Reference()
    {
        // From what the device is given, so that an output close to zero is on the same side of it.
        (double[] output, double[] moments) = data.Forward();
        double[] given = moments.Floats().Doubles();
        (double[] input, double[] gain, double[] offset) = BatchNormTrainingReference.Backward(
            spec, data.Input().Doubles(), output.Floats().Doubles(), data.Gain().Doubles(), given, data.OutputGradient().Doubles());
        return
        [
            new("input gradient", spec.Features, 5e-6, input),
            new("gain gradient", spec.Parameters, 5e-6, gain),
            new("offset gradient", spec.Parameters, 5e-6, offset),
            new("moments in place of their gradient", spec.Moments, 0, given),
        ];
    }

    internal override IReadOnlyList<(Func<double[], double> Loss, double[] At)> Losses()
    {
        double[] x = data.Input().Doubles(), weights = data.OutputGradient().Doubles();
        double[] gain = data.Gain().Doubles(), offset = data.Offset().Doubles();
        double Loss(double[] input, double[] g, double[] o) => Dot(BatchNormTrainingReference.Forward(spec, input, g, o).Output, weights);
        return
        [
            (values => Loss(values, gain, offset), x), (values => Loss(x, values, offset), gain), (values => Loss(x, gain, values), offset),
        ];
    }
}

/// <summary>The batch normalizations that every device must get right.</summary>
internal static class BatchNormTrainingCases
{
    internal static IEnumerable<BatchNormTrainingCase> All => Data.Select(data => new BatchNormTrainingCase(data));

    internal static IEnumerable<BatchNormTrainingBackwardCase> Backward =>
        from inPlace in (bool[])[false, true]
        from data in (BatchNormData[])[.. Data, .. Tiny]
        select new BatchNormTrainingBackwardCase(data, inPlace);

    /// <summary>Small enough for finite differences.</summary>
    internal static IEnumerable<BatchNormTrainingBackwardCase> Smooth =>
        Tiny.Select(data => new BatchNormTrainingBackwardCase(data, inPlace: false));

    private static IEnumerable<BatchNormData> Tiny =>
        from tiny in ((int Channels, bool Relu)[])[(2, false), (2, true), (1, false)]
        select new BatchNormData(new BatchNormSpec(2, tiny.Channels, 3, 4, tiny.Relu, Epsilon: 0.01f));

    private static IEnumerable<BatchNormData> Data => Specs.Select(spec => new BatchNormData(spec))
        .Append(new BatchNormData(new BatchNormSpec(2, 3, 40, 9, Relu: false), Mean: 100));

    private static IEnumerable<BatchNormSpec> Specs
    {
        get
        {
            foreach (int width in (int[])[1, 7, 8, 9, 15, 17, 57])
                yield return new BatchNormSpec(3, 16, 3, width, Relu: true);
            foreach (int channels in (int[])[2, 7, 8, 9, 15, 17, 57])
                yield return new BatchNormSpec(2, channels, 5, 6, Relu: channels % 2 == 0);
            foreach (int size in (int[])[3, 17, 33])
                yield return new BatchNormSpec(8, 1, size, size, Relu: false);
            yield return new BatchNormSpec(2, 1, 5, 7, Relu: true, Epsilon: 0.1f);
            yield return new BatchNormSpec(1, 20, 4, 4, Relu: false, Epsilon: 0.1f);
            // Planes of two stretches.
            yield return new BatchNormSpec(2, 5, 17, 31, Relu: true);
            yield return new BatchNormSpec(2, 1, 65, 65, Relu: false);
            yield return new BatchNormSpec(2, 20, 70, 61, Relu: true);
            yield return new BatchNormSpec(1, 24, 123, 123, Relu: true);
        }
    }
}
