using SiamIlgpu.Kernels;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Tests.Cases;

/// <summary>A cross-correlation with its data.</summary>
internal sealed class CrossCorrelationCase(CrossCorrelationSpec spec, string? name = null)
    : OperationCase("CrossCorrelation", name ?? NameOf(spec))
{
    internal override double Flops => spec.Flops;

    internal override long Bytes => spec.Bytes;

    internal override bool IsSmall => spec is { Flops: < 150_000, Response.Count: < 2000 };

    private float[] Template => TestValues.Uniform(spec.Template.Count, seed: 1);

    private float[] Search => TestValues.Uniform(spec.Search.Count, seed: 2);

    internal override Action Prepare(CaseTensors on)
    {
        CrossCorrelation operation = on.Own(on.Device.Prepare(spec));
        TensorView template = on.Input(Template, spec.Template), search = on.Input(Search, spec.Search);
        TensorView response = on.Output(spec.Response, TensorLayout.Planar);
        return () => operation.Forward(template, search, response);
    }

    // Sums of up to 28,800 products.
    internal override IReadOnlyList<Expected> Reference() =>
        [new("response", spec.Response, 2e-6, CrossCorrelationReference.Responses(spec, Template.Doubles(), Search.Doubles()))];

    internal static string NameOf(in CrossCorrelationSpec spec) =>
        $"{spec.Template} in {spec.Search}" + (spec is { Gain: 1, Bias: 0 } ? "" : $" times {spec.Gain} plus {spec.Bias}");
}

/// <summary>The cross-correlations that every device must get right.</summary>
internal static class CrossCorrelationCases
{
    internal static IEnumerable<CrossCorrelationCase> All => Specs.Select(spec => new CrossCorrelationCase(spec));

    private static IEnumerable<CrossCorrelationSpec> Specs
    {
        get
        {
            // Small sizes chosen to break vector code and tiles.
            foreach (int response in (int[])[1, 2, 7, 8, 9, 10, 11, 12, 15, 17, 22, 23, 57])
                yield return new CrossCorrelationSpec(2, 16, 3, response + 2);
            foreach (int channels in (int[])[1, 7, 8, 9, 15, 17, 57, 127])
                yield return new CrossCorrelationSpec(1, channels, 2, 13);
            foreach (int template in (int[])[1, 7, 8, 9, 15, 17, 57])
                yield return new CrossCorrelationSpec(1, 5, template, template + 11, 0.5f, -1.25f);
            yield return new CrossCorrelationSpec(1, 3, 57, 57, 2, 1);
            yield return new CrossCorrelationSpec(1, 2, 1, 127);

            // The papers' sizes.
            yield return new CrossCorrelationSpec(3, 256, 6, 22, 1e-3f, -0.25f);
            yield return new CrossCorrelationSpec(5, 256, 6, 22, 1e-3f, -0.25f);
            yield return new CrossCorrelationSpec(3, 32, 17, 49);
            foreach (int search in (int[])[62, 57, 53, 49])
                yield return new CrossCorrelationSpec(1, 32, search - 32, search);
        }
    }
}
