namespace SiamIlgpu.Kernels.Gpu;

/// <summary>
/// [group][step][16][columns of the group, padded]: filters as the kernels multiply by them. A column is an output channel. A step of
/// features is one block of sixteen channels at one place of the window, (block, v, u); of an image sixteen values of the window
/// in the order they lie, (v, u, c). Flipped filters, of the gradients, have the input channels as columns and the window backwards.
/// Groups that would split a block are one group, with zeros where a channel is not seen; no published network has such groups.
/// </summary>
/// <param name="Groups">Groups as the kernels see them.</param>
/// <param name="GroupChannels">Columns of a group.</param>
/// <param name="GroupPitch">Floats of a row of columns.</param>
/// <param name="Steps">Steps of a sum.</param>
/// <param name="Order">Where each value lies.</param>
internal readonly record struct FilterLayout(int Groups, int GroupChannels, int GroupPitch, int Steps, FilterOrder Order)
{
    private const int Depth = ConvolutionArguments.Depth;

    /// <summary>Columns of a group with the unused lanes of the last block.</summary>
    internal int GroupLanes => GroupChannels.RoundUp(Depth);

    /// <summary>Floats of the whole form.</summary>
    internal int Length => checked(Groups * Order.Products * GroupPitch);

    /// <summary>The layout of a convolution's filters.</summary>
    /// <param name="spec">The convolution; only its filters and groups matter.</param>
    /// <param name="image">Whether the input is an image.</param>
    /// <param name="flipped">Whether they are flipped, for the input's gradient.</param>
    /// <param name="pitch">The number of floats in a row is a multiple of this.</param>
    internal static FilterLayout Of(in ConvolutionSpec spec, bool image, bool flipped, int pitch)
    {
        int inChannels = spec.InChannels / spec.Groups, outChannels = spec.OutChannels / spec.Groups, area = spec.Size * spec.Size;
        (int rows, int columns) = flipped ? (outChannels, inChannels) : (inChannels, outChannels);
        bool split = spec.Groups > 1 && (image || rows % Depth != 0 || columns % Depth != 0);
        int groups = split ? 1 : spec.Groups;
        int perGroup = spec.Groups / groups;
        int formRows = rows * perGroup, formColumns = columns * perGroup;
        int steps = image ? (area * formRows).DivideUp(Depth) : formRows.DivideUp(Depth) * area;
        int groupPitch = formColumns.RoundUp(pitch);
        return new(groups, formColumns, groupPitch, steps, new FilterOrder
        {
            Values = checked((int)spec.Filters.Count),
            Columns = columns * spec.Groups,
            GroupColumns = columns,
            Area = area,
            GroupStep = outChannels * inChannels * area,
            ColumnStep = flipped ? area : inChannels * area,
            RowStep = flipped ? inChannels * area : area,
            PlaceStep = flipped ? -1 : 1,
            FirstPlace = flipped ? area - 1 : 0,
            FormColumns = formColumns,
            SplitRows = split ? rows : 0,
            BlockRows = image ? formRows : Depth,
            PlaceProducts = image ? formRows : Depth,
            BlockProducts = area * Depth,
            Products = steps * Depth,
            Pitch = groupPitch,
        });
    }
}
