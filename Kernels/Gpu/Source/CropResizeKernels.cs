using System.Runtime.CompilerServices;
using ILGPU;

namespace SiamIlgpu.Kernels.Gpu.Source;

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
/// is the sum of weights times samples plus the outside's weight times its colour. Group (x, y) = 256 pixels of job y.
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
