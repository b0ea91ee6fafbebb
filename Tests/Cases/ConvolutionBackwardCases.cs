using SiamIlgpu.Kernels;
using SiamIlgpu.Tests.Reference;

namespace SiamIlgpu.Tests.Cases;

/// <summary>The gradients of a convolution with their data: of filters and biases, and unless it is an image of the input.</summary>
internal sealed class ConvolutionBackwardCase(ConvolutionSpec spec, string? name = null)
    : OperationCase("ConvolutionBackward", name ?? NameOf(spec))
{
    internal ConvolutionSpec Spec => spec;

    internal override double Flops => (IsImage ? 1 : 2) * spec.Flops;

    internal override long Bytes =>
        sizeof(float) * ((IsImage ? 1 : 2) * (spec.Input.Count + spec.Output.Count + spec.Filters.Count) + spec.OutChannels);

    internal override bool IsSmall => spec.Flops < 80_000;

    private bool IsImage => spec.InChannels <= 4;

    private TensorShape Biases => new(1, spec.OutChannels, 1, 1);

    internal override Action Prepare(CaseTensors on) => Prepare(on, on.Own(on.Device.Load(spec.Filters, Filters(), Bias())));

    /// <summary>Prepares with filters that are the caller's.</summary>
    internal Action Prepare(CaseTensors on, ConvolutionFilters filters)
    {
        ConvolutionBackward operation = on.Own(on.Device.PrepareBackward(spec, filters));
        TensorView x = on.Input(Input(), spec.Input, spec.InputLayout(on.Device)), dy = on.Input(OutputGradient(), spec.Output);
        TensorView dw = on.Output(spec.Filters, TensorLayout.Planar, accumulates: true);
        TensorView db = on.Output(Biases, TensorLayout.Planar, accumulates: true);
        if (IsImage)
            return () => operation.Filters(x, dy, dw, db, on.Write);
        TensorView dx = on.Output(spec.Input);
        return () =>
        {
            operation.Filters(x, dy, dw, db, on.Write);
            operation.Input(dy, dx);
        };
    }

    internal override IReadOnlyList<Expected> Reference()
    {
        double[] x = Input().Doubles(), w = Filters().Doubles(), dy = OutputGradient().Doubles();
        long places = spec.Output.Count / spec.OutChannels;
        Expected filters = new("filter gradient", spec.Filters, 3e-6,
            (o, c, u, v) => ConvolutionBackwardReference.Filter(spec, x, dy, o, c, u, v), places);
        Expected bias = new("bias gradient", Biases, 3e-6, (_, o, _, _) => ConvolutionBackwardReference.Bias(spec, dy, o), places);
        // The CPU computes some of them by Winograd's filtering, which needs the most of the tolerance.
        Expected input = new("input gradient", spec.Input, 1e-5,
            (n, c, a, b) => ConvolutionBackwardReference.Input(spec, w, dy, n, c, a, b), spec.OutChannels / spec.Groups * spec.Size * spec.Size)
        {
            GpuTolerance = 2e-5,
            TensorCoreTolerance = 5e-4,
        };
        return IsImage ? [filters, bias] : [filters, bias, input];
    }

    internal override IReadOnlyList<(Func<double[], double> Loss, double[] At)> Losses()
    {
        double[] x = Input().Doubles(), w = Filters().Doubles(), b = Bias().Doubles(), dy = OutputGradient().Doubles();
        double Loss(double[] input, double[] filters, double[] bias) => Enumerable.Range(0, dy.Length).Sum(index =>
        {
            (int n, int o, int i, int j) = spec.Output.Position(index);
            return dy[index] * ConvolutionReference.At(spec, input, filters, bias, n, o, i, j);
        });
        return [(values => Loss(x, values, b), w), (values => Loss(x, w, values), b), (values => Loss(values, w, b), x)];
    }

    internal float[] Input() => TestValues.Uniform(spec.Input.Count, seed: 1);

    internal float[] Filters() => TestValues.Uniform(spec.Filters.Count, seed: 2);

    internal float[] Bias() => TestValues.Uniform(spec.OutChannels, seed: 3);

    internal float[] OutputGradient() => TestValues.Uniform(spec.Output.Count, seed: 4);

    private static string NameOf(in ConvolutionSpec spec) =>
        $"{spec.Batch}x{spec.InChannels}x{spec.Height}x{spec.Width} to {spec.OutChannels} by {spec.Size}x{spec.Size} "
        + $"stride {spec.Stride} groups {spec.Groups}";
}

/// <summary>The gradients of convolutions that every device must get right.</summary>
internal static class ConvolutionBackwardCases
{
    internal static IEnumerable<ConvolutionBackwardCase> All => [.. Odd, .. Paper, .. Smooth];

    /// <summary>The small sizes that break a convolution, and some that only its gradients care about.</summary>
    internal static IEnumerable<ConvolutionBackwardCase> Odd => ConvolutionCases.Odd
        .Select(c => c.Spec with { Relu = false, Pool = null })
        .Concat([
            // Rows and columns of the input that no output sees; gaps between the outputs' gradients, with whole and partial blocks.
            new(2, 16, 12, 15, 16, Size: 3, Stride: 2, Groups: 1, Relu: false),
            new(1, 32, 21, 18, 32, Size: 2, Stride: 4, Groups: 2, Relu: false),
            new(2, 20, 14, 13, 7, Size: 3, Stride: 2, Groups: 1, Relu: false),
            new(2, 3, 40, 39, 96, Size: 11, Stride: 2, Groups: 1, Relu: false),
            new(1, 3, 41, 38, 32, Size: 11, Stride: 4, Groups: 1, Relu: false),
            // One output, one channel; a gradient of few channels, which lies interleaved where a convolution reads it.
            new(1, 1, 3, 3, 1, Size: 3, Stride: 1, Groups: 1, Relu: false),
            new(2, 32, 10, 11, 3, Size: 3, Stride: 1, Groups: 1, Relu: false),
            new(2, 96, 13, 12, 64, Size: 5, Stride: 1, Groups: 2, Relu: false),
        ])
        .Distinct().Select(spec => new ConvolutionBackwardCase(spec));

    /// <summary>The papers' later layers on small maps, and a first layer: their channels, groups and filters.</summary>
    internal static IEnumerable<ConvolutionBackwardCase> Paper => ((ConvolutionSpec[])[
        new(2, 3, 63, 63, 96, Size: 11, Stride: 2, Groups: 1, Relu: false),
        new(2, 96, 29, 29, 32, Size: 5, Stride: 1, Groups: 2, Relu: false),
        new(1, 96, 17, 17, 256, Size: 5, Stride: 1, Groups: 2, Relu: false),
        new(1, 256, 12, 12, 384, Size: 3, Stride: 1, Groups: 1, Relu: false),
        new(2, 384, 10, 10, 384, Size: 3, Stride: 1, Groups: 2, Relu: false),
        new(2, 384, 8, 8, 256, Size: 3, Stride: 1, Groups: 2, Relu: false),
    ]).Select(spec => new ConvolutionBackwardCase(spec));

    /// <summary>Filters that take other values: whole blocks, groups, lanes that belong to no channel, groups that split a block, an image.</summary>
    internal static IEnumerable<ConvolutionSpec> Updated =>
    [
        new(1, 16, 5, 6, 32, Size: 2, Stride: 1, Groups: 1, Relu: false),
        new(1, 32, 5, 4, 32, Size: 2, Stride: 2, Groups: 2, Relu: false),
        new(1, 24, 4, 5, 10, Size: 3, Stride: 1, Groups: 1, Relu: false),
        new(1, 10, 4, 5, 6, Size: 2, Stride: 1, Groups: 2, Relu: false),
        new(1, 3, 6, 7, 17, Size: 3, Stride: 2, Groups: 1, Relu: false),
    ];

    /// <summary>Small enough for finite differences.</summary>
    internal static IEnumerable<ConvolutionBackwardCase> Smooth =>
        ((int[])[1, 2, 3]).Select(stride => new ConvolutionBackwardCase(new(2, 8, 7, 8, 6, Size: 3, stride, Groups: 2, Relu: false)));
}
