namespace SiamIlgpu.Kernels.Gpu.Source;

/// <summary>
/// Where planar filters [o,c,v,u] lie in a form that kernels multiply by: [group][product][column, padded]. A column is an output
/// channel, a row one of the input channels that it sees; in the flipped form, for gradients, it is the other way round. Each
/// filter value is told by its column, its row and its place in the window.
/// </summary>
internal readonly record struct FilterOrder
{
    /// <summary>Values of all filters.</summary>
    internal int Values { get; init; }

    /// <summary>Columns of all groups, and of one group of the convolution.</summary>
    internal int Columns { get; init; }

    /// <inheritdoc cref="Columns"/>
    internal int GroupColumns { get; init; }

    /// <summary>Places of a window.</summary>
    internal int Area { get; init; }

    /// <summary>From one group, column of a group, row and place of the form to the next, in the planar filters.</summary>
    internal int GroupStep { get; init; }

    /// <inheritdoc cref="GroupStep"/>
    internal int ColumnStep { get; init; }

    /// <inheritdoc cref="GroupStep"/>
    internal int RowStep { get; init; }

    /// <inheritdoc cref="GroupStep"/>
    internal int PlaceStep { get; init; }

    /// <summary>The planar place of the form's first: the last one when it is flipped.</summary>
    internal int FirstPlace { get; init; }

    /// <summary>Columns of a group as the kernels see it.</summary>
    internal int FormColumns { get; init; }

    /// <summary>From one group's rows to the next one's, where the kernels see them as one group.</summary>
    internal int SplitRows { get; init; }

    /// <summary>Rows that lie side by side: their products at one place follow each other.</summary>
    internal int BlockRows { get; init; }

    /// <summary>From one place to the next and from one block of rows to the next, in products.</summary>
    internal int PlaceProducts { get; init; }

    /// <inheritdoc cref="PlaceProducts"/>
    internal int BlockProducts { get; init; }

    /// <summary>Products of a group, unused ones included, and floats of each.</summary>
    internal int Products { get; init; }

    /// <inheritdoc cref="Products"/>
    internal int Pitch { get; init; }
}

/// <summary>What the kernels that take filters over are told.</summary>
internal readonly record struct ConvolutionFilterArguments
{
    /// <summary>Where they go.</summary>
    internal FilterOrder Order { get; init; }

    /// <summary>Number of biases; none in the flipped form.</summary>
    internal int Biases { get; init; }
}
