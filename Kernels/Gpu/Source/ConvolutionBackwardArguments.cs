namespace SiamIlgpu.Kernels.Gpu.Source;

/// <summary>What the kernel that spreads an output's gradient out is told.</summary>
internal readonly record struct SpreadArguments
{
    /// <summary>Groups of four floats of the gradient, and of one block of one image.</summary>
    internal int Quads { get; init; }

    /// <inheritdoc cref="Quads"/>
    internal int MapQuads { get; init; }

    /// <summary>Columns of the gradient.</summary>
    internal int MapWidth { get; init; }

    /// <summary>Where the first value goes, and from one block, row and column to the next, in groups of four floats.</summary>
    internal int First { get; init; }

    /// <inheritdoc cref="First"/>
    internal int BlockStep { get; init; }

    /// <inheritdoc cref="First"/>
    internal int RowStep { get; init; }

    /// <inheritdoc cref="First"/>
    internal int ColumnStep { get; init; }
}

/// <summary>What the kernels of the filters' gradient are told.</summary>
internal readonly record struct FilterGradientArguments
{
    /// <summary>The convolution. Its filters' order is that of the partial sums, its steps their runs of sixteen products.</summary>
    internal ConvolutionArguments Convolution { get; init; }

    /// <summary>Steps of the whole sum, sixteen pixels each, and those that one part of it takes.</summary>
    internal int Steps { get; init; }

    /// <inheritdoc cref="Steps"/>
    internal int StepsPerPart { get; init; }
}

/// <summary>What the kernel of the bias's gradient is told.</summary>
internal readonly record struct BiasGradientArguments
{
    /// <summary>Pixels of a part of the sum.</summary>
    internal const int PixelsPerPart = 2048;

    /// <summary>Output pixels: batch x map.</summary>
    internal int Pixels { get; init; }

    /// <summary>Pixels of one map.</summary>
    internal int MapArea { get; init; }

    /// <summary>Blocks of sixteen output channels.</summary>
    internal int OutBlocks { get; init; }
}

/// <summary>What the kernel that adds up the parts of gradients is told.</summary>
internal readonly record struct GradientPartsArguments
{
    /// <summary>How a part of the filters' gradient lies.</summary>
    internal FilterOrder Order { get; init; }

    /// <summary>Number of parts, and floats of each.</summary>
    internal int Parts { get; init; }

    /// <inheritdoc cref="Parts"/>
    internal int PartLength { get; init; }

    /// <summary>Parts of the bias's gradient, and floats of each.</summary>
    internal int BiasParts { get; init; }

    /// <inheritdoc cref="BiasParts"/>
    internal int BiasPartLength { get; init; }

    /// <summary>1 to add to what is there, 0 to overwrite it.</summary>
    internal int Accumulate { get; init; }
}
