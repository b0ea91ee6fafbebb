namespace SiamIlgpu.Kernels.Gpu.Source;

/// <summary>What the kernels of the cross-correlation's gradients are told.</summary>
internal readonly record struct CrossCorrelationBackwardArguments
{
    /// <summary>Number of searches.</summary>
    internal int Batch { get; init; }

    /// <summary>Blocks of sixteen channels.</summary>
    internal int Blocks { get; init; }

    /// <summary>Rows and columns of the template, a search and a response.</summary>
    internal int TemplateSize { get; init; }

    /// <inheritdoc cref="TemplateSize"/>
    internal int SearchSize { get; init; }

    /// <inheritdoc cref="TemplateSize"/>
    internal int ResponseSize { get; init; }
}
