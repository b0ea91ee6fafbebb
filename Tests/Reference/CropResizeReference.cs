using SiamIlgpu.Kernels;

namespace SiamIlgpu.Tests.Reference;

/// <summary>Crops as the definition reads: pad, cut, resize; then again. In double, one plane at a time.</summary>
internal static class CropResizeReference
{
    /// <summary>The crops in planar order [level, channel, y, x].</summary>
    internal static double[] Crops(
        in FrameView frame, CropSquare region, int regionSize, IReadOnlyList<CropSquare> levels, RgbColor padding, int size)
    {
        var crops = new double[levels.Count * 3 * size * size];
        double[] outside = [padding.Red, padding.Green, padding.Blue];
        for (int channel = 0; channel < 3; channel++)
        {
            double[,] resized = ImresizeReference.Resize(Cut(Plane(frame, channel), region, outside[channel]), regionSize, regionSize);
            for (int level = 0; level < levels.Count; level++)
            {
                double[,] crop = ImresizeReference.Resize(Cut(resized, levels[level], outside[channel]), size, size);
                for (int y = 0; y < size; y++)
                    for (int x = 0; x < size; x++)
                        crops[((level * 3 + channel) * size + y) * size + x] = crop[y, x];
            }
        }
        return crops;
    }

    private static double[,] Plane(in FrameView frame, int channel)
    {
        (int red, int green, int blue) = frame.ChannelOffsets;
        int offset = channel == 0 ? red : channel == 1 ? green : blue;
        var plane = new double[frame.Height, frame.Width];
        for (int y = 0; y < frame.Height; y++)
            for (int x = 0; x < frame.Width; x++)
                plane[y, x] = frame.Row(y)[x * frame.BytesPerPixel + offset];
        return plane;
    }

    private static double[,] Cut(double[,] image, CropSquare square, double outside)
    {
        var cut = new double[square.Side, square.Side];
        for (int y = 0; y < square.Side; y++)
            for (int x = 0; x < square.Side; x++)
            {
                (int row, int column) = (square.Y + y, square.X + x);
                bool inside = row >= 0 && row < image.GetLength(0) && column >= 0 && column < image.GetLength(1);
                cut[y, x] = inside ? image[row, column] : outside;
            }
        return cut;
    }
}
