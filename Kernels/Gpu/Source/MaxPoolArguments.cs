namespace SiamIlgpu.Kernels.Gpu.Source;

/// <summary>What the max-pooling kernels are told; features lie in blocks of sixteen channels.</summary>
internal readonly record struct MaxPoolArguments
{
    /// <summary>Groups of four floats of what is written: the output, or the gradient of the input.</summary>
    internal int Quads { get; init; }

    /// <summary>Rows and columns of the input.</summary>
    internal int Height { get; init; }

    /// <inheritdoc cref="Height"/>
    internal int Width { get; init; }

    /// <summary>Rows and columns of the output.</summary>
    internal int OutHeight { get; init; }

    /// <inheritdoc cref="OutHeight"/>
    internal int OutWidth { get; init; }

    /// <summary>Rows and columns of a window.</summary>
    internal int Size { get; init; }

    /// <summary>Step between windows.</summary>
    internal int Stride { get; init; }
}
