using SiamIlgpu.Kernels;
using SiamIlgpu.Tests.Reference;
using static SiamIlgpu.Tests.Cases.TestValues;

namespace SiamIlgpu.Tests.Cases;

/// <summary>The gradients of a cross-correlation with their data.</summary>
internal sealed class CrossCorrelationBackwardCase(CrossCorrelationSpec spec, string? name = null)
    : OperationCase("CrossCorrelationBackward", name ?? CrossCorrelationCase.NameOf(spec))
{
    internal override double Flops => 2 * spec.Flops;

    internal override long Bytes => sizeof(float) * (2 * spec.Template.Count + 2 * spec.Search.Count + spec.Response.Count);

    // For each place of the template a group of threads waits at barriers.
    internal override bool IsSmall => spec is { Flops: < 75_000, TemplateSize: < 10 };

    private float[] Template => Uniform(spec.Template.Count, seed: 41);

    private float[] Search => Uniform(spec.Search.Count, seed: 42);

    private float[] ResponseGradient => Uniform(spec.Response.Count, seed: 43);

    internal override Action Prepare(CaseTensors on)
    {
        CrossCorrelationBackward operation = on.Own(on.Device.PrepareBackward(spec));
        TensorView template = on.Input(Template, spec.Template), search = on.Input(Search, spec.Search);
        TensorView responseGradient = on.Input(ResponseGradient, spec.Response, TensorLayout.Planar);
        TensorView templateGradient = on.Output(spec.Template), searchGradient = on.Output(spec.Search);
        return () => operation.Backward(template, search, responseGradient, templateGradient, searchGradient);
    }

    // On the CPU sums of up to 16,129 products, one after the other.
    internal override IReadOnlyList<Expected> Reference()
    {
        (double[] template, double[] search) =
            CrossCorrelationBackwardReference.Gradients(spec, Template.Doubles(), Search.Doubles(), ResponseGradient.Doubles());
        return
        [
            new("template gradient", spec.Template, 5e-6, template) { GpuTolerance = 8e-6 },
            new("search gradient", spec.Search, 5e-6, search) { GpuTolerance = 8e-6 },
        ];
    }

    internal override IReadOnlyList<(Func<double[], double> Loss, double[] At)> Losses()
    {
        double[] z = Template.Doubles(), x = Search.Doubles(), weights = ResponseGradient.Doubles();
        return
        [
            (values => Dot(CrossCorrelationReference.Responses(spec, values, x), weights), z),
            (values => Dot(CrossCorrelationReference.Responses(spec, z, values), weights), x),
        ];
    }
}

/// <summary>The cross-correlations whose gradients every device must get right.</summary>
internal static class CrossCorrelationBackwardCases
{
    internal static IEnumerable<CrossCorrelationBackwardCase> All =>
        [.. Specs.Select(spec => new CrossCorrelationBackwardCase(spec)), .. Smooth];

    /// <summary>Small enough for finite differences.</summary>
    internal static IEnumerable<CrossCorrelationBackwardCase> Smooth =>
        [new(new(2, 3, 4, 6)), new(new(1, 2, 3, 3)), new(new(1, 2, 1, 4))];

    private static IEnumerable<CrossCorrelationSpec> Specs
    {
        get
        {
            // Small sizes chosen to break vector code and tiles.
            foreach (int response in (int[])[1, 2, 7, 8, 9, 15, 17, 57])
                yield return new CrossCorrelationSpec(2, 16, 3, response + 2);
            foreach (int channels in (int[])[1, 7, 8, 9, 15, 17, 57])
                yield return new CrossCorrelationSpec(1, channels, 2, 13);
            foreach (int template in (int[])[1, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 17, 19, 20])
                yield return new CrossCorrelationSpec(1, 5, template, template + 11);
            yield return new CrossCorrelationSpec(1, 3, 57, 57);
            yield return new CrossCorrelationSpec(1, 3, 57, 59);
            yield return new CrossCorrelationSpec(1, 2, 1, 127);

            // The papers' sizes. Most have fewer channels than there: the loops over them are the same, the tests shorter.
            yield return new CrossCorrelationSpec(1, 256, 6, 22);
            yield return new CrossCorrelationSpec(1, 16, 6, 20);
            foreach (int search in (int[])[62, 57, 53])
                yield return new CrossCorrelationSpec(1, 3, search - 32, search);
            yield return new CrossCorrelationSpec(1, 32, 17, 49);
        }
    }
}
