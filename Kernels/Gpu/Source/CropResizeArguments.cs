using System.Runtime.InteropServices;

namespace SiamIlgpu.Kernels.Gpu.Source;

/// <summary>What the resizing kernels are told of the image that they read.</summary>
internal readonly record struct CropResizeArguments
{
    /// <summary>Number of the first job.</summary>
    internal int FirstJob { get; init; }

    /// <summary>Elements from one row to the next, and of one pixel.</summary>
    internal int RowStep { get; init; }

    /// <inheritdoc cref="RowStep"/>
    internal int PixelStep { get; init; }

    /// <summary>Where red, green and blue lie in a pixel.</summary>
    internal int Red { get; init; }

    /// <inheritdoc cref="Red"/>
    internal int Green { get; init; }

    /// <inheritdoc cref="Red"/>
    internal int Blue { get; init; }

    /// <summary>The colour outside the image.</summary>
    internal float PadRed { get; init; }

    /// <inheritdoc cref="PadRed"/>
    internal float PadGreen { get; init; }

    /// <inheritdoc cref="PadRed"/>
    internal float PadBlue { get; init; }
}

/// <summary>
/// One square to be resized, as the kernels read it from memory, 16 ints. A tap table has, per result, the first sample, the
/// weights of <c>Taps</c> samples from there on, and the weight of the colour outside; tables are looked up by the indices here.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct CropResizeJob
{
    /// <summary>The int number of each field, for the kernels.</summary>
    internal const int SourceField = 0, ColumnsField = 1, RowsField = 2, MiddleField = 3, OutColumnsField = 4, OutField = 5, OutStepField = 6;

    /// <summary>The int number of the two tap tables' first field.</summary>
    internal const int DownField = 8, AlongField = 12;

    /// <summary>The int number, within a tap table, of each field.</summary>
    internal const int TapsField = 0, FirstField = 1, WeightsField = 2, OutsideField = 3;

    /// <summary>Ints of a job.</summary>
    internal const int Length = 16;

    /// <summary>Element of the source where its known part starts.</summary>
    internal int Source { get; init; }

    /// <summary>Columns of the known part.</summary>
    internal int Columns { get; init; }

    /// <summary>Rows of the result.</summary>
    internal int Rows { get; init; }

    /// <summary>Float of the scratch where the rows resized down the columns go.</summary>
    internal int Middle { get; init; }

    /// <summary>Columns of the result, the float where it goes, and floats from one row of it to the next.</summary>
    internal int OutColumns { get; init; }

    /// <inheritdoc cref="OutColumns"/>
    internal int Out { get; init; }

    /// <inheritdoc cref="OutColumns"/>
    internal int OutStep { get; init; }

    /// <summary>Fills up to where the tables start.</summary>
    internal int Unused { get; init; }

    /// <summary>The taps down the columns.</summary>
    internal TapTable Down { get; init; }

    /// <summary>The taps along the rows.</summary>
    internal TapTable Along { get; init; }

    /// <summary>Where a tap table lies: taps of a result, and the indices of its first samples, weights and outside weights.</summary>
    internal readonly record struct TapTable(int Taps, int First, int Weights, int Outside);
}
