using System.Runtime.CompilerServices;
using ILGPU;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>
/// Where planar filters [o,c,v,u] lie in a form that kernels multiply by: [group][product][column, padded]. A column is an output
/// channel, a row one of the input channels that it sees; in the flipped form, for gradients, it is the other way round. Each
/// filter value is identified by its column, its row and its place in the window.
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

/// <summary>The arguments of the kernels that pack filters.</summary>
internal readonly record struct ConvolutionFilterArguments
{
    /// <summary>The order that they are packed in.</summary>
    internal FilterOrder Order { get; init; }

    /// <summary>Number of biases; none in the flipped form.</summary>
    internal int Biases { get; init; }
}

/// <summary>Packs filters in planar order into the forms that the kernels read.</summary>
internal static class ConvolutionFilterKernels
{
    internal const int Threads = 256;

    /// <summary>Thread = one value as it is, and one bias: there are no more of them than of values.</summary>
    internal static void Keep(
        ArrayView<float> filters, ArrayView<float> bias, ArrayView<float> keptFilters, ArrayView<float> keptBias,
        ConvolutionFilterArguments a)
    {
        int i = Grid.IdxX * Threads + Group.IdxX;
        if (i >= a.Order.Values)
            return;
        keptFilters[i] = filters[i];
        if (i < a.Biases)
            keptBias[i] = bias[i];
    }

    /// <summary>Thread = one value, and one bias. What a form leaves unused is zero from its allocation on.</summary>
    internal static void Pack(
        ArrayView<float> filters, ArrayView<float> bias, ArrayView<float> packed, ArrayView<float> packedBias, ConvolutionFilterArguments a)
    {
        int i = Grid.IdxX * Threads + Group.IdxX;
        if (i >= a.Order.Values)
            return;
        FilterPlace place = FilterPlace.Of(i, a.Order);
        packed[place.InForm] = filters[place.Planar];
        if (i < a.Biases)
            packedBias[place.Column] = bias[i];
    }
}

/// <summary>Where one value of the filters lies.</summary>
internal struct FilterPlace
{
    /// <summary>In planar filters, in the form, and of the form's rows, side by side, in which column.</summary>
    internal int Planar, InForm, Column;

    /// <summary>The place of the value i, columns first: neighboring threads touch neighbors in the form.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static FilterPlace Of(int i, FilterOrder order)
    {
        int rowAndPlace = i / order.Columns;
        int column = i - rowAndPlace * order.Columns;
        int row = rowAndPlace / order.Area;
        int place = rowAndPlace - row * order.Area;
        int group = column / order.GroupColumns;
        int inGroup = column - group * order.GroupColumns;

        int formGroup = column / order.FormColumns;
        int formRow = group * order.SplitRows + row;
        int block = formRow / order.BlockRows;
        int product = block * order.BlockProducts + place * order.PlaceProducts + formRow - block * order.BlockRows;
        FilterPlace found;
        found.Planar = group * order.GroupStep + inGroup * order.ColumnStep + row * order.RowStep
            + order.FirstPlace + place * order.PlaceStep;
        found.Column = formGroup * order.Pitch + column - formGroup * order.FormColumns;
        found.InForm = (formGroup * (order.Products - 1) + product) * order.Pitch + found.Column;
        return found;
    }
}
