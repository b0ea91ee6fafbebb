namespace SiamIlgpu.Kernels.Gpu.Source;

/// <summary>What the cross-correlation kernel is told; positions count in groups of four floats.</summary>
internal readonly record struct CrossCorrelationArguments
{
    /// <summary>Responses of a row that a group of threads computes.</summary>
    internal const int Columns = 8;

    /// <summary>Responses of a row that a thread of the kernel for processors computes.</summary>
    internal const int ProcessorColumns = 6;

    /// <summary>Groups of four floats of the template.</summary>
    internal int TemplateQuads { get; init; }

    /// <summary>Groups of four floats of all searches.</summary>
    internal int SearchQuads { get; init; }

    /// <summary>Columns of a search, and from one search to the next.</summary>
    internal int SearchSize { get; init; }

    /// <inheritdoc cref="SearchSize"/>
    internal int SearchStep { get; init; }

    /// <summary>Rows and columns of a response.</summary>
    internal int ResponseSize { get; init; }

    /// <summary>Multiplies each response.</summary>
    internal float Gain { get; init; }

    /// <summary>Is added to each response.</summary>
    internal float Bias { get; init; }
}
