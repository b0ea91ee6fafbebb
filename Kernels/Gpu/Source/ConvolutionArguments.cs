namespace SiamIlgpu.Kernels.Gpu.Source;

/// <summary>
/// What the convolution kernels are told. Input positions count in elements of the input's loader: floats of an image, groups
/// of four floats of features.
/// </summary>
internal readonly record struct ConvolutionArguments
{
    /// <summary>Products of a step.</summary>
    internal const int Depth = 16;

    /// <summary>Pixels that a thread of the kernel for processors computes.</summary>
    internal const int ProcessorPixels = 6;

    /// <summary>Output pixels: batch x map.</summary>
    internal int Pixels { get; init; }

    /// <summary>Pixels of one map, and its width.</summary>
    internal int MapArea { get; init; }

    /// <inheritdoc cref="MapArea"/>
    internal int MapWidth { get; init; }

    /// <summary>From one image, group, output row and output column to the next, in the input.</summary>
    internal int ImageStep { get; init; }

    /// <inheritdoc cref="ImageStep"/>
    internal int GroupStep { get; init; }

    /// <inheritdoc cref="ImageStep"/>
    internal int RowStep { get; init; }

    /// <inheritdoc cref="ImageStep"/>
    internal int ColumnStep { get; init; }

    /// <summary>Output channels of a group, and what they take in the packed filters.</summary>
    internal int GroupChannels { get; init; }

    /// <inheritdoc cref="GroupChannels"/>
    internal int GroupPitch { get; init; }

    /// <summary>Output channels of a group, unused lanes of the last sixteen included.</summary>
    internal int GroupLanes { get; init; }

    /// <summary>Blocks of sixteen output channels, over all groups.</summary>
    internal int OutBlocks { get; init; }

    /// <summary>Steps of the whole sum, sixteen products each, and those that one part of it takes.</summary>
    internal int Steps { get; init; }

    /// <inheritdoc cref="Steps"/>
    internal int StepsPerPart { get; init; }

    /// <summary>What a result is at least: 0 with ReLU, else minus infinity.</summary>
    internal float Least { get; init; }

    /// <summary>Floats of one part, that is of the whole output.</summary>
    internal int PartLength { get; init; }
}

/// <summary>What the kernel that adds up the parts of a convolution's sums is told.</summary>
internal readonly record struct ConvolutionPartsArguments
{
    /// <summary>Number of parts, and groups of four floats in each.</summary>
    internal int Parts { get; init; }

    /// <inheritdoc cref="Parts"/>
    internal int Quads { get; init; }

    /// <summary>Pixels of one map.</summary>
    internal int MapArea { get; init; }

    /// <summary>Blocks of sixteen output channels.</summary>
    internal int OutBlocks { get; init; }

    /// <summary>Groups of channels.</summary>
    internal int Groups { get; init; }

    /// <summary>Output channels of a group and what they take in the packed bias.</summary>
    internal int GroupChannels { get; init; }

    /// <inheritdoc cref="GroupChannels"/>
    internal int GroupPitch { get; init; }

    /// <summary>What a result is at least: 0 with ReLU, else minus infinity.</summary>
    internal float Least { get; init; }
}

/// <summary>How much of the output one group of threads computes; every thread makes eight pixels of eight channels.</summary>
internal interface IConvolutionTile
{
    /// <summary>Output channels.</summary>
    static abstract int Channels { get; }

    /// <summary>Output pixels.</summary>
    static abstract int Pixels { get; }
}

/// <summary>For maps that fill the device with large tiles.</summary>
internal readonly struct Tile128X128 : IConvolutionTile
{
    public static int Channels => 128;

    public static int Pixels => 128;
}

/// <summary>For small maps: four times as many groups.</summary>
internal readonly struct Tile64X64 : IConvolutionTile
{
    public static int Channels => 64;

    public static int Pixels => 64;
}

/// <summary>For layers of 32 output channels.</summary>
internal readonly struct Tile32X128 : IConvolutionTile
{
    public static int Channels => 32;

    public static int Pixels => 128;
}

/// <summary>For groups of 16 output channels, as CFNet's second layer has them.</summary>
internal readonly struct Tile16X256 : IConvolutionTile
{
    public static int Channels => 16;

    public static int Pixels => 256;
}
