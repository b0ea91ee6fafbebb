namespace SiamIlgpu.Kernels.Gpu.Source;

/// <summary>
/// What the kernels of one pass of a DFT are told: lines of samples become lines of results, sixteen channels side by side.
/// Positions count in floats.
/// </summary>
internal readonly record struct DftArguments
{
    /// <summary>Threads with work: planes x lines x quads of results x 16.</summary>
    internal int Threads { get; init; }

    /// <summary>Lines of a plane.</summary>
    internal int Lines { get; init; }

    /// <summary>Samples of a line.</summary>
    internal int Samples { get; init; }

    /// <summary>Results of a line.</summary>
    internal int Results { get; init; }

    /// <summary>From one plane, line and sample to the next.</summary>
    internal int PlaneStep { get; init; }

    /// <inheritdoc cref="PlaneStep"/>
    internal int LineStep { get; init; }

    /// <inheritdoc cref="PlaneStep"/>
    internal int SampleStep { get; init; }

    /// <summary>From one plane, line and result to the next.</summary>
    internal int OutPlaneStep { get; init; }

    /// <inheritdoc cref="OutPlaneStep"/>
    internal int OutLineStep { get; init; }

    /// <inheritdoc cref="OutPlaneStep"/>
    internal int ResultStep { get; init; }
}

/// <summary>What the kernel that solves for the correlation filter's spectrum is told.</summary>
internal readonly record struct RidgeArguments
{
    /// <summary>Blocks of sixteen channels.</summary>
    internal int Blocks { get; init; }

    /// <summary>Frequencies of a spectrum.</summary>
    internal int Frequencies { get; init; }

    /// <summary>1 / n, n being the number of samples of a plane.</summary>
    internal float Share { get; init; }

    /// <summary>Regularisation.</summary>
    internal float Lambda { get; init; }
}
