using System.Runtime.CompilerServices;
using ILGPU;

namespace SiamIlgpu.Kernels.Gpu.Source;

/// <summary>Filters on their way from planar order to the forms that kernels multiply by.</summary>
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

    /// <summary>The place of the value i, columns first: neighbouring threads touch neighbours in the form.</summary>
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
