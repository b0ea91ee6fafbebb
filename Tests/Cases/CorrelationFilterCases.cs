using SiamIlgpu.Kernels;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Tests.Cases;

/// <summary>A correlation filter with data like a network's.</summary>
internal sealed class CorrelationFilterCase(CorrelationFilterSpec spec, string? name = null)
    : OperationCase("CorrelationFilter", name ?? $"{spec.Features} margin {spec.Margin}")
{
    internal override double Flops => 2 * Fourier2DCase.FlopsOf(new Fourier2DSpec(spec.Channels, spec.Size, spec.Size));

    internal override long Bytes => sizeof(float) * (spec.Features.Count + spec.Template.Count);

    internal override bool IsSmall => spec.Features.Count * spec.Size < 60_000;

    internal override Action Prepare(CaseTensors on) => Prepare(on, on.Own(on.Device.Prepare(spec, Window(spec), Target(spec))));

    /// <summary>A pass of an operation that is the caller's.</summary>
    internal Action Prepare(CaseTensors on, CorrelationFilter operation)
    {
        TensorView features = on.Input(Features(spec), spec.Features), template = on.Output(spec.Template);
        return () => operation.Forward(features, template);
    }

    internal override IReadOnlyList<Expected> Reference() =>
    [
        new("template", spec.Template, 5e-6,
            CorrelationFilterReference.Template(spec, Features(spec).Doubles(), Window(spec).Doubles(), Target(spec).Doubles())),
    ];

    internal static float[] Features(in CorrelationFilterSpec spec) => TestValues.Uniform(spec.Features.Count, seed: 5);

    /// <summary>A window that is neither symmetric nor separable, so that swapped axes show.</summary>
    internal static float[] Window(in CorrelationFilterSpec spec) => TestValues.Uniform((long)spec.Size * spec.Size, seed: 6);

    /// <summary>A circular bump off the origin, over noise.</summary>
    internal static float[] Target(in CorrelationFilterSpec spec)
    {
        float[] target = TestValues.Uniform((long)spec.Size * spec.Size, seed: 7);
        for (int i = 0; i < target.Length; i++)
        {
            double dy = i / spec.Size - spec.Size * 0.2, dx = i % spec.Size - spec.Size * 0.1;
            target[i] = (float)(0.1 * target[i] + Math.Exp(-(dx * dx + dy * dy) / 8));
        }
        return target;
    }
}

/// <summary>The correlation filters that every device must get right, and whose gradients.</summary>
internal static class CorrelationFilterCases
{
    internal static IEnumerable<CorrelationFilterCase> All => Specs.Select(spec => new CorrelationFilterCase(spec));

    internal static IEnumerable<CorrelationFilterSpec> Specs
    {
        get
        {
            foreach (int size in (int[])[62, 57, 53, 49])
                yield return new CorrelationFilterSpec(32, size, 16, 10);
            foreach (int size in (int[])[1, 2, 3, 7, 8, 9, 15, 17])
                yield return new CorrelationFilterSpec(size + 2, size, 0, 0.5f);
            yield return new CorrelationFilterSpec(16, 9, 4, 1);
            yield return new CorrelationFilterSpec(5, 8, 3, 1);
            yield return new CorrelationFilterSpec(1, 12, 1, 0.01f);
            yield return new CorrelationFilterSpec(48, 33, 5, 10);
        }
    }
}
