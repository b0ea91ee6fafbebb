using SiamIlgpu.Kernels;
using SiamIlgpu.Tests.Reference;
using static SiamIlgpu.Tests.Cases.CorrelationFilterCase;
using static SiamIlgpu.Tests.Cases.TestValues;

namespace SiamIlgpu.Tests.Cases;

/// <summary>The gradients of a correlation filter. Features, window and target are those of <see cref="CorrelationFilterCase"/>.</summary>
internal sealed class CorrelationFilterBackwardCase(CorrelationFilterSpec spec, string? name = null)
    : OperationCase("CorrelationFilterBackward", name ?? $"{spec.Features} margin {spec.Margin}")
{
    internal override double Flops => 3 * Fourier2DCase.FlopsOf(new Fourier2DSpec(spec.Channels, spec.Size, spec.Size));

    internal override long Bytes => sizeof(float) * (2 * spec.Features.Count + spec.Template.Count + 2L * spec.Size * spec.Size);

    internal override bool IsSmall => spec.Features.Count * spec.Size < 60_000;

    private TensorShape Plane => new(1, 1, spec.Size, spec.Size);

    private float[] TemplateGradient => Uniform(spec.Template.Count, seed: 51);

    internal override Action Prepare(CaseTensors on) => Prepare(on, on.Own(on.Device.PrepareBackward(spec, Window(spec), Target(spec))));

    /// <summary>A pass of an operation that is the caller's.</summary>
    internal Action Prepare(CaseTensors on, CorrelationFilterBackward operation)
    {
        TensorView features = on.Input(Features(spec), spec.Features), templateGradient = on.Input(TemplateGradient, spec.Template);
        TensorView featureGradient = on.Output(spec.Features);
        TensorView windowGradient = on.Output(Plane, TensorLayout.Planar, accumulates: true);
        TensorView targetGradient = on.Output(Plane, TensorLayout.Planar, accumulates: true);
        return () => operation.Backward(features, templateGradient, featureGradient, windowGradient, targetGradient, on.Write);
    }

    internal override IReadOnlyList<Expected> Reference()
    {
        (double[] features, double[] window, double[] target) = CorrelationFilterBackwardReference.Gradients(
            spec, Features(spec).Doubles(), Window(spec).Doubles(), Target(spec).Doubles(), TemplateGradient.Doubles());
        return
        [
            new("feature gradient", spec.Features, 1e-5, features) { GpuTolerance = 4e-6 },
            new("window gradient", Plane, 1e-5, window) { GpuTolerance = 4e-6 },
            new("target gradient", Plane, 1e-5, target) { GpuTolerance = 4e-6 },
        ];
    }

    internal override IReadOnlyList<(Func<double[], double> Loss, double[] At)> Losses()
    {
        double[] x = Features(spec).Doubles(), h = Window(spec).Doubles(), y = Target(spec).Doubles(), weights = TemplateGradient.Doubles();
        return
        [
            (values => Dot(CorrelationFilterReference.Template(spec, values, h, y), weights), x),
            (values => Dot(CorrelationFilterReference.Template(spec, x, values, y), weights), h),
            (values => Dot(CorrelationFilterReference.Template(spec, x, h, values), weights), y),
        ];
    }
}

/// <summary>The correlation filters whose gradients every device must get right.</summary>
internal static class CorrelationFilterBackwardCases
{
    internal static IEnumerable<CorrelationFilterBackwardCase> All =>
        [.. CorrelationFilterCases.Specs.Select(spec => new CorrelationFilterBackwardCase(spec)), .. Smooth];

    /// <summary>Small enough for finite differences.</summary>
    internal static IEnumerable<CorrelationFilterBackwardCase> Smooth =>
        [new(new(3, 5, 1, 0.5f)), new(new(2, 6, 1, 0.5f)), new(new(2, 7, 0, 0.5f))];
}
