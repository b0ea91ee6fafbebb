using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Cases;

/// <summary>The gradients of a convolution with their data.</summary>
internal sealed record ConvolutionBackwardCase(string Name, ConvolutionSpec Spec)
{
    internal float[] Input() => TestValues.Uniform(Spec.Input.Count, seed: 1);

    internal float[] Filters() => TestValues.Uniform(Spec.Filters.Count, seed: 2);

    internal float[] Bias() => TestValues.Uniform(Spec.OutChannels, seed: 3);

    internal float[] OutputGradient() => TestValues.Uniform(Spec.Output.Count, seed: 4);

    public override string ToString() => Name;
}

/// <summary>The gradients of convolutions that every device must get right.</summary>
internal static class ConvolutionBackwardCases
{
    internal static IEnumerable<ConvolutionBackwardCase> All => [.. Odd, .. Paper];

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
        .Distinct().Select(Of);

    /// <summary>The papers' later layers on small maps, and a first layer: their channels, groups and filters.</summary>
    internal static IEnumerable<ConvolutionBackwardCase> Paper => ((ConvolutionSpec[])[
        new(2, 3, 63, 63, 96, Size: 11, Stride: 2, Groups: 1, Relu: false),
        new(2, 96, 29, 29, 32, Size: 5, Stride: 1, Groups: 2, Relu: false),
        new(1, 96, 17, 17, 256, Size: 5, Stride: 1, Groups: 2, Relu: false),
        new(1, 256, 12, 12, 384, Size: 3, Stride: 1, Groups: 1, Relu: false),
        new(2, 384, 10, 10, 384, Size: 3, Stride: 1, Groups: 2, Relu: false),
        new(2, 384, 8, 8, 256, Size: 3, Stride: 1, Groups: 2, Relu: false),
    ]).Select(Of);

    /// <summary>Filters that take other values: whole blocks, groups, lanes that belong to no channel, groups that split a block, an image.</summary>
    internal static IEnumerable<ConvolutionSpec> Updated =>
    [
        new(1, 16, 5, 6, 32, Size: 2, Stride: 1, Groups: 1, Relu: false),
        new(1, 32, 5, 4, 32, Size: 2, Stride: 2, Groups: 2, Relu: false),
        new(1, 24, 4, 5, 10, Size: 3, Stride: 1, Groups: 1, Relu: false),
        new(1, 10, 4, 5, 6, Size: 2, Stride: 1, Groups: 2, Relu: false),
        new(1, 3, 6, 7, 17, Size: 3, Stride: 2, Groups: 1, Relu: false),
    ];

    private static ConvolutionBackwardCase Of(ConvolutionSpec spec) => new(
        $"{spec.Batch}x{spec.InChannels}x{spec.Height}x{spec.Width} to {spec.OutChannels} by {spec.Size}x{spec.Size} "
            + $"stride {spec.Stride} groups {spec.Groups}",
        spec);
}
