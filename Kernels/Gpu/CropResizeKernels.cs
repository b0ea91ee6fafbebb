using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ILGPU;

namespace SiamIlgpu.Kernels.Gpu;

/// <summary>The arguments of the resizing kernels about the image that they read.</summary>
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

    /// <summary>The color outside the image.</summary>
    internal float PadRed { get; init; }

    /// <inheritdoc cref="PadRed"/>
    internal float PadGreen { get; init; }

    /// <inheritdoc cref="PadRed"/>
    internal float PadBlue { get; init; }
}

/// <summary>
/// One square to be resized, as the kernels read it from memory, 16 ints. A tap table has, per result, the first sample, the
/// weights of <c>Taps</c> samples from there on, and the weight of the color outside; tables are looked up by the indices here.
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

/// <summary>How a pixel's value is read: bytes of a frame, floats of a region.</summary>
internal interface IPixelValue<T>
    where T : unmanaged
{
    static abstract float Read(ArrayView<T> pixels, int index);
}

internal readonly struct ByteValue : IPixelValue<byte>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Read(ArrayView<byte> pixels, int index) => pixels[index];
}

internal readonly struct FloatValue : IPixelValue<float>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Read(ArrayView<float> pixels, int index) => pixels[index];
}

/// <summary>
/// MATLAB's bicubic imresize from tap tables: down the columns of what is known of the image, then along the rows; each result
/// is the sum of weights times samples plus the outside's weight times its color. Group (x, y) = 256 pixels of job y.
/// </summary>
internal static class CropResizeKernels
{
    internal const int Threads = 256;

    /// <summary>Down the columns: thread = one pixel of the scratch, [row of the result][known column][3].</summary>
    internal static void Down<T, TValue>(
        ArrayView<T> pixels, ArrayView<int> ints, ArrayView<float> floats, ArrayView<float> middle, CropResizeArguments a)
        where T : unmanaged
        where TValue : struct, IPixelValue<T>
    {
        int job = (a.FirstJob + Grid.IdxY) * CropResizeJob.Length;
        int table = job + CropResizeJob.DownField;
        int columns = ints[job + CropResizeJob.ColumnsField];
        int pixel = Grid.IdxX * Threads + Group.IdxX;
        if (pixel >= columns * ints[job + CropResizeJob.RowsField])
            return;
        int y = pixel / columns;
        int x = pixel - y * columns;
        int taps = ints[table + CropResizeJob.TapsField];
        int first = ints[ints[table + CropResizeJob.FirstField] + y];
        int weight = ints[table + CropResizeJob.WeightsField] + y * taps;
        int from = ints[job + CropResizeJob.SourceField] + first * a.RowStep + x * a.PixelStep;
        float outside = floats[ints[table + CropResizeJob.OutsideField] + y];
        float red = 0, green = 0, blue = 0;
        for (int tap = 0; tap < taps; tap++)
        {
            float w = floats[weight + tap];
            int at = from + tap * a.RowStep;
            red += w * TValue.Read(pixels, at + a.Red);
            green += w * TValue.Read(pixels, at + a.Green);
            blue += w * TValue.Read(pixels, at + a.Blue);
        }
        int to = ints[job + CropResizeJob.MiddleField] + pixel * 3;
        middle[to] = red + outside * a.PadRed;
        middle[to + 1] = green + outside * a.PadGreen;
        middle[to + 2] = blue + outside * a.PadBlue;
    }

    /// <summary>Along the rows: thread = one pixel of the result.</summary>
    internal static void Along(ArrayView<float> middle, ArrayView<int> ints, ArrayView<float> floats, ArrayView<float> output, CropResizeArguments a)
    {
        int job = (a.FirstJob + Grid.IdxY) * CropResizeJob.Length;
        int table = job + CropResizeJob.AlongField;
        int outColumns = ints[job + CropResizeJob.OutColumnsField];
        int pixel = Grid.IdxX * Threads + Group.IdxX;
        if (pixel >= outColumns * ints[job + CropResizeJob.RowsField])
            return;
        int y = pixel / outColumns;
        int x = pixel - y * outColumns;
        int taps = ints[table + CropResizeJob.TapsField];
        int first = ints[ints[table + CropResizeJob.FirstField] + x];
        int weight = ints[table + CropResizeJob.WeightsField] + x * taps;
        int from = ints[job + CropResizeJob.MiddleField] + (y * ints[job + CropResizeJob.ColumnsField] + first) * 3;
        float outside = floats[ints[table + CropResizeJob.OutsideField] + x];
        float red = outside * a.PadRed, green = outside * a.PadGreen, blue = outside * a.PadBlue;
        for (int tap = 0; tap < taps; tap++)
        {
            float w = floats[weight + tap];
            red += w * middle[from + 3 * tap];
            green += w * middle[from + 3 * tap + 1];
            blue += w * middle[from + 3 * tap + 2];
        }
        int to = ints[job + CropResizeJob.OutField] + y * ints[job + CropResizeJob.OutStepField] + x * 3;
        output[to] = red;
        output[to + 1] = green;
        output[to + 2] = blue;
    }
}
